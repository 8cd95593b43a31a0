"""Beat times: constant, drifting, ramped or oscillating tempi, over bars of any metre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]


class Tempo(StrEnum):
    """How a tempo goes on."""

    STEADY = "steady"
    DRIFT = "drift"
    RAMP = "ramp"
    RUBATO = "rubato"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: the number of its first beat in the piece, and how many it has."""

    first_beat: int
    metre: int


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The beats of a piece.

    Attributes
    ----------
    beats_s : float64, shape (n + 1,), ascending; the last one ends the last bar
    bars : one after the other, from beat 0 on
    """

    beats_s: Seconds
    bars: tuple[Bar, ...]

    def at(self, beats: NDArray[np.float64]) -> Seconds:
        """Return when a place counted in beats from the start of the piece falls, in seconds."""
        numbers = np.arange(len(self.beats_s))
        inside = np.interp(beats, numbers, self.beats_s)
        before = np.minimum(beats, 0.0) * (self.beats_s[1] - self.beats_s[0])
        after = np.maximum(beats - numbers[-1], 0.0) * (self.beats_s[-1] - self.beats_s[-2])
        places: Seconds = inside + before + after
        return places

    @property
    def positions(self) -> NDArray[np.int64]:
        """Return the place of each beat in its bar, from 1, shape (n,)."""
        return np.concatenate([np.arange(1, bar.metre + 1) for bar in self.bars])


def timeline(
    rng: np.random.Generator, tempo_bpm: float, metres: Sequence[int], tempo: Tempo, start_s: float
) -> Timeline:
    """Lay bars of these metres at a tempo that goes on in one way."""
    bars = []
    count = 0
    for metre in metres:
        bars.append(Bar(count, metre))
        count += metre
    periods_s = 60.0 / tempo_bpm / _course(rng, tempo, bars, count)
    return Timeline(start_s + np.concatenate([[0.0], np.cumsum(periods_s)]), tuple(bars))


def _course(rng: np.random.Generator, tempo: Tempo, bars: Sequence[Bar], count: int) -> Seconds:
    """Return the tempo of each beat, shape (count,), relative to that of the piece."""
    numbers = np.arange(count)
    if tempo is Tempo.DRIFT:
        # A player remembers the tempo: a walk that is drawn back.
        spread = float(rng.uniform(0.002, 0.012))
        steps = rng.normal(0.0, spread, count)
        walk = np.zeros(count)
        for number in range(1, count):
            walk[number] = 0.97 * walk[number - 1] + steps[number]
        return np.exp(walk)
    if tempo is Tempo.RAMP:
        return np.exp(np.linspace(0.0, float(rng.uniform(-0.25, 0.25)), count))
    if tempo is Tempo.RUBATO:
        phrase = float(rng.uniform(6.0, 24.0))
        depth = float(rng.uniform(0.02, 0.12))
        breath = depth * np.sin(2.0 * np.pi * (numbers / phrase + rng.random()))
        return np.exp(breath + rng.normal(0.0, 0.01, count))
    if tempo is Tempo.STEP and len(bars) > 2:
        at = bars[int(rng.integers(1, len(bars)))].first_beat
        return np.where(numbers < at, 1.0, float(rng.choice([0.8, 0.9, 1.1, 1.25])))
    return np.ones(count)
