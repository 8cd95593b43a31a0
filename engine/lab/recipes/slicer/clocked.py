"""Segments with a length in beats, pooled to the same number of frames at any tempo and length."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.span_means import running_sums
from engine.lab.recipes.slicer.beat_clock import Clock
from engine.lab.recipes.slicer.settings import SlicerConfig
from engine.lab.recipes.standardisation import Frames
from engine.lab.span_means import means_between

Beats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class ClockedFrames:
    """Frames ready to be averaged over any span.

    Attributes
    ----------
    clock_beats : at each frame, shape (n,), always rising
    sums : of all frames before each, shape (n + 1, bands)
    """

    clock_beats: Clock
    sums: NDArray[np.float64]

    def pooled(self, starts_beats: Beats, length_beats: int, cells: int) -> Frames:
        """Return the means of evenly long parts of segments, shape (segments, cells, bands).

        A part shorter than a frame has the value of that frame.

        Parameters
        ----------
        starts_beats : starts of segments, shape (segments,); all inside the clock
        """
        edges = starts_beats[:, None] + np.arange(cells + 1) * (length_beats / cells)
        places = np.interp(edges, self.clock_beats, np.arange(len(self.clock_beats)))
        return means_between(self.sums, places + 0.5)  # the clock refers to the middles of frames

    def starts(self, length_beats: int, hop_beats: float, *, aligned: bool) -> Beats:
        """Return where segments begin, shape (n,): at least one, and the last as late as it can.

        Parameters
        ----------
        aligned : on whole beats only
        """
        first, last = self.clock_beats[0], self.clock_beats[-1] - length_beats
        if aligned:
            first, last = np.ceil(first), np.floor(last)
        even = np.arange(first, last, hop_beats)
        return np.append(even, last) if last > first else np.array([first])


def clocked(frames: Frames, clock_beats: Clock, least_beats: int) -> ClockedFrames:
    """Prepare frames; material shorter than `least_beats` is repeated until a segment fits on whole beats.

    Parameters
    ----------
    frames : shape (n, bands)
    clock_beats : shape (n,), always rising
    """
    span = float(clock_beats[-1] - clock_beats[0])
    once = span + span / max(1, len(frames) - 1) if span else 1.0
    times = int(np.ceil((least_beats + 2.0) / once)) if span < least_beats + 2.0 else 1
    clock = (clock_beats[None] + once * np.arange(times)[:, None]).ravel()
    return ClockedFrames(clock, running_sums(np.tile(frames, (times, 1))))


def hop_beats(config: SlicerConfig, length_beats: int) -> float:
    """Return how far apart segments of a length begin that are scored: a share of it, or whole beats."""
    share = length_beats * config.score_hop_frames / config.segment_frames
    return max(1.0, np.floor(share)) if config.alignment == "beats" else share
