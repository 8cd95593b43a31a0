"""The form of a recording: runs of music, bars, rests, changes of level and tone, and the sound of spans.

Each span is divided into the same number of slots and centred, so that spans are compared at any level, tone
and slightly different tempo. Another rendition may begin where level and tone change at the edge of a step.
Rests are within a run of playing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from engine.analysis.signal.span_means import running_sums, sums_at
from engine.core.timebase import runs
from engine.features.arrangement.steps import Span, Steps
from engine.features.takes.features import FRAMES_PER_S, STEPS_PER_S, Frames
from engine.features.takes.structure.similarity import below_loud, standing_out

Floats = NDArray[np.float32]
Sums = NDArray[np.float64]
Seconds = NDArray[np.float64]
Flags = NDArray[np.bool_]

_PITCH_COLUMNS = 20
"""Principal components of the semitones; the others hardly differ."""
_RANGE_DB = 50.0
_SLOTS = 32
_AT_ONCE = 1024
"""Spans whose sound is held in memory in full."""
_SHIFTS_S = (-0.2, -0.1, 0.0, 0.1, 0.2)
"""The borders of spans are right within this."""
_SAME_LENGTH, _LEAST_LENGTH, _NO_TAIL = 0.94, 0.7, 0.985
"""Spans of this ratio of lengths are compared as wholes. Others, and those with a possible tail, are compared
as the shorter one with the start of the longer one."""
_PART_COSTS = 0.05
_MOST_PITCH, _MOST_BAND = 3.0, 1.5
"""Deviations are limited to these multiples of their mean, so that a bar played wrongly does not decide."""


@dataclass(frozen=True, slots=True, eq=False)
class Sounds:
    """Running sums of the sound of a recording.

    Attributes
    ----------
    pitches : shape (n + 1, columns), `FRAMES_PER_S` rows a second
    bands : shape (m + 1, bands), in dB, `STEPS_PER_S` rows a second
    """

    pitches: Sums
    bands: Sums

    @classmethod
    def of(cls, frames: Frames) -> Sounds:
        """Return the sound of analysed frames, at least one."""
        pitches = standing_out(frames.notes_db)
        centred = pitches - pitches.mean(axis=0)
        _, axes = np.linalg.eigh(centred.T @ centred)
        bands = _RANGE_DB * below_loud(frames.bands_db)
        return cls(running_sums(pitches @ axes[:, -_PITCH_COLUMNS:]), running_sums(bands))

    def vectors(self, starts_s: Seconds, stops_s: Seconds, slots: int = _SLOTS) -> Floats:
        """Return unit vectors of spans, shape (k, dimensions): their products are similarities, -1 to 1.

        Parameters
        ----------
        starts_s, stops_s : shape (k,)
        slots : into which spans are divided, twice as many for rhythm
        """
        if len(starts_s) > _AT_ONCE:
            parts = (
                self.vectors(starts_s[one], stops_s[one], slots) for one in blocks(len(starts_s), _AT_ONCE)
            )
            return np.concatenate(list(parts))
        pitches = _unit_rows(self.pitches, FRAMES_PER_S, starts_s, stops_s, slots, _MOST_PITCH)
        bands = _unit_rows(self.bands, STEPS_PER_S, starts_s, stops_s, 2 * slots, _MOST_BAND)
        return np.concatenate([np.sqrt(0.5) * pitches, np.sqrt(0.5) * bands], axis=1).astype(np.float32)

    def pitch_vectors(self, starts_s: Seconds, stops_s: Seconds, slots: int) -> Floats:
        """Return unit vectors of the pitches of spans, shape (k, dimensions)."""
        return _unit_rows(self.pitches, FRAMES_PER_S, starts_s, stops_s, slots, _MOST_PITCH).astype(
            np.float32
        )

    def of_halves(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike the halves of each span are, shape (k,), -1 to 1."""
        middles_s = (starts_s + stops_s) / 2.0
        found = np.zeros(len(starts_s))
        for one in blocks(len(starts_s), _AT_ONCE):
            first = self.vectors(starts_s[one], middles_s[one], slots=_SLOTS // 2)
            second = self.vectors(middles_s[one], stops_s[one], slots=_SLOTS // 2)
            found[one] = np.einsum("nd,nd->n", first, second)
        return found

    def similarities(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike spans are, shape (k, k), -1 to 1; -1 where their lengths differ much."""
        lengths = stops_s - starts_s
        plain = self.vectors(starts_s, stops_s)
        alike: NDArray[np.float64] = np.full((len(starts_s), len(starts_s)), -1.0)
        for shift_s in _SHIFTS_S:
            alike = np.maximum(alike, plain @ self.vectors(starts_s + shift_s, stops_s + shift_s).T)
        alike = np.maximum(alike, alike.T)
        ratios = np.minimum(lengths[:, None], lengths) / np.maximum(lengths[:, None], lengths)
        for one, other in np.argwhere(np.triu(ratios < _NO_TAIL, 1)).tolist():
            found = float(alike[one, other]) if ratios[one, other] >= _SAME_LENGTH else -1.0
            if ratios[one, other] >= _LEAST_LENGTH:
                shorter_s = float(lengths[[one, other]].min())
                found = max(found, self.begin_alike(starts_s[one], starts_s[other], shorter_s) - _PART_COSTS)
            alike[one, other] = alike[other, one] = found
        return alike

    def begin_alike(self, one_s: float, other_s: float, length_s: float) -> float:
        """Return how alike the first seconds of two spans are, -1 to 1."""
        starts_s = np.array([one_s, *(other_s + shift_s for shift_s in _SHIFTS_S)])
        vectors = self.vectors(starts_s, starts_s + length_s)
        return float(np.max(vectors[1:] @ vectors[0]))

    def tone_db(self, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return the mean level of each band in spans, shape (k, bands)."""
        first, last = starts_s * STEPS_PER_S, stops_s * STEPS_PER_S
        lengths = np.maximum(last - first, 1e-3)
        return (sums_at(self.bands, last) - sums_at(self.bands, first)) / lengths[:, None]


def blocks(count: int, size: int) -> list[slice]:
    """Return slices of `size` rows, to be computed one after another."""
    return [slice(at, min(at + size, count)) for at in range(0, count, size)]


def _unit_rows(
    sums: Sums, rate_hz: float, starts_s: Seconds, stops_s: Seconds, slots: int, limit: float
) -> Sums:
    """Return the means of spans in slots as unit vectors, shape (k, slots * columns).

    Parameters
    ----------
    limit : the largest deviation, as a multiple of the mean one
    """
    places = (starts_s[:, None] + (stops_s - starts_s)[:, None] * np.arange(slots + 1) / slots) * rate_hz
    rows = _centred(np.diff(sums_at(sums, places), axis=1) / np.diff(places, axis=1)[..., None])
    most = limit * np.abs(rows).mean(axis=(1, 2), keepdims=True)
    rows = _centred(np.clip(rows, -most, most)).reshape(len(places), slots * sums.shape[1])
    unit: Sums = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
    return unit


def _centred(rows: Sums) -> Sums:
    centred: Sums = rows - rows.mean(axis=1, keepdims=True)
    return centred


_LEAST_AROUND_S, _MOST_AROUND_S = 1.2, 3.5
_LEAST_CHANGE_DB = 0.5
_EDGE_SLOTS = 16
_MOST_ALIKE, _LEAST_ALIKE = 8, 0.5
"""The number of places that an edge is compared with, and how alike they are at least."""
_SEVERAL = 4
"""Of this number of places, one has the same change by chance."""
_EDGES_AT_ONCE = 512


def _bar_s(edges_s: Seconds, bar_steps: int) -> float:
    """Return the usual length of a bar, within limits."""
    return float(np.clip(np.median(np.diff(edges_s)) * bar_steps, _LEAST_AROUND_S, _MOST_AROUND_S))


def changes_of(sounds: Sounds, edges_s: NDArray[np.float64], bar_steps: int) -> NDArray[np.float64]:
    """Return how much level and tone change at the edges of a run, as deviations from usual, shape (n,).

    The bar before each edge is compared with the bar after it.

    Parameters
    ----------
    edges_s : of the steps of a run of playing, shape (n,), ascending
    """
    found = np.zeros(len(edges_s))
    if len(edges_s) < 12:
        return found
    bar_s = _bar_s(edges_s, bar_steps)
    inner = edges_s[2:-2]
    before = sounds.tone_db(np.maximum(inner - bar_s, edges_s[0]), inner)
    after = sounds.tone_db(inner, np.minimum(inner + bar_s, edges_s[-1]))
    changes = np.abs(after - before).mean(axis=1)
    usual = float(np.median(changes))
    deviation = 1.4826 * float(np.median(np.abs(changes - usual))) + _LEAST_CHANGE_DB
    found[2:-2] = (changes - usual) / deviation
    return found


def unrepeated_changes_db(
    sounds: Sounds, edges_s: Seconds, playing: Sequence[Span], bar_steps: int
) -> NDArray[np.float64]:
    """Return by how many dB the level changes at edges as it does nowhere else where the same is played.

    A change that is part of the music comes again with each repetition. Where another rendition begins, at
    its own level and tone, it does not.

    Parameters
    ----------
    edges_s : of steps, shape (n,)
    playing : runs of music that are compared

    Returns
    -------
    float64, shape (n,): the median difference over the bands; NaN where the same is not played again, and
    within a bar of the ends of runs
    """
    found = np.full(len(edges_s), np.nan)
    bar_s = _bar_s(edges_s, bar_steps)
    inner = [
        first + np.flatnonzero((run_s - run_s[0] >= bar_s) & (run_s[-1] - run_s >= bar_s))
        for first, run_s in ((first, edges_s[first : last + 1]) for first, last in playing)
    ]
    places = np.concatenate([np.zeros(0, np.int64), *inner])
    at_s = edges_s[places]
    vectors = sounds.pitch_vectors(at_s - bar_s, at_s + bar_s, _EDGE_SLOTS)
    half_s = bar_s / 2.0
    changes = sounds.tone_db(at_s, at_s + half_s) - sounds.tone_db(at_s - half_s, at_s)
    most = min(_MOST_ALIKE, len(places))
    for block in blocks(len(places), _EDGES_AT_ONCE):
        alike: Floats = vectors[block] @ vectors.T
        alike[np.abs(at_s[block, None] - at_s) <= bar_s] = -1.0
        others = np.argpartition(-alike, most - 1, axis=1)[:, :most]
        apart = np.median(np.abs(changes[block, None] - changes[others]), axis=2)
        apart[np.take_along_axis(alike, others, axis=1) <= _LEAST_ALIKE] = np.inf
        ranked = np.sort(apart, axis=1)
        several = np.isfinite(ranked).sum(axis=1) >= _SEVERAL
        found[places[block]] = ranked[np.arange(len(ranked)), several.astype(np.int64)]
    found[np.isinf(found)] = np.nan
    return found


_QUIET_DB, _LEAST_REST_S = 9.0, 0.8
_AROUND_S, _LOUD_PERCENTILE = 16.0, 70


def rests_of(levels_db: Floats, steps: Steps) -> frozenset[Span]:
    """Return the rests as steps [first, last): at least 0.8 s that are much softer than the playing around.

    Parameters
    ----------
    levels_db : of `Frames`, `STEPS_PER_S` a second
    """
    around = round(_AROUND_S * STEPS_PER_S) + 1
    loud = percentile_filter(uniform_filter1d(levels_db, 5), _LOUD_PERCENTILE, size=around)
    quiet = runs(uniform_filter1d(levels_db, 3) < loud - _QUIET_DB)
    spans = (
        (steps.nearest_edge(start / STEPS_PER_S), steps.nearest_edge(stop / STEPS_PER_S))
        for start, stop in quiet.tolist()
        if stop - start >= _LEAST_REST_S * STEPS_PER_S
    )
    return frozenset((first, last) for first, last in spans if last > first)


BRIEF_S = 1.6
"""A run goes on over a break as short as this, and what is as short at its ends can be a blurred border."""
_LEAST_RUN_S = 2.0
_PART_S = 1200.0
_PEAK = 1.5
_SHORT_BAR_BEATS = 4
"""A bar of two beats is taken for half of one."""
_PER_BORDER, _OF_CHANGE, _MOST_CHANGE = 3.6, 0.6, 2.8
_USUAL_DB, _CLEAR_DB, _MOST_DB = 1.0, 1.5, 3.0
"""Changes of level that are not repeated: within renditions, where others begin, and the most that count.
A dB more is a score of 1."""


@dataclass(frozen=True, slots=True, eq=False)
class Form:
    """Bars, rests and changes of a recording, by its edges of steps.

    Attributes
    ----------
    edges_s : shape (n + 1,)
    is_downbeat : of each step, shape (n,)
    bar_steps : usual number of steps of a bar
    rests : within runs, and at their ends
    parts : runs of music, ascending and apart, in parts of about 20 minutes; repetitions are searched within
        each, for linear time
    changes : of level and tone at each edge, as deviations from usual, shape (n + 1,)
    unrepeated_db : changes of level that are not repeated with the music, shape (n + 1,); NaN if unknown
    """

    edges_s: Seconds
    is_downbeat: Flags
    bar_steps: int
    rests: frozenset[Span]
    parts: tuple[tuple[Span, ...], ...]
    changes: Seconds
    unrepeated_db: Seconds

    @classmethod
    def of(cls, frames: Frames, sounds: Sounds, steps: Steps, is_music: Flags, is_talk: Flags) -> Form:
        """Return the form of a recording.

        Parameters
        ----------
        is_music, is_talk : of each step, shape (n,)
        """
        edges_s = steps.edges_s
        bar_steps = _SHORT_BAR_BEATS if steps.bar_beats == 2 else steps.bar_beats
        playing = _runs_of_music(is_music, is_talk, edges_s)
        changes = np.zeros(len(steps) + 1)
        for first, last in playing:
            changes[first : last + 1] = changes_of(sounds, edges_s[first : last + 1], bar_steps)
        breaks = {
            (first + start, first + stop)
            for first, last in playing
            for start, stop in runs(~is_music[first:last]).tolist()
        }
        rests = rests_of(frames.levels_db, steps) | breaks
        parts = _parts(playing, edges_s)
        unrepeated_db = np.full(len(steps) + 1, np.nan)
        for part in parts:
            known_db = unrepeated_changes_db(sounds, edges_s, part, bar_steps)
            unrepeated_db = np.fmax(unrepeated_db, known_db)
        is_downbeat = steps.bar_positions == 1
        return cls(edges_s, is_downbeat, bar_steps, rests, parts, changes, unrepeated_db)

    def lasts_s(self, span: Span) -> float:
        """Return the length of a span in seconds."""
        return float(self.edges_s[span[1]] - self.edges_s[span[0]])

    def begins(self, run: Span) -> NDArray[np.int64]:
        """Return where in a run a phrase may begin: at bars, counted from each rest on, and at changes."""
        first, last = run
        flags = np.zeros(last - first, bool)
        edges = sorted({first, last, *(edge for rest in self.rests for edge in rest if first <= edge < last)})
        for start, stop in pairwise(edges):
            flags[start - first : stop - first : self.bar_steps] = True
        flags |= self.is_downbeat[first:last]
        changes = self.changes[first:last]
        is_peak = (changes >= np.roll(changes, 1)) & (changes >= np.roll(changes, -1))
        flags |= (changes >= _PEAK) & is_peak
        return first + np.flatnonzero(flags)

    def ends(self, run: Span) -> NDArray[np.int64]:
        """Return where in a run a phrase may end: where one may begin, at rests, and just before the end."""
        first, last = run
        near_end = np.flatnonzero(self.edges_s[first : last + 1] >= self.edges_s[last] - BRIEF_S) + first
        rests = [edge for rest in self.rests for edge in rest if first <= edge <= last]
        return np.unique(np.concatenate([self.begins(run), near_end, np.array(rests, np.int64)]))

    def clear_changes(self, places_s: Seconds) -> Seconds:
        """Return how clear the changes near places are that are not repeated, 0 to 1; 1 if unknown."""
        after = np.clip(np.searchsorted(self.edges_s, places_s), 1, len(self.edges_s) - 1)
        own_db = np.fmax(self.unrepeated_db[after - 1], self.unrepeated_db[after])
        return np.where(np.isnan(own_db), 1.0, np.minimum(own_db / _CLEAR_DB, 1.0))

    def borders(self, run: Span) -> NDArray[np.float64]:
        """Return the score of a border at each edge of a run, 0 at its ends."""
        edges = slice(run[0], run[1] + 1)
        own_db = self.unrepeated_db[edges]
        of_change = _OF_CHANGE * np.clip(self.changes[edges], 0.0, _MOST_CHANGE)
        of_own = np.minimum(own_db, _MOST_DB) - _USUAL_DB
        found: Seconds = np.where(np.isnan(own_db), of_change, of_own) - _PER_BORDER
        found[[0, -1]] = 0.0
        return found


def _parts(playing: Sequence[Span], edges_s: Seconds) -> tuple[tuple[Span, ...], ...]:
    """Return runs of music in parts of about 20 minutes."""
    parts: list[list[Span]] = [[]]
    for first, last in playing:
        numbers = (edges_s[first:last] - edges_s[first]) // _PART_S
        inner = (np.flatnonzero(np.diff(numbers)) + first + 1).tolist()
        for start, stop in pairwise([first, *inner, last]):
            if parts[-1] and edges_s[stop] - edges_s[parts[-1][0][0]] > _PART_S:
                parts.append([])
            parts[-1].append((start, stop))
    return tuple(tuple(part) for part in parts if part)


def _runs_of_music(is_music: Flags, is_talk: Flags, edges_s: Seconds) -> tuple[Span, ...]:
    """Return the runs of steps with music, joined over brief breaks without talk."""
    joined: list[Span] = []
    for first, last in runs(is_music).tolist():
        stop = joined[-1][1] if joined else 0
        if joined and edges_s[first] - edges_s[stop] < BRIEF_S and not is_talk[stop:first].any():
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return tuple(one for one in joined if edges_s[one[1]] - edges_s[one[0]] >= _LEAST_RUN_S)
