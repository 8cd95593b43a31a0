"""The choices that make a rule, drawn or repeated: each is read off a row of numbers from 0 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

_T = TypeVar("_T")
Numbers = tuple[float, ...]


class Choices:
    """Choices by the numbers of a row, one after another; the same row makes the same choices."""

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._next = 0

    def share(self) -> float:
        """Return the next number, from 0 on and below 1."""
        number = self._numbers[self._next % len(self._numbers)]
        self._next += 1
        return number

    def is_so(self, likelihood: float) -> bool:
        """Return whether something is so that has a likelihood."""
        return self.share() < likelihood

    def one_of(self, options: Sequence[_T], shares: Sequence[float] = ()) -> _T:
        """Return one of some options, equally likely or with shares of sum 1."""
        number = self.share()
        if not shares:
            return options[min(int(number * len(options)), len(options) - 1)]
        for option, until in zip(options, accumulate(shares), strict=True):
            if number < until:
                return option
        return options[-1]
