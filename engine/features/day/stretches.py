"""Stretches of playing: what is played between one break and the next, without talk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import runs
from engine.features.day.activity import State
from engine.features.day.evidence import Evidence
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S
from engine.features.takes.playing import sounding

Spans = NDArray[np.int64]

_BREAK_S = 1.2
_JOINED_S = 0.8
_LEAST_S = 2.5
_BELOW_DB = 26.0
"""Level of a break below the playing around it."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Playing between two breaks, in frames [start, stop)."""

    start: int
    stop: int

    @property
    def length(self) -> int:
        """Number of frames."""
        return self.stop - self.start


def stretches_of(evidence: Evidence, states: NDArray[np.int64]) -> tuple[Stretch, ...]:
    """Return the stretches of playing, ascending and apart.

    Parameters
    ----------
    states : of each frame, see `engine.features.day.activity`
    """
    sounds = _sounding(evidence, len(states))
    plays = (states == State.PLAYING) & sounds
    parts = runs(plays)
    joined: list[list[int]] = []
    for start, stop in parts.tolist():
        if joined and _is_rest(states, joined[-1][1], start):
            joined[-1][1] = stop
        else:
            joined.append([start, stop])
    least = _LEAST_S * FRAMES_PER_S
    return tuple(Stretch(start, stop) for start, stop in joined if stop - start >= least)


def _is_rest(states: NDArray[np.int64], stop: int, start: int) -> bool:
    """Return whether players only rest between two parts: no talk, and less than a break."""
    between = states[stop:start]
    longest = _BREAK_S if (between == State.PLAYING).all() else _JOINED_S
    return start - stop < longest * FRAMES_PER_S and not (between == State.TALK).any()


def _sounding(evidence: Evidence, count: int) -> NDArray[np.bool_]:
    """Return whether each frame sounds, relative to the playing around it."""
    if not count:
        return np.zeros(0, np.bool_)
    steps = sounding(evidence.frames.levels_db, _BELOW_DB)
    per = round(STEPS_PER_S / FRAMES_PER_S)
    steps = np.pad(steps, (0, max(0, count * per - len(steps))))[: count * per]
    found: NDArray[np.bool_] = steps.reshape(count, per).any(axis=1)
    return found


def spans_of(stretches: tuple[Stretch, ...]) -> Spans:
    """Return stretches as spans, shape (n, 2)."""
    return np.array([(one.start, one.stop) for one in stretches], np.int64).reshape(-1, 2)
