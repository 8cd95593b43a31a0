"""Drum kits with many microphones: each hit on all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.lab.simulated.performances.pieces import STANDS_IN, Piece

RATE_HZ = 44_100
_HEARD = 0.02
_RISEN = 0.1
_ATTACK_SAMPLES = 882


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One hit on one piece.

    Attributes
    ----------
    sound : float32, shape (microphones, n)
    rise_samples : where it rises at the microphone of its piece, see `rise_of`
    """

    sound: NDArray[np.float32]
    rise_samples: int


@dataclass(frozen=True, slots=True, eq=False)
class Kit:
    """A drum kit and its microphones.

    Attributes
    ----------
    roles : of the microphones, by name, in their order
    close : the place of the microphone that each piece has
    layers : number of hits of each piece, from the softest to the loudest
    read : the microphone signals of a hit on a piece of `layers`
    velocity_power : by which a hit is made softer, as velocity to this power; 0 where the layers are as loud
        as they were
    gain : so that hits that sound together seldom reach full scale
    """

    name: str
    roles: Mapping[str, Role]
    close: Mapping[Piece, int]
    layers: Mapping[Piece, int]
    read: Callable[[Piece, int], Shot]
    velocity_power: float = 0.0
    gain: float = 1.0
    rate_hz: int = RATE_HZ

    def standing_in(self, piece: Piece) -> Piece:
        """Return the piece that is struck for one that the kit may lack."""
        while piece not in self.layers:
            piece = STANDS_IN[piece]
        return piece


def rise_of(sound: NDArray[np.float32]) -> int:
    """Return where a hit rises: the first sample at a tenth of the peak of its attack.

    The attack is the 20 ms after the first sample at a fiftieth of the highest peak. `kit.csv` of the
    recorded kit takes a tenth of the highest peak: the same, but where a sound swells.
    """
    level = np.abs(sound)
    first = int(np.argmax(level >= _HEARD * level.max(initial=0.0)))
    attack = level[first : first + _ATTACK_SAMPLES]
    return first + int(np.argmax(attack >= _RISEN * attack.max(initial=0.0)))
