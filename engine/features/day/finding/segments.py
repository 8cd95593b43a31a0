"""Segments of playing, from one break or talk to the next.

A segment is thin where it has less in most bands than the songs of the day: one or two instruments, such as
noodling, tuning and counting in, or a quiet part of a song.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d
from scipy.signal import find_peaks

from engine.core.timebase import runs
from engine.features.day.finding.activity import State, sounding_frames
from engine.features.day.finding.evidence import Evidence
from engine.features.takes.features import FRAMES_PER_S, PITCH_CLASSES, STEPS_PER_S, Frames

Spans = NDArray[np.int64]

PER_FRAME = round(STEPS_PER_S / FRAMES_PER_S)
"""Steps of levels for each frame."""
_AROUND_S, _CHANGE_DB, _RANGE_DB = 4.0, 7.0, 60.0
"""Seconds compared before and after a change of instruments, its minimum size, and the range of levels."""
_BREAK_S, _JOINED_S = 1.2, 0.8
_LEAST_S, _FROM_START_S, _FROM_STOP_S = 2.5, 2.0, 5.0
_BELOW_DB = 26.0
"""Level of a break below the playing around it."""
LONG_S = 60.0
"""Playing that is longer is a song."""
_THIN_DB, _SONG_S = -7.5, 40.0
"""Mean difference to the songs of the day below which a segment is thin, and least length of those songs."""
_SILENT_DB = -90.0
_SOFT_DB, _LEAST_LAG, _MOST_LAG, _TINY = -80.0, 3, 80, 1e-9
"""Softest level of an onset, and lags of rhythms in steps."""
_QUIET_S, _QUIET_REST_S, _LEADS_S = 4.0, 2.0, 6.0
_COUNT_S, _ENTRY_S, _ENTRY_DB, _COUNT_DB = (0.5, 3.2), 1.5, 8.0, -3.5
"""Lengths of counting in, seconds compared before and after the entry, its minimum size, and the mean
difference to the take below which counting in is."""
SPEAKS, _SPOKEN = 0.5, 0.22
"""Probability of speech, and the share of a segment that is speech from which on it is played under talk."""


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


def segments_of(
    evidence: Evidence, states: NDArray[np.int64], speech: NDArray[np.float32]
) -> tuple[Segment, ...]:
    """Return the segments of playing, ascending and apart; without counting in, and playing under talk.

    Parameters
    ----------
    states, speech : of each frame, see `engine.features.day.finding.activity`
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
    for begins, stop in spans:
        if stop - begins >= least:
            start = begins + _count_in(evidence.frames.bands_db, begins, stop)
            inside = changes[(changes >= start + early) & (changes <= stop - late)].tolist()
            divided += list(pairwise([start, *inside, stop]))
    made = with_thin(evidence.frames, [span for span in divided if not _is_spoken(speech, *span)])
    return _with_lead_ins(made, np.where(speech > SPEAKS, np.int64(State.TALK), states))


def _with_lead_ins(segments: Sequence[Segment], states: NDArray[np.int64]) -> tuple[Segment, ...]:
    """Return segments with soft or sparse playing that leads to a full one as one thin segment."""
    made: list[Segment] = []
    for one in segments:
        before = made[-1] if made else Segment(0, 0)
        is_led_to = before.is_thin and before.length >= _LEADS_S * FRAMES_PER_S and before.stop == one.start
        if not one.is_thin and not is_led_to:
            full = next((at for at in range(len(made), 0, -1) if not made[at - 1].is_thin), 0)
            quiet = quiet_start(states, made[full - 1].stop if full else 0, one.start)
            leads = [each for each in made[full:] if each.stop > quiet]
            start = min([quiet, *(each.start for each in leads)])
            if one.start - start >= _QUIET_S * FRAMES_PER_S:
                made[len(made) - len(leads) :] = [Segment(start, one.start, is_thin=True)]
        made.append(one)
    return tuple(made)


def quiet_start(states: NDArray[np.int64], first: int, start: int) -> int:
    """Return the frame from which on playing leads to a segment, in [first, start]: an intro, or noodling."""
    place = start
    for at in range(start - 1, first - 1, -1):
        if states[at] == State.TALK or place - at > _QUIET_REST_S * FRAMES_PER_S:
            break
        place = at if states[at] == State.PLAYING else place
    return place


def _count_in(bands_db: NDArray[np.float32], start: int, stop: int) -> int:
    """Return how many frames a segment counts in before all begin to play; 0 where it begins at once."""
    levels_db = np.maximum(bands_db[start * PER_FRAME : stop * PER_FRAME], bands_db.max() - _RANGE_DB)
    width, (first, last) = round(_ENTRY_S * STEPS_PER_S), (round(each * STEPS_PER_S) for each in _COUNT_S)
    places = np.arange(first, min(last, len(levels_db) - width) + 1)
    if not len(places):
        return 0
    entries_db = [
        levels_db[at : at + width].mean() - levels_db[max(0, at - width) : at].mean() for at in places
    ]
    at = int(places[np.argmax(entries_db)])
    usual = np.median(levels_db, axis=0)
    is_less = (np.percentile(levels_db[:at], 75.0, axis=0) - usual).mean() < _COUNT_DB
    return at // PER_FRAME if max(entries_db) >= _ENTRY_DB and is_less else 0


def _is_spoken(speech: NDArray[np.float32], start: int, stop: int) -> bool:
    """Return whether a segment is played under talk, as noodling is and a song is not."""
    is_long = stop - start >= LONG_S * FRAMES_PER_S
    return not is_long and bool((speech[start:stop] > SPEAKS).mean() > _SPOKEN)


def with_thin(frames: Frames, spans: Sequence[tuple[int, int]]) -> tuple[Segment, ...]:
    """Return segments, and which of them are thin."""
    made = tuple(Segment(start, stop) for start, stop in spans)
    long = [one for one in made if one.length >= _SONG_S * FRAMES_PER_S]
    if not long:
        return made
    usual = usual_db(frames, long)
    return tuple(
        replace(one, is_thin=one.length < LONG_S * FRAMES_PER_S and is_less(frames, one, usual))
        for one in made
    )


def usual_db(frames: Frames, segments: Sequence[Segment]) -> NDArray[np.float64]:
    """Return the usual level of each band in segments, shape (bands,)."""
    levels = [frames.bands_db[one.start * PER_FRAME : one.stop * PER_FRAME] for one in segments]
    return np.asarray(np.median(np.concatenate(levels), axis=0), np.float64)


def is_less(frames: Frames, one: Segment, usual: NDArray[np.float64], by_db: float = _THIN_DB) -> bool:
    """Return whether a segment has less in most bands than usual."""
    levels = frames.bands_db[one.start * PER_FRAME : one.stop * PER_FRAME]
    return not len(levels) or bool((np.percentile(levels, 75.0, axis=0) - usual).mean() < by_db)


def pitches_of(frames: Frames, one: Segment) -> NDArray[np.float64]:
    """Return the prominence of each pitch class in a segment, shape (12,), of mean 0."""
    levels = np.maximum(frames.notes_db[one.start : one.stop], _SILENT_DB)
    around = uniform_filter1d(levels, PITCH_CLASSES + 1, axis=1)  # neither a slope nor noise has a pitch
    mean = np.maximum(levels - around, 0.0).mean(axis=0).reshape(-1, PITCH_CLASSES).sum(axis=0)
    return np.asarray(mean - mean.mean(), np.float64)


def rhythm_of(frames: Frames, start: int, stop: int) -> NDArray[np.float64]:
    """Return the autocorrelation of the onsets of a span for lags of 0.3 s on, shape (lags,).

    The rises of broad bands are the onsets; lags are 0.1 s apart, below 8 s and half of the span.
    """
    rises = np.maximum(
        np.diff(np.maximum(frames.bands_db[start * PER_FRAME : stop * PER_FRAME], _SOFT_DB), axis=0), 0.0
    )
    count = len(rises)
    powers = np.abs(np.fft.rfft(rises - rises.mean(axis=0), 2 * count, axis=0)) ** 2
    sums = np.fft.irfft(powers, axis=0)[:count].sum(axis=1) / np.arange(count, 0, -1)
    found: NDArray[np.float64] = sums[_LEAST_LAG : min(count // 2, _MOST_LAG)] / (sums[0] + _TINY)
    return found


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
