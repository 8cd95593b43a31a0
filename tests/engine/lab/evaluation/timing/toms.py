"""A take of eight toms, each off by some milliseconds."""

from __future__ import annotations

import numpy as np

from engine.document.analysis import Role
from engine.lab.simulated.performances.displacement import Displaced
from engine.lab.simulated.performances.kits import Kit, Shot
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.scores import Score
from engine.lab.simulated.performances.takes import Take, take_of

RATE_HZ = 16_000
_MOVES_S = (0.0, -0.02, 0.025, -0.015, 0.03, -0.03, 0.01, 0.0)


def toms() -> Take:
    """Return eight toms half a second apart, each off by so much."""
    at = np.arange(9_600)
    ring = np.sin(at * 2 * np.pi * 140 / RATE_HZ) * np.exp(-at / 2_400) * (1.0 - np.exp(-at / 10))
    shot = Shot(0.5 * ring.astype(np.float32)[None], 4)
    tom = Piece.TOM_MIDDLE
    kit = Kit("tom", {"Tom": Role.TOM}, {tom: 0}, {tom: 1}, lambda *_: shot, rate_hz=RATE_HZ)
    lines = np.arange(len(_MOVES_S))
    targets_s, none = lines * 0.5, np.zeros(len(lines), np.int8)
    score = Score(
        "toms",
        0.5,
        4,
        1,
        lines,
        np.zeros(len(lines)),
        (tom,) * len(lines),
        np.full(len(lines), 0.5, np.float32),
        none,
        targets_s,
    )
    played = Displaced(score, targets_s - np.array(_MOVES_S), none.astype(bool), np.zeros(0), none)
    return take_of(kit, played, 0.5, 3)
