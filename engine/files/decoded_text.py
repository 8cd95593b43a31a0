"""Text of other programs: UTF-8, UTF-16 with or without a mark, else Windows-1252."""

from __future__ import annotations

import codecs

_LOOKED_AT = 1_000


def decoded(content: bytes) -> str:
    """Return the text of a file in any of these encodings."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", "replace")
    first = content[:_LOOKED_AT]
    for encoding, zeros in (("utf-16-le", first[1::2]), ("utf-16-be", first[::2])):
        if 2 * zeros.count(0) > len(zeros) and first.count(0) < len(first):
            return content.decode(encoding, "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")
