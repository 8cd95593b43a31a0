"""Words as they are compared, joined, and shown by a row of the queue."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uf900-\ufaff\uff00-\uffef"
)
"""Letters and signs of scripts that put no space between words, as a class of regular expressions."""
_IS_UNSPACED = re.compile(f"[{UNSPACED}]")
_AROUND_WORDS, _LONGEST_SHOWN = 4, 60


def folded(text: str) -> str:
    """Return a word without punctuation, in small letters."""
    if text.isascii() and text.isalnum():
        return text.lower()
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(one for one in letters if one.isalnum() or unicodedata.category(one).startswith("M"))


def is_spaced(before: str, after: str) -> bool:
    """Return whether a space is between two words."""
    if before[-1].isascii() or after[0].isascii():
        return True
    return not (_IS_UNSPACED.match(before[-1]) and _IS_UNSPACED.match(after[0]))


def joined(texts: Iterable[str]) -> str:
    """Return words as they are read."""
    line: list[str] = []
    for text in texts:
        line += [" ", text] if line and is_spaced(line[-1], text) else [text]
    return "".join(line)


def in_context(texts: Sequence[str], first: int, last: int, shown: str = "") -> str:
    """Return words [first, last) in brackets, with the words before and after them.

    Parameters
    ----------
    shown : in place of the words, such as for a sound without one
    """
    inside = shown or joined(texts[first:last])
    if len(inside) > _LONGEST_SHOWN:
        half = _LONGEST_SHOWN // 2
        inside = f"{inside[:half].rstrip()} … {inside[-half:].lstrip()}"
    before, after = texts[max(0, first - _AROUND_WORDS) : first], texts[last : last + _AROUND_WORDS]
    return " ".join(filter(None, (joined(before), f"[{inside}]", joined(after))))
