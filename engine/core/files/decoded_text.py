"""Text of other programs: UTF-8, UTF-16 with or without a mark, else Windows-1252 or Mac Roman."""

from __future__ import annotations

import codecs

_LOOKED_AT = 1_000
_USUAL = frozenset("äöüßéèêëáàâãíìîïóòôõúùûñçåøæœÿÄÖÜÉÈÁÀÂÓÍÑÇÅØÆ’‘‚“”„–—…•·«»¡¿©®™°€£§¼½¾")
"""Letters and signs of names and sentences; read in the wrong encoding, most become others."""


def decoded(content: bytes, tied: str = "cp1252") -> str:
    """Return the text of a file in any of these encodings.

    Parameters
    ----------
    tied : of Windows-1252 and Mac Roman, the one for a text that is as likely in either
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    first = content[:_LOOKED_AT]
    for encoding, zeros in (("utf-16-le", first[1::2]), ("utf-16-be", first[::2])):
        if 2 * zeros.count(0) > len(zeros) and first.count(0) < len(first):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        other = "cp1252" if tied == "mac_roman" else "mac_roman"
        return max((content.decode(one, "replace") for one in (tied, other)), key=_usual)


def _usual(text: str) -> int:
    return sum(map(text.count, _USUAL))
