"""Track names in little room: common parts of siblings are trimmed, distinct ones stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import takewhile

KEPT_LETTERS = 3
"""Length of the common part that stays, so that the trimming is recognisable."""
LEAST_SHARED = KEPT_LETTERS + 3
_FIRST_WORD = re.compile(r"[^\W_]+[\s_.-]+")
_LAST_GAP = re.compile(r".*[\s_.-]", re.DOTALL)


def shared_letters(names: Sequence[str]) -> list[int]:
    """Return the length of the common prefix of each name with those that start with the same word.

    The common part ends at a word: "Take 12 OH L" and "Take 12 OH R" share "Take 12 OH ".
    """
    firsts = [found[0] if (found := _FIRST_WORD.match(name)) else "" for name in names]
    siblings: dict[str, set[str]] = {}
    for first, name in zip(firsts, names, strict=True):
        siblings.setdefault(first, set()).add(name)
    shared = {first: _shared(alike) for first, alike in siblings.items() if first and len(alike) > 1}
    return [shared.get(first, 0) for first in firsts]


def _shared(names: set[str]) -> int:
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*names, strict=False))
    found = _LAST_GAP.match("".join(letters[0] for letters in alike))
    long = len(found[0]) if found else 0
    return long if long >= LEAST_SHARED else 0


def fitted(name: str, shared: int, room: float, length: Callable[[str], float]) -> str:
    """Return a shortened name, such as "Reh…OH L" for "Rehearsal 2024-05-01 Drums OH L".

    Parameters
    ----------
    shared : see `shared_letters`; 0 truncates the name at its end
    room : in logical pixels
    length : of a text, in logical pixels
    """
    if not shared or length(name) <= room:
        return name
    rest = name[shared:]
    shorter = (f"{name[:KEPT_LETTERS]}…{rest}", f"…{rest}")
    return next((one for one in shorter if length(one) <= room), shorter[-1])
