"""The form of a recording but for repetitions: runs of music, bars, rests, changes of level and tone.

Rests within a run of playing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import percentile_filter, uniform_filter1d

from engine.core.spans import runs
from engine.features.arrangement.orders import Span
from engine.features.arrangement.phrases.changes import changes_of, unrepeated_changes_db
from engine.features.arrangement.phrases.sounds import Sounds
from engine.features.arrangement.steps import Steps
from engine.features.takes.features import STEPS_PER_S, Frames

Floats = NDArray[np.float32]

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


Flags = NDArray[np.bool_]
Seconds = NDArray[np.float64]

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
        found: Seconds = np.where(np.isnan(own_db), 1.0, np.minimum(own_db / _CLEAR_DB, 1.0))
        return found

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
