"""What a network would say of beats that are known: bells with noise, misses and uneven levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.activations import Activations

FRAMES_PER_S = 50.0
_BELL_S = 0.02


def simulated(
    beats_s: NDArray[np.float64],
    length_s: float,
    rng: np.random.Generator,
    *,
    beats_in_bar: int = 4,
    first_beat: int = 0,
    missed: float = 0.08,
    between: float = 0.0,
) -> Activations:
    """Return activations of beats, of which beat `first_beat` in the bar is the first.

    Parameters
    ----------
    missed : share of beats that the network does not hear
    between : how much it hears halfway between beats
    """
    times_s = np.arange(round(length_s * FRAMES_PER_S)) / FRAMES_PER_S
    beat = np.abs(rng.normal(0.0, 0.04, len(times_s)))
    downbeat = 0.5 * beat
    halfway = (beats_s[:-1] + beats_s[1:]) / 2.0
    for at_s in halfway if between else ():
        beat = np.maximum(beat, between * np.exp(-0.5 * ((times_s - at_s) / _BELL_S) ** 2))
    for number, at_s in enumerate(beats_s, start=first_beat):
        bell = np.exp(-0.5 * ((times_s - at_s - rng.normal(0.0, 0.006)) / _BELL_S) ** 2)
        if rng.random() >= missed:
            beat = np.maximum(beat, 0.85 * rng.uniform(0.6, 1.1) * bell)
        if number % beats_in_bar == 0:
            downbeat = np.maximum(downbeat, 0.7 * rng.uniform(0.4, 1.2) * bell)
    return Activations(FRAMES_PER_S, *(np.clip(one, 0.0, 1.0).astype(np.float32) for one in (beat, downbeat)))
