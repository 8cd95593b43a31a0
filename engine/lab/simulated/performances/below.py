"""A second microphone at a snare, below it: no kit to learn from or to choose by has one."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from engine.document.analysis import Role
from engine.lab.simulated.performances.kits import Kit, Shot
from engine.lab.simulated.performances.pieces import Piece

BELOW = "Snare bottom"
_LATER_S = 0.0006
_WIRES_DECAY_S = 0.045
_WIRES_OWN, _WIRES_OTHERS = 0.7, 0.35
"""Level of the rattling wires at hits of the snare, and at hits of other drums, relative to the hits."""


def with_snare_below(kit: Kit) -> Kit:
    """Return a kit with a microphone below its snare.

    It picks up the signal of the upper one with inverted polarity, delayed by the depth of the shell, and the
    wires that rattle at each hit of any drum: noise that follows the level and decays.
    """
    above = next(place for place, role in enumerate(kit.roles.values()) if role is Role.SNARE)

    @cache
    def read(piece: Piece, layer: int) -> Shot:
        shot = kit.read(piece, layer)
        rng = np.random.default_rng(crc32(f"{kit.name} {piece} {layer}".encode()))
        own = piece in (Piece.SNARE, Piece.RIM)
        below = _below(shot.sound[above], _WIRES_OWN if own else _WIRES_OTHERS, kit.rate_hz, rng)
        return Shot(np.concatenate([shot.sound, below[None]]), shot.rise_samples)

    return replace(kit, name=f"{kit.name} from below", roles={**kit.roles, BELOW: Role.SNARE}, read=read)


def _below(
    above: NDArray[np.float32], wires: float, rate_hz: int, rng: np.random.Generator
) -> NDArray[np.float32]:
    later = round(_LATER_S * rate_hz)
    heard = np.concatenate([np.zeros(later, np.float32), above[: len(above) - later]])
    pole = np.exp(-1.0 / (_WIRES_DECAY_S * rate_hz))
    level = lfilter([1.0 - pole], [1.0, -pole], np.abs(heard))
    below: NDArray[np.float32] = (-heard + 3.0 * wires * level * rng.standard_normal(len(heard))).astype(
        np.float32
    )
    return below
