"""Segments of playing, from one break or talk to the next.

A segment is thin where it has less in most bands than the songs of the day: one or two instruments, such as
noodling, tuning and counting in, or a quiet part of a song.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.signal import find_peaks

from engine.core.timebase import runs
from engine.features.day.activity import State, sounding_frames
from engine.features.day.evidence import Evidence
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames

Spans = NDArray[np.int64]

PER_FRAME = round(STEPS_PER_S / FRAMES_PER_S)
"""Steps of levels for each frame."""
_AROUND_S, _CHANGE_DB, _RANGE_DB = 4.0, 7.0, 60.0
"""Seconds compared before and after a change of instruments, its minimum size, and the range of levels."""
_BREAK_S, _JOINED_S = 1.2, 0.8
_LEAST_S, _FROM_START_S, _FROM_STOP_S = 2.5, 2.0, 5.0
_BELOW_DB = 26.0
"""Level of a break below the playing around it."""
_THIN_DB, _LONG_S, _SONG_S = -7.5, 60.0, 40.0
"""Mean difference to the songs of the day from which on a segment is thin, and lengths that are songs."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Playing between two breaks, in frames [start, stop).

    Attributes
    ----------
    is_thin : whether it has less in most bands than the songs of the day
    """

    start: int
    stop: int
    is_thin: bool = False

    @property
    def length(self) -> int:
        """Number of frames."""
        return self.stop - self.start


def segments_of(evidence: Evidence, states: NDArray[np.int64]) -> tuple[Segment, ...]:
    """Return the segments of playing, ascending and apart.

    Parameters
    ----------
    states : of each frame, see `engine.features.day.activity`
    """
    playing = (states == State.PLAYING) & sounding_frames(evidence.frames, _BELOW_DB)
    spans: list[list[int]] = []
    for start, stop in runs(playing).tolist():
        if spans and _is_rest(states, spans[-1][1], start):
            spans[-1][1] = stop
        else:
            spans.append([start, stop])
    changes = changes_of(evidence.frames)
    least, early, late = (round(each * FRAMES_PER_S) for each in (_LEAST_S, _FROM_START_S, _FROM_STOP_S))
    divided = []
    for start, stop in spans:
        if stop - start >= least:
            inside = changes[(changes >= start + early) & (changes <= stop - late)].tolist()
            divided += list(pairwise([start, *inside, stop]))
    return with_thin(evidence.frames, divided)


def with_thin(frames: Frames, spans: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    """Return segments, and which of them are thin."""
    levels = [frames.bands_db[start * PER_FRAME : stop * PER_FRAME] for start, stop in spans]
    long = [one for one in levels if len(one) >= _SONG_S * STEPS_PER_S]
    if not long:
        return tuple(Segment(start, stop) for start, stop in spans)
    usual = np.median(np.concatenate(long), axis=0)
    made = []
    for (start, stop), one in zip(spans, levels, strict=True):
        is_less = bool((np.percentile(one, 75.0, axis=0) - usual).mean() < _THIN_DB) if len(one) else True
        made.append(Segment(start, stop, is_less and stop - start < _LONG_S * FRAMES_PER_S))
    return tuple(made)


def changes_of(frames: Frames) -> NDArray[np.int64]:
    """Return the frames at which other instruments begin to play, ascending.

    The levels of broad bands in the seconds before and after are compared (J. Foote, ICME 2000).
    """
    width = round(_AROUND_S * STEPS_PER_S)
    levels_db = np.maximum(frames.bands_db, frames.bands_db.max(initial=-120.0) - _RANGE_DB)
    if len(levels_db) < 4 * width:
        return np.zeros(0, np.int64)
    sums = np.concatenate([np.zeros((1, levels_db.shape[1])), np.cumsum(levels_db, axis=0, dtype=np.float64)])
    means = (sums[width:] - sums[:-width]) / width
    change_db = np.abs(means[width:] - means[:-width]).mean(axis=1)
    at, _ = find_peaks(change_db, height=_CHANGE_DB, distance=width // 2)
    found: NDArray[np.int64] = np.unique((at + width) // PER_FRAME)
    return found


def _is_rest(states: NDArray[np.int64], stop: int, start: int) -> bool:
    """Return whether players only rest between two parts: no talk, and less than a break."""
    between = states[stop:start]
    longest = _BREAK_S if (between == State.PLAYING).all() else _JOINED_S
    return start - stop < longest * FRAMES_PER_S and not (between == State.TALK).any()


def spans_of(segments: Sequence[Segment]) -> Spans:
    """Return segments as spans, shape (n, 2)."""
    return np.array([(one.start, one.stop) for one in segments], np.int64).reshape(-1, 2)
