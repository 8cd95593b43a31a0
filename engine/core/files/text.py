"""Write JSON that every reader accepts, and read JSON and text of unknown origin.

NaN and infinity are written as null. A file name may hold bytes that are not UTF-8; Python stores each as a
lone surrogate, which strict readers refuse. Here such a byte, 0x80 to 0xFF, becomes the private-use character
U+EF80 to U+EFFF: 0xE9 is written as ``\uefe9``. If a name holds one of these characters itself, the three
bytes of its UTF-8 are written the same way, so that `bytes_of` gives back every name exactly.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping
from itertools import chain
from math import isfinite
from typing import Any

_LOOKED_AT = 1_000
_USUAL = frozenset("äöüßéèêëáàâãíìîïóòôõúùûñçåøæœÿÄÖÜÉÈÁÀÂÓÍÑÇÅØÆ’‘‚“”„–—…•·«»¡¿©®™°€£§¼½¾")
"""Letters and signs of names and sentences; read in the wrong encoding, most become others."""
_DEEPEST = 32
_BYTE_AS_CHARACTER = 0xEF00
_UNDECODED = 0xDC00  # where Python's surrogateescape puts a byte
_TO_ESCAPE = re.compile("[\ud800-\udfff\uef80-\uefff]")


def decoded(content: bytes, tied: str = "cp1252") -> str:
    """Return a text in UTF-8, in UTF-16 with or without a mark, or else in Windows-1252 or Mac Roman.

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
        either = (content.decode(one, "replace") for one in (tied, other))
        return max(either, key=lambda text: sum(map(text.count, _USUAL)))


def strict_json(value: object, **options: Any) -> str:
    """Return a value as JSON; the options are those of `json.dumps`."""
    return json.dumps(_plain(value), allow_nan=False, **options)


def escaped(text: str) -> str:
    """Return a text as UTF-8 can hold it, from which `bytes_of` makes the name again."""
    return _TO_ESCAPE.sub(_escaped, text)


def bytes_of(text: str) -> bytes:
    """Return the bytes of a name that was escaped."""
    pieces = (
        bytes([ord(sign) - _BYTE_AS_CHARACTER]) if "\uef80" <= sign <= "\uefff" else sign.encode("utf-8")
        for sign in text
    )
    return b"".join(pieces)


def _escaped(found: re.Match[str]) -> str:
    code = ord(found.group())
    is_byte = _UNDECODED + 0x80 <= code <= _UNDECODED + 0xFF
    held = bytes([code - _UNDECODED]) if is_byte else found.group().encode("utf-8", "surrogatepass")
    return "".join(chr(_BYTE_AS_CHARACTER + byte) for byte in held)


def _plain(value: object) -> object:
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {escaped(key) if isinstance(key, str) else key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return value


def parse_json(text: str | bytes, *, is_finite: bool = True) -> Any:
    """Parse JSON.

    Parameters
    ----------
    is_finite : whether a number that is not finite is refused; else it becomes None

    Raises
    ------
    ValueError : it is not JSON, lists and objects are nested too deeply, or a number is not finite
    """

    def number(text: str) -> float | None:
        value = float(text)
        if is_finite and not isfinite(value):
            raise ValueError(f"{text} is not a number")
        return value if isfinite(value) else None

    try:
        found = json.loads(text, parse_constant=number, parse_float=number)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ValueError(f"the JSON is damaged in line {error.lineno}") from error
    except UnicodeDecodeError as error:
        raise ValueError("its text is not UTF-8") from error
    level: list[Any] = [found]
    for _ in range(_DEEPEST):
        if not level:
            return found
        nested = (
            one.values() if isinstance(one, dict) else one for one in level if isinstance(one, dict | list)
        )
        level = list(chain.from_iterable(nested))
    if any(isinstance(one, dict | list) for one in level):
        raise ValueError("nested too deeply")
    return found
