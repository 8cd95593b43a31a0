"""Songs with ambiguous metre: the grid has one metrical level, each song is ranked alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.decode import beat_odds
from engine.analysis.beats.learned import evidence_of
from engine.analysis.beats.readings import USUAL_TEMPI, TempoPrior, bar_places, probabilities, weigh
from engine.analysis.beats.traces import Traces
from engine.analysis.learning.torch_threads import few_threads
from engine.core.progress import SILENT, Progress
from engine.document.analysis import APART_BEATS, BeatGrid

FEWEST_BEATS = 16
"""Minimum beats of a song to be ranked."""


@dataclass(frozen=True, slots=True, eq=False)
class Song:
    """A section of a recording between two pauses, and the probability of each metrical interpretation.

    Attributes
    ----------
    start_samples, stop_samples : from its first beat to where the one after its last would be
    tempo_bpm : as the grid counts it
    likely : by the names of `engine.document.kinds.tempo.READINGS`, the most likely first; together 1
    bars : float64, shape (m,), how likely its bars begin 0, 1, 2, ... beats later; together 1
    """

    start_samples: int
    stop_samples: int
    tempo_bpm: float
    likely: Mapping[str, float]
    bars: NDArray[np.float64]


def songs_of(
    traces: Traces, grid: BeatGrid, prior: TempoPrior | None = None, progress: Progress = SILENT
) -> tuple[Song, ...]:
    """Rank the metrical interpretations of each song of a grid.

    Raises
    ------
    Cancelled : the user asked for it
    """
    told = traces.activations
    if len(grid.beats_samples) < FEWEST_BEATS:
        return ()
    rate_hz = traces.framing.rate_hz
    found = []
    with few_threads():
        heard = evidence_of(traces, beat_odds(told.beat, told.frames_per_s), told)
        for first, last in _stretches(grid.beats_samples, traces.dead_air.spans):
            progress.report(first / len(grid.beats_samples), "Finding the beats")
            beats = grid.beats_samples[first:last]
            frames = beats.astype(np.float64) * (told.frames_per_s / rate_hz)
            gap = int(np.median(np.diff(beats)))
            likely = probabilities(weigh(frames, heard, prior or USUAL_TEMPI, progress))
            bars = bar_places(frames, grid.bar_positions[first:last], heard)
            stop = int(beats[-1]) + gap
            found.append(Song(int(beats[0]), stop, 60.0 * rate_hz / gap, likely, bars))
    return tuple(found)


def _stretches(beats: NDArray[np.int64], pauses: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yield where songs begin and end among the beats: between two there is a pause, or no beat for long."""
    gaps = np.diff(beats)
    middles = (beats[:-1] + beats[1:]) // 2
    inside = np.searchsorted(pauses[:, 0], middles, "right") - 1
    paused = (inside >= 0) & (middles < pauses[np.maximum(inside, 0), 1]) if len(pauses) else gaps < 0
    edges = np.flatnonzero(paused | (gaps > APART_BEATS * np.median(gaps))) + 1
    for first, last in zip([0, *edges.tolist()], [*edges.tolist(), len(beats)], strict=True):
        if last - first >= FEWEST_BEATS:
            yield first, last
