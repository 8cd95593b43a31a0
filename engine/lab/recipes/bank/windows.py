"""Positions of windows: on beats if the music has a pulse, else evenly spaced.

A grid is found in stretches of a minute, each with some of its surroundings, so that a recording of any
length streams past in the same memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.beats.listen import listen
from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.span_means import running_sums
from engine.features.taste.anomaly.recipes.recipe import Passing
from engine.lab.recipes.held_stream import HeldStream
from engine.lab.span_means import means_between

STRETCH_S = 60.0
AROUND_S = 6.0
LONGEST_BEAT_S = 1.5
"""Longer beat intervals do not count as a pulse; windows are evenly spaced there."""

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """A part of a stream with its surroundings.

    Attributes
    ----------
    samples : float32, shape (n,), mono
    frames_db : float32, shape (1 + n // hop, n_mels)
    first_frame, last_frame : the part itself, [first_frame, last_frame) of the frames
    """

    samples: Array
    frames_db: Array
    first_frame: int
    last_frame: int


def stretches(blocks: Iterable[Array], mel: MelSettings, passing: Passing = iter) -> Iterator[Stretch]:
    """Yield a stream in stretches whose own parts follow each other, always cut at the same places.

    Parameters
    ----------
    blocks : mono at the analysis rate, each of shape (n,)
    passing : sees the log-mel frames on their way
    """
    own = round(STRETCH_S * mel.rate_hz / mel.hop_samples)
    around = round(AROUND_S * mel.rate_hz / mel.hop_samples)
    stream = HeldStream(blocks, mel, passing)
    first = 0  # of what is held, the first frame that was not given yet

    def stretch(last: int, end: int) -> Stretch:
        return Stretch(stream.samples()[: end * mel.hop_samples], stream.frames_db[:end].copy(), first, last)

    for _ in stream:
        while len(stream.frames_db) >= first + own + around:
            yield stretch(first + own, first + own + around)
            stream.forget(first + own - around)
            first = around
    if len(stream.samples()) and len(stream.frames_db) > first:
        yield stretch(len(stream.frames_db), len(stream.frames_db))


def pulses(samples: Array, rate_hz: int, even_s: float, *, on_beats: bool) -> NDArray[np.float64]:
    """Return places from 0 to the end, in samples, shape (n,): beats, and evenly spaced ones between.

    Parameters
    ----------
    even_s : distance of positions without a pulse
    on_beats : whether to look for one at all
    """
    beats = listen([samples], rate_hz, len(samples)).grid.beats_samples if on_beats else np.zeros(0)
    corners = np.unique(np.concatenate([[0.0], beats, [float(len(samples))]]))
    gaps = np.diff(corners)
    even = even_s * rate_hz
    pieces = np.where(gaps > LONGEST_BEAT_S * rate_hz, np.maximum(np.rint(gaps / even), 1), 1).astype(
        np.int64
    )
    filled = [start + gap * np.arange(n) / n for start, gap, n in zip(corners, gaps, pieces, strict=False)]
    return np.concatenate([*filled, corners[-1:]])


def windows(places: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return spans, shape (n, 2), of `count` pulses each, one from every pulse on; at least one span."""
    count = min(count, len(places) - 1)
    return np.column_stack([places[:-count], places[count:]])


def sliced(frames_db: Array, spans_frames: NDArray[np.float64], slices: int) -> Array:
    """Return the features in spans, shape (n, slices, n_mels), each span in equal slices.

    A slice is the mean of the frames in it, those at its edges by their share; so a window on beats looks the
    same at any tempo.

    Parameters
    ----------
    frames_db : shape (frames, n_mels)
    spans_frames : shape (n, 2), in frames
    """
    edges = spans_frames[:, :1] + np.diff(spans_frames, axis=1) * np.linspace(0.0, 1.0, slices + 1)
    return means_between(running_sums(frames_db), edges)


def spread(
    values: NDArray[np.float64], spans: NDArray[np.float64], at: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the mean of the values of all windows that contain each position, shape (m, parts).

    Parameters
    ----------
    values : shape (n, parts), one row for each window
    spans : shape (n, 2), both edges ascending
    at : shape (m,)
    """
    total = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    last = np.clip(np.searchsorted(spans[:, 0], at, side="right"), 1, len(spans))
    first = np.clip(np.searchsorted(spans[:, 1], at, side="right"), 0, last - 1)
    means: NDArray[np.float64] = (total[last] - total[first]) / (last - first)[:, None]
    return means
