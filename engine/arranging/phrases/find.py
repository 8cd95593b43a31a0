"""Find the phrases of a recording: the sequence of spans with the highest score, found exactly.

A span scores by how alike it is to its best repetition elsewhere in the recording, by its length, which is
likely to be 4, 8 or 16 bars, and by the change of level and tone where it begins. Repetitions are searched
among spans of bars rather than along diagonals of a similarity matrix (M. Müller, "Fundamentals of Music
Processing", 2015, chapter 4), so that each can be compared at its own level, tone and tempo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.arranging.orders import Span
from engine.arranging.phrases.rests import changes_of, rests_of
from engine.arranging.phrases.sounds import Sounds
from engine.arranging.steps import Section, Steps
from engine.spans import runs
from engine.structure.labels import groups_of
from engine.takes.features import Frames

_BARS = (2, 3, 4, 6, 8, 12, 16, 24, 32)
_LEAST_S, _MOST_S, _USUAL_S = 3.5, 44.0, 11.0
_LEAST_RUN_S, _JOINED_S, _LEAST_PHRASE_S = 2.0, 0.5, 3.0
_TEMPO = 1.047
"""A repetition is faster or slower by less than this."""
_PART_S = 1200.0
_APART_S = 0.3
_OF_HALVES, _PEAK = 0.8, 1.5
_AT_ONCE = 256
_ALIKE, _OF_ALIKE = 0.56, 1.28
_PER_BORDER, _OF_CHANGE, _MOST_CHANGE, _OF_DOWNBEAT = 2.75, 0.41, 4.8, 0.06
_POWER_OF_TWO, _THREE_TIMES, _OTHER_BARS, _OF_OCTAVES = 0.6, 0.12, -1.44, 0.24
_NO_BARS, _KNOWN, _OF_HALF, _HALF_ALIKE = -0.6, 0.3, 0.23, 0.5
_REST, _TAIL, _TAIL_S, _REMAINDER, _SHORT = 0.5, -0.6, 1.6, -2.5, -4.0
"""Scores: of a repetition, a border, a length, a span that is a repetition of its half, and other spans."""
_SHORT_SHARE, _BRIEF_SHARE, _BEGINS_ALIKE = 0.75, 0.6, 0.5
_SAME, _SHARP = 0.6, 8.0
"""Spans more alike than this are the same phrase."""


def phrases_of(frames: Frames, steps: Steps, is_music: NDArray[np.bool_], bar_steps: int) -> list[Section]:
    """Return the renditions of phrases of a recording, ascending and apart.

    Parameters
    ----------
    is_music : shape (n,), whether music is played in each step
    bar_steps : usual number of steps of a bar
    """
    edges_s = steps.edges_s
    playing = _runs_of_music(is_music, edges_s)
    if not playing:
        return []
    sounds, rests = Sounds.of(frames), rests_of(frames.levels_db, steps)
    changes = np.zeros(len(steps) + 1)
    for first, last in playing:
        changes[first : last + 1] = changes_of(sounds, edges_s[first : last + 1], bar_steps)
    form = _Form(edges_s, steps.bar_positions == 1, bar_steps, rests, changes)
    found: list[Section] = []
    for part in _parts(playing, edges_s):
        labels = 1 + max((one.label for one in found), default=-1)
        found += [replace(one, label=one.label + labels) for one in _in_part(form, part, sounds)]
    return found


def _parts(playing: Sequence[Span], edges_s: NDArray[np.float64]) -> list[list[Span]]:
    """Return runs in parts of about `_PART_S`: repetitions are searched within each, for linear time."""
    parts: list[list[Span]] = [[]]
    for first, last in playing:
        numbers = (edges_s[first:last] - edges_s[first]) // _PART_S
        inner = (np.flatnonzero(np.diff(numbers)) + first + 1).tolist()
        for start, stop in pairwise([first, *inner, last]):
            if parts[-1] and edges_s[stop] - edges_s[parts[-1][0][0]] > _PART_S:
                parts.append([])
            parts[-1].append((start, stop))
    return parts


def _in_part(form: _Form, playing: Sequence[Span], sounds: Sounds) -> list[Section]:
    """Return the phrases of some runs of music."""
    found = _found(form, playing, sounds, ())
    # Where beats were lost, a phrase does not have its bars: it is as long as its other renditions.
    lengths_s = []
    for label in sorted({one.label for one in found}):
        same = [form.lasts_s((one.first, one.last)) for one in found if one.label == label]
        if len(same) > 1:
            lengths_s.append(float(np.median(same)))
    return _found(form, playing, sounds, lengths_s) if lengths_s else found


def _found(form: _Form, playing: Sequence[Span], sounds: Sounds, lengths_s: Sequence[float]) -> list[Section]:
    """Return the phrases; spans of these lengths can be phrases with any number of bars."""
    scores = _scores(form, playing, sounds, lengths_s)
    spans = [span for run in playing for span in _divided(form, run, scores)]
    spans = [one for one in spans if one not in form.rests and form.lasts_s(one) >= _LEAST_PHRASE_S]
    return _labelled(sounds, form.edges_s, spans) if spans else []


def _labelled(sounds: Sounds, edges_s: NDArray[np.float64], spans: Sequence[Span]) -> list[Section]:
    """Return spans with labels; a short one that is played once has that of a phrase that begins like it.

    A short one unlike all others is left out: it is not known to be a phrase.
    """
    starts_s, stops_s = (edges_s[[span[side] for span in spans]] for side in (0, 1))
    labels = groups_of(_SHARP * (sounds.similarities(starts_s, stops_s) - _SAME))
    lengths_s = stops_s - starts_s
    again = [number for number, label in enumerate(labels) if labels.count(label) > 1]
    usual_s = float(np.median(lengths_s[again])) if again else 0.0
    found = []
    for number, (span, label) in enumerate(zip(spans, labels, strict=True)):
        if labels.count(label) == 1 and lengths_s[number] < _SHORT_SHARE * usual_s:
            longer = [other for other in again if lengths_s[other] > lengths_s[number]]
            alike = [
                sounds.begin_alike(starts_s[number], starts_s[other], lengths_s[number]) for other in longer
            ]
            if max(alike, default=-1.0) >= _BEGINS_ALIKE:
                label = labels[longer[int(np.argmax(alike))]]
            elif lengths_s[number] < _BRIEF_SHARE * usual_s:
                continue
        found.append(Section(*span, label))
    return [_without_tail(one, found, edges_s) for one in found]


def _without_tail(one: Section, found: Sequence[Section], edges_s: NDArray[np.float64]) -> Section:
    """Return a rendition without a tail: no longer than the others, unless a phrase follows at once."""
    same = [other for other in found if other.label == one.label]
    usual_s = float(np.median([edges_s[other.last] - edges_s[other.first] for other in same]))
    over_s = float(edges_s[one.last] - edges_s[one.first]) - usual_s
    if not 0.0 < over_s <= _TAIL_S or any(other.first == one.last for other in found):
        return one
    last = int(np.argmin(np.abs(edges_s - edges_s[one.first] - usual_s)))
    return Section(one.first, max(last, one.first + 1), one.label)


def _runs_of_music(is_music: NDArray[np.bool_], edges_s: NDArray[np.float64]) -> list[Span]:
    """Return the runs of steps with music, joined over the shortest breaks."""
    joined: list[Span] = []
    for first, last in runs(is_music).tolist():
        if joined and edges_s[first] - edges_s[joined[-1][1]] < _JOINED_S:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return [one for one in joined if edges_s[one[1]] - edges_s[one[0]] >= _LEAST_RUN_S]


@dataclass(frozen=True, slots=True, eq=False)
class _Form:
    """All that is known of the form but repetitions.

    Attributes
    ----------
    edges_s, changes : shape (n + 1,)
    is_downbeat : shape (n,)
    """

    edges_s: NDArray[np.float64]
    is_downbeat: NDArray[np.bool_]
    bar_steps: int
    rests: frozenset[Span]
    changes: NDArray[np.float64]

    def lasts_s(self, span: Span) -> float:
        return float(self.edges_s[span[1]] - self.edges_s[span[0]])

    def begins(self, run: Span) -> NDArray[np.int64]:
        """Return where in a run a phrase may begin: at bars, counted in several ways, and at changes."""
        first, last = run
        flags = np.zeros(last - first, bool)
        flags[:: self.bar_steps] = True
        for edge in (edge for rest in self.rests for edge in rest if first <= edge < last):
            flags[edge - first :: self.bar_steps] = True
        flags |= self.is_downbeat[first:last]
        changes = self.changes[first:last]
        is_peak = (changes >= np.roll(changes, 1)) & (changes >= np.roll(changes, -1))
        flags |= (changes >= _PEAK) & is_peak
        return first + np.flatnonzero(flags)

    def border(self, edge: int) -> float:
        """Return the score of a border within a run."""
        change = float(np.clip(self.changes[edge], 0.0, _MOST_CHANGE))
        return _OF_CHANGE * change - _PER_BORDER + _OF_DOWNBEAT * float(self.is_downbeat[edge])

    def length(self, span: Span) -> float:
        """Return the score of a length."""
        bars, rest = divmod(span[1] - span[0], self.bar_steps)
        if rest:
            return _NO_BARS
        while bars % 2 == 0:
            bars //= 2
        return {1: _POWER_OF_TWO, 3: _THREE_TIMES}.get(bars, _OTHER_BARS) - self.octaves(span)

    def octaves(self, span: Span) -> float:
        """Return the price of a length that is unusual in seconds."""
        return _OF_OCTAVES * float(np.log2(self.lasts_s(span) / _USUAL_S)) ** 2


def _candidates(form: _Form, playing: Sequence[Span], lengths_s: Sequence[float]) -> dict[Span, float]:
    """Return the spans that may be phrases, and the scores of their lengths, in order.

    They are whole bars, remainders of a run, or spans of known lengths.
    """
    found: dict[Span, float] = {}
    for run in playing:
        begins = form.begins(run).tolist()
        for first in begins:
            lasts = {first + bars * form.bar_steps for bars in _BARS} | {run[1]}
            found |= {
                (first, last): form.length((first, last))
                for last in lasts
                if last <= run[1] and last - first >= form.bar_steps
            }
        for span, score in _of_lengths(form, run, begins, lengths_s).items():
            found.setdefault(span, score)
    return {span: found[span] for span in sorted(found) if _LEAST_S <= form.lasts_s(span) <= _MOST_S}


def _of_lengths(
    form: _Form, run: Span, begins: Sequence[int], lengths_s: Sequence[float]
) -> dict[Span, float]:
    """Return spans of a run with known lengths, one after the other from each place where one may begin."""
    found: dict[Span, float] = {}
    edges_s = form.edges_s[run[0] : run[1] + 1]
    for length_s in lengths_s:
        for begin in begins:
            first = begin
            while first < run[1]:
                last = run[0] + int(np.argmin(np.abs(edges_s - form.edges_s[first] - length_s)))
                if abs(form.lasts_s((first, last)) - length_s) > _APART_S or (first, last) in found:
                    break
                found[first, last] = _KNOWN - form.octaves((first, last))
                first = last
    return found


def _scores(
    form: _Form, playing: Sequence[Span], sounds: Sounds, lengths_s: Sequence[float]
) -> dict[Span, float]:
    """Return the scores of the spans that may be phrases."""
    of_lengths = _candidates(form, playing, lengths_s)
    spans = list(of_lengths)
    if not spans:
        return {}
    starts_s, stops_s = (form.edges_s[[span[side] for span in spans]] for side in (0, 1))
    best = _best_repetitions(sounds, starts_s, stops_s)
    middles_s = (starts_s + stops_s) / 2.0
    halves = [sounds.vectors(*part, slots=16) for part in ((starts_s, middles_s), (middles_s, stops_s))]
    of_halves = np.einsum("nd,nd->n", *halves)
    scores = {}
    for span, alike, half in zip(spans, best.tolist(), of_halves.tolist(), strict=True):
        weight = form.lasts_s(span) ** 0.5
        score = of_lengths[span] + _OF_ALIKE * max(0.0, alike - _ALIKE) * weight
        if alike > _ALIKE:
            score -= _OF_HALF * max(0.0, half - _HALF_ALIKE) * weight
        scores[span] = score
    return scores


def _best_repetitions(
    sounds: Sounds, starts_s: NDArray[np.float64], stops_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return how alike each span and its best repetition are, shape (k,); -1 without one."""
    vectors, lengths_s = sounds.vectors(starts_s, stops_s), stops_s - starts_s
    by_length = np.argsort(lengths_s, kind="stable")
    ordered = lengths_s[by_length]
    best = np.full(len(starts_s), -1.0)
    for begin in range(0, len(by_length), _AT_ONCE):
        here = by_length[begin : begin + _AT_ONCE]
        low = int(np.searchsorted(ordered, lengths_s[here].min() / _TEMPO))
        high = int(np.searchsorted(ordered, lengths_s[here].max() * _TEMPO, side="right"))
        there = by_length[low:high]
        alike = vectors[here] @ vectors[there].T
        ratios = lengths_s[there] / lengths_s[here, None]
        is_same = (stops_s[there] > starts_s[here, None] + _APART_S) & (
            starts_s[there] < stops_s[here, None] - _APART_S
        )
        alike[is_same | (ratios > _TEMPO) | (ratios < 1.0 / _TEMPO)] = -1.0
        best[here] = alike.max(axis=1)
    return best


def _divided(form: _Form, run: Span, scores: dict[Span, float]) -> list[Span]:
    """Return a run as the sequence of phrases, rests and remainders with the highest score."""
    first, last = run
    lines = sorted({first, last, *_lines(form, run, scores)})
    best = {first: 0.0}
    before: dict[int, int] = {}
    for stop in lines[1:]:
        border = form.border(stop) if stop < last else 0.0
        ways = [
            (best[start] + score + border, start)
            for start in lines
            if start < stop
            and start in best
            and (score := _score(form, run, (start, stop), scores)) is not None
        ]
        if ways:
            best[stop], before[stop] = max(ways)
    found = [last]
    while found[-1] > first:
        found.append(before[found[-1]])
    return list(pairwise(found[::-1]))


def _lines(form: _Form, run: Span, scores: dict[Span, float]) -> set[int]:
    """Return the edges within a run between which it can be divided."""
    inside = (span for span in (*scores, *form.rests) if run[0] <= span[0] and span[1] <= run[1])
    return {edge for span in inside for edge in span}


def _score(form: _Form, run: Span, span: Span, scores: dict[Span, float]) -> float | None:
    """Return the score of a span of a run; None if it cannot be one."""
    if span in form.rests:
        return _REST + _OF_HALVES * _PER_BORDER
    if span in scores:
        return scores[span]
    is_first, is_last = span[0] == run[0], span[1] == run[1]
    lasts_s = form.lasts_s(span)
    if is_last and not is_first and lasts_s <= _TAIL_S:
        return _TAIL + _OF_HALVES * _PER_BORDER
    if is_first or is_last:
        return _REMAINDER if lasts_s <= _MOST_S or (is_first and is_last) else None
    return _SHORT if lasts_s < _LEAST_S else None
