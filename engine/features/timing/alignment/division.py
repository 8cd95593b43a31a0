"""How finely a beat is divided: plain notes, triplets, swing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.wording import listed, quoted

STRAIGHT_PERCENT, MOST_SWING_PERCENT = 50.0, 75.0

PARTS: Mapping[str, int] = MappingProxyType({"1/4": 1, "1/8": 2, "1/16": 4, "1/32": 8, "1/8t": 3, "1/16t": 6})
"""Into how many parts each division cuts a beat, which counts as a quarter note."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NOTES = MappingProxyType(
    {"1/8": "eighth", "1/16": "sixteenth", "1/32": "thirty-second", "1/8t": "triplet", "1/16t": "sextuplet"}
)
_WRITTEN = re.compile(r"(?P<name>1/\d+t?)(?:\s+swing\s+(?P<swing>\d+(?:[.,]\d+)?)\s*%?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Division:
    """Division of each beat.

    Attributes
    ----------
    name : one of `PARTS`
    swing_percent : where in a pair of divisions the second one falls: 50 is straight, 66.7 a triplet

    Raises
    ------
    UsageError : the division does not exist, or its swing is out of range
    """

    name: str = "1/16"
    swing_percent: float = STRAIGHT_PERCENT

    def __post_init__(self) -> None:
        if self.name not in PARTS:
            raise UsageError(
                f"{quoted(self.name)} is not a division of the beat: give {listed(tuple(PARTS), 'or')}."
            )
        if not STRAIGHT_PERCENT <= self.swing_percent <= MOST_SWING_PERCENT:
            raise UsageError(
                f"A swing of {self.swing_percent:g} % is not possible: give {STRAIGHT_PERCENT:.0f}, which is "
                f"straight, to {MOST_SWING_PERCENT:.0f}."
            )
        if self.is_swung and self.parts % 2:
            raise UsageError(f"{self.name} cannot swing, since it has no pairs: give 1/8, 1/16 or 1/32.")

    @property
    def parts(self) -> int:
        """How many there are to a beat."""
        return PARTS[self.name]

    @property
    def is_swung(self) -> bool:
        """Whether the second of a pair comes late."""
        return self.swing_percent > STRAIGHT_PERCENT

    @property
    def words(self) -> str:
        """Such as "1/8t" or "1/16 swing 58 %"; `read_division` reads it."""
        return f"{self.name} swing {self.swing_percent:g} %" if self.is_swung else self.name

    @property
    def shares(self) -> NDArray[np.float64]:
        """Where they fall in a beat, shape (parts,), from 0 to below 1."""
        places = np.arange(self.parts, dtype=np.float64)
        if self.is_swung:
            places[1::2] += self.swing_percent / STRAIGHT_PERCENT - 1.0
        shares: NDArray[np.float64] = places / self.parts
        return shares

    def place_words(self, part: int) -> str:
        """Name a part of a beat, from 0, such as "the third sixteenth of "; nothing for the beat itself."""
        return f"the {_ORDINALS[part]} {_NOTES[self.name]} of " if part else ""


def read_division(text: str) -> Division:
    """Read such as "1/16", "1/8t" or "1/16 swing 58 %".

    Raises
    ------
    UsageError : the text is not a known division
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{quoted(text)} is not a division of the beat: give {listed(tuple(PARTS), 'or')}.")
    swing = found["swing"]
    swing_percent = STRAIGHT_PERCENT if swing is None else float(swing.replace(",", "."))
    return Division(found["name"].lower(), swing_percent)
