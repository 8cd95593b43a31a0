"""The pieces of a drum kit, and the General MIDI notes that mean them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from engine.document.analysis import Role


class Piece(StrEnum):
    """Piece of a drum kit."""

    KICK = "kick"
    SNARE = "snare"
    RIM = "rim"
    HAT = "hat"
    OPEN_HAT = "open hat"
    TOM_HIGH = "high tom"
    TOM_MIDDLE = "middle tom"
    TOM_FLOOR = "floor tom"
    CRASH_LEFT = "left crash"
    CRASH_RIGHT = "right crash"
    RIDE = "ride"
    BELL = "bell"


_NOTES = {
    Piece.KICK: (35, 36),
    Piece.SNARE: (38, 40),
    Piece.RIM: (37, 39),
    Piece.HAT: (22, 42, 44),
    Piece.OPEN_HAT: (26, 46),
    Piece.TOM_HIGH: (48, 50),
    Piece.TOM_MIDDLE: (45, 47),
    Piece.TOM_FLOOR: (41, 43, 58),
    Piece.CRASH_LEFT: (49, 55),
    Piece.CRASH_RIGHT: (52, 57),
    Piece.RIDE: (51, 59),
    Piece.BELL: (53,),
}
PIECE_OF_NOTE: Mapping[int, Piece] = MappingProxyType(
    {note: piece for piece, notes in _NOTES.items() for note in notes}
)
"""As the Groove MIDI Dataset uses them."""

ROLE_OF_PIECE: Mapping[Piece, Role] = MappingProxyType(
    {
        Piece.KICK: Role.KICK,
        Piece.SNARE: Role.SNARE,
        Piece.RIM: Role.SNARE,
        Piece.HAT: Role.HAT,
        Piece.OPEN_HAT: Role.HAT,
        Piece.TOM_HIGH: Role.TOM,
        Piece.TOM_MIDDLE: Role.TOM,
        Piece.TOM_FLOOR: Role.TOM,
        Piece.CRASH_LEFT: Role.CYMBAL,
        Piece.CRASH_RIGHT: Role.CYMBAL,
        Piece.RIDE: Role.CYMBAL,
        Piece.BELL: Role.CYMBAL,
    }
)

STANDS_IN: Mapping[Piece, Piece] = MappingProxyType(
    {
        Piece.RIM: Piece.SNARE,
        Piece.OPEN_HAT: Piece.HAT,
        Piece.TOM_MIDDLE: Piece.TOM_HIGH,
        Piece.TOM_FLOOR: Piece.TOM_MIDDLE,
        Piece.TOM_HIGH: Piece.SNARE,
        Piece.CRASH_RIGHT: Piece.CRASH_LEFT,
        Piece.BELL: Piece.RIDE,
        Piece.RIDE: Piece.CRASH_LEFT,
        Piece.CRASH_LEFT: Piece.OPEN_HAT,
    }
)
"""Replacements for missing pieces of a kit."""
