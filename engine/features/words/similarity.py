"""Similarity of two phrases by their letters."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.features.words.text import folded

_LEAST_LETTERS = 5
_FIRST_LETTERS, _FIRST_SHARE = 8, 0.5
"""Attempts begin alike: the number of letters that are compared, and the least share of equal ones."""
_COMMON_LETTERS, _COMMON_PART, _COMMON_SHARE, _COMMON_ALIKE = 12, 0.6, 0.9, 0.75
"""Letters in common with an attempt that breaks off earlier: how many, the part of the earlier attempt that
they are, the share of them that is equal; and the similarity of such attempts."""
_LONG_LETTERS, _OTHER_WORD = 4, 0.45
"""Letters of a long word, and the most equal ones of two different words."""
_NUMBERS = MappingProxyType(
    {
        name: str(number)
        for number, name in enumerate(
            ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
        )
    }
)


def compared(texts: Iterable[str]) -> list[str]:
    """Return words as they are compared: folded, and small numbers as digits."""
    return [_NUMBERS.get(one, one) for one in map(folded, texts)]


def similarity(one: Sequence[str], two: Sequence[str]) -> float:
    """Return the similarity of an attempt and the beginning of another one, 0 to 1.

    It is the share of letters that need no change (edit distance, Levenshtein 1966), since recognisers write
    a word that breaks off as another one. Of an attempt that breaks off later than the next one, the part in
    common counts, if it is longer than the rest. Two phrases with other numbers, such as "press 1" and
    "press 2", are a list.
    """
    if 3 * len(set(one) & set(two)) < len(one) or _has_other_numbers(one, two):
        return 0.0
    letters, others = "".join(one), "".join(two)
    if len(letters) < _LEAST_LETTERS:
        return 0.0
    shares = 1.0 - _changes(letters, others) / np.arange(1, len(letters) + 1)
    if shares[:_FIRST_LETTERS][-1] < _FIRST_SHARE:
        return 0.0
    common = int(np.flatnonzero(shares >= _COMMON_SHARE).max(initial=-1)) + 1
    is_begun = common >= max(_COMMON_LETTERS, _COMMON_PART * len(letters))
    return max(float(shares[-1]), _COMMON_ALIKE if is_begun else 0.0)


def _changes(letters: str, others: str) -> NDArray[np.int64]:
    """Return how many letters of each beginning of a text change to make it a beginning of the other one."""
    codes, least = np.array([*map(ord, others)]), np.zeros(len(letters), np.int64)
    order = np.arange(len(others) + 1)
    row = order
    for place, letter in enumerate(map(ord, letters)):
        replaced = np.append(row[0] + 1, np.minimum(row[:-1] + (codes != letter), row[1:] + 1))
        row = np.minimum.accumulate(replaced - order) + order
        least[place] = row.min()
    return least


def is_list(one: Sequence[str], two: Sequence[str]) -> bool:
    """Return whether two sentences have another long word at the same place, as items of a list do."""
    pairs = zip(one, two, strict=True)
    return len(one) == len(two) and any(
        min(len(first), len(second)) >= _LONG_LETTERS and _share(first, second) < _OTHER_WORD
        for first, second in pairs
    )


def _share(word: str, other: str) -> float:
    """Return the share of letters of two words that need no change."""
    longer, shorter = sorted((word, other), key=len, reverse=True)
    return 1.0 - float(_changes(longer, shorter)[-1]) / len(longer)


def _has_other_numbers(one: Sequence[str], two: Sequence[str]) -> bool:
    """Return whether two phrases differ in their numbers."""
    numbers = (re.findall(r"\d+", " ".join(words)) for words in (one, two))
    return any(first != second for first, second in zip(*numbers, strict=False))
