"""Find the phrases of a recording: the sequence of spans with the highest score, found exactly.

A span scores by the time for which it is like its best repetition elsewhere, and by its length, which is
likely to be 4, 8 or 16 bars. Each border costs, less where level and tone change. Repetitions are searched
among spans and not along diagonals of a similarity matrix (M. Müller, "Fundamentals of Music Processing",
2015, chapter 4), so that each is compared at its own level, tone and tempo. The recording is divided three
times: with repetitions among all spans, then also among the phrases found before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.features.arrangement.form import BRIEF_S, Flags, Floats, Form, Seconds, Sounds, blocks
from engine.features.arrangement.steps import Section, Span, Steps
from engine.features.takes.features import Frames
from engine.features.takes.structure.segments import groups_of

Scores = NDArray[np.float64]

LEAST_S, MOST_S = 3.5, 44.0
"""Lengths of phrases."""
_TEMPO = 1.047
"""A repetition is faster or slower by less than this."""
_APART_S = 0.3
"""Spans that overlap by more are not repetitions of each other."""
_AT_ONCE = 256
_COLUMNS, _SAMPLE = 128, 1500
"""Principal components of spans, and the number of spans from which they are computed."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """Spans of steps that may be phrases, by their ends.

    Attributes
    ----------
    spans : int64, shape (k, 2), steps [first, last)
    starts_s, stops_s : shape (k,)
    vectors : shape (k, d), unit vectors whose products are similarities
    """

    spans: NDArray[np.int64]
    starts_s: Seconds
    stops_s: Seconds
    vectors: Floats

    @classmethod
    def of(cls, form: Form, playing: Sequence[Span], sounds: Sounds) -> Candidates:
        """Return the spans of some runs that may be phrases."""
        spans = _spans(form, playing)
        starts_s, stops_s = form.edges_s[spans[:, 0]], form.edges_s[spans[:, 1]]
        parts = blocks(max(len(spans), 1), _AT_ONCE)
        vectors = [sounds.vectors(starts_s[one], stops_s[one]) for one in parts]
        return cls(spans, starts_s, stops_s, np.concatenate(vectors))

    def __len__(self) -> int:
        return len(self.spans)

    def repetitions(self) -> NDArray[np.float64]:
        """Return how alike each span and its best repetition are, shape (k,); -1 without one.

        The best one is searched among principal components, and compared with exactly.
        """
        some = np.linspace(0, len(self) - 1, min(len(self), _SAMPLE)).astype(np.int64)
        sample = self.vectors[some]
        _, axes = np.linalg.eigh(sample.T @ sample)
        parts = [self.vectors[one] @ axes[:, -_COLUMNS:] for one in blocks(len(self), _AT_ONCE)]
        reduced = np.concatenate([np.zeros((0, min(_COLUMNS, len(axes))), np.float32), *parts])
        best = self._best(reduced)
        found = np.full(len(self), -1.0)
        for one in blocks(len(self), _AT_ONCE):
            again = self.vectors[best[one]]
            alike = np.einsum("nd,nd->n", self.vectors[one], again)
            found[one] = np.where(best[one] >= 0, alike, -1.0)
        return found

    def alike(self, sounds: Sounds, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike each span and the best of some others are, shape (k,); -1 without one."""
        vectors = sounds.vectors(starts_s, stops_s)
        found = np.full(len(self), -1.0)
        for one in blocks(len(self), _AT_ONCE):
            alike = self.vectors[one] @ vectors.T
            own = (self.starts_s[one], self.stops_s[one])
            ratios = (stops_s - starts_s) / (own[1] - own[0])[:, None]
            can = _are_apart(*own, starts_s, stops_s) & (ratios <= _TEMPO) & (ratios >= 1.0 / _TEMPO)
            found[one] = np.where(can, alike, -1.0).max(axis=1)
        return found

    def _best(self, vectors: Floats) -> NDArray[np.int64]:
        """Return the number of the best repetition of each span by reduced vectors, shape (k,); -1: none."""
        lengths_s = self.stops_s - self.starts_s
        by_length = np.argsort(lengths_s, kind="stable")
        ordered = lengths_s[by_length]
        ends_s = np.stack([self.starts_s, self.stops_s]).astype(np.float32)
        best = np.full(len(self), -1)
        for block in blocks(len(self), _AT_ONCE):
            here = by_length[block]
            low = int(np.searchsorted(ordered, ordered[block][0] / _TEMPO))
            high = int(np.searchsorted(ordered, ordered[block][-1] * _TEMPO, side="right"))
            there = by_length[low:high]
            alike = vectors[here] @ vectors[there].T
            # Spans of a block are nearly as long as each other: whether they are apart is left to test.
            alike[~_are_apart(*ends_s[:, here], *ends_s[:, there])] = -np.inf
            places = alike.argmax(axis=1)
            best[here] = np.where(np.isfinite(alike[np.arange(len(here)), places]), there[places], -1)
        return best


def _are_apart(
    starts_s: NDArray[np.floating],
    stops_s: NDArray[np.floating],
    other_starts_s: NDArray[np.floating],
    other_stops_s: NDArray[np.floating],
) -> NDArray[np.bool_]:
    """Return whether spans are before or after each other, shape (k, m)."""
    found: NDArray[np.bool_] = other_stops_s <= (starts_s + _APART_S)[:, None]
    found |= other_starts_s >= (stops_s - _APART_S)[:, None]
    return found


def _spans(form: Form, playing: Sequence[Span]) -> NDArray[np.int64]:
    """Return the spans between places where phrases may begin and end, by their ends, shape (k, 2)."""
    found = [np.zeros((0, 2), np.int64)]
    for run in playing:
        begins, ends = form.begins(run), form.ends(run)
        lengths_s = form.edges_s[ends][:, None] - form.edges_s[begins]
        last, first = np.nonzero((lengths_s >= LEAST_S) & (lengths_s <= MOST_S))
        found.append(np.stack([begins[first], ends[last]], axis=1))
    return np.concatenate(found)


_ROUNDS = 2
_USUAL_S, _LEAST_PHRASE_S = 16.0, 3.0
_ALIKE, _OF_ALIKE, _OF_FOUND, _POWER = 0.555, 0.57, 0.44, 1.065
_OF_HALVES, _HALVES_ALIKE, _HALVES_OVER = 0.4, 0.03, 0.1
_POWER_OF_TWO, _THREE_TIMES, _OTHER_LENGTH, _KNOWN_LENGTH = 1.0, 0.39, -0.75, 1.1
_OF_OCTAVES, _OF_OTHER_OCTAVES = 0.36, 0.055
_REST, _BRIEF, _REMAINDER, _SHORT, _OF_LONG = 2.8, 1.9, -2.0, -1.1, 0.3
"""Scores: of a second of a repetition, of lengths, and of spans that are not phrases."""
_KNOWN_S = 0.3
_PLAYED_AGAIN, _MUCH_ALIKE = 1.5, 0.75
"""Score of a span with the length of a phrase found before, and at least this similarity to it."""
_SHORT_SHARE, _BRIEF_SHARE, _BEGINS_ALIKE = 0.75, 0.6, 0.5
_SAME, _SHARP = 0.6, 8.0
"""Spans more alike than this are the same phrase."""


def phrases_of(frames: Frames, steps: Steps, is_music: Flags, is_talk: Flags) -> list[Section]:
    """Return the renditions of phrases of a recording, ascending and apart.

    Parameters
    ----------
    is_music, is_talk : whether music is played, or somebody speaks, in each step, shape (n,)
    """
    if not is_music.any():
        return []
    sounds = Sounds.of(frames)
    form = Form.of(frames, sounds, steps, is_music, is_talk)
    found: list[Section] = []
    for part in form.parts:
        labels = 1 + max((one.label for one in found), default=-1)
        found += [replace(one, label=one.label + labels) for one in _in_part(form, part, sounds)]
    return found


def _in_part(form: Form, playing: Sequence[Span], sounds: Sounds) -> list[Section]:
    """Return the phrases of some runs of music."""
    candidates = Candidates.of(form, playing, sounds)
    scored = _scored(form, candidates, sounds)
    found = _labelled(sounds, form, _phrases(form, playing, scored))
    for _ in range(_ROUNDS):
        lengths_s = _lengths_s(form, found)
        if not lengths_s:
            break
        again = scored.with_phrases(form, candidates, sounds, found, lengths_s)
        found = _labelled(sounds, form, _phrases(form, playing, again))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Scored:
    """Scores of the candidates, shape (k,), without repetitions of phrases found before.

    Attributes
    ----------
    is_other : the candidates whose bars are not 4, 8, 16 or three times as many
    prices : of lengths that are unusual in seconds
    """

    spans: NDArray[np.int64]
    scores: Scores
    is_other: Flags
    prices: Scores

    def with_phrases(
        self,
        form: Form,
        candidates: Candidates,
        sounds: Sounds,
        phrases: Sequence[Section],
        lengths_s: Sequence[float],
    ) -> _Scored:
        """Return scores with repetitions of phrases, and of their lengths, which need not be whole bars.

        Where beats were lost, a phrase does not have its bars: it is as long as its other renditions.
        """
        own_s = candidates.stops_s - candidates.starts_s
        apart_s = np.abs(own_s[:, None] - np.array(lengths_s)).min(axis=1)
        known = self.is_other & (apart_s <= _KNOWN_S)
        at_s = (form.edges_s[[getattr(one, side) for one in phrases]] for side in ("first", "last"))
        alike = candidates.alike(sounds, *at_s)
        scores = self.scores + _OF_FOUND * np.maximum(0.0, alike - _ALIKE) * own_s**_POWER
        scores += _PLAYED_AGAIN * ((alike >= _MUCH_ALIKE) & (apart_s <= _KNOWN_S))
        return replace(self, scores=scores + known * (_KNOWN_LENGTH - _OTHER_LENGTH - self.prices))


def _scored(form: Form, candidates: Candidates, sounds: Sounds) -> _Scored:
    """Score candidates by their lengths and best repetitions."""
    spans, starts_s, stops_s = candidates.spans, candidates.starts_s, candidates.stops_s
    lasts_s = stops_s - starts_s
    bars, rest = np.divmod(spans[:, 1] - spans[:, 0], form.bar_steps)
    odd = bars // np.maximum(bars & -bars, 1)
    is_other = (rest > 0) | ((odd != 1) & (odd != 3))
    lengths = np.where(is_other, _OTHER_LENGTH, np.where(odd == 1, _POWER_OF_TWO, _THREE_TIMES))
    octaves = np.log2(lasts_s / _USUAL_S) ** 2
    prices = np.where(rest > 0, _OF_OTHER_OCTAVES, _OF_OCTAVES) * octaves
    alike = candidates.repetitions()
    again = np.flatnonzero(alike > _ALIKE)
    of_halves = np.full(len(spans), -1.0)
    of_halves[again] = sounds.of_halves(starts_s[again], stops_s[again])
    # A span that is alike to its best repetition as its halves are to each other is two renditions, unless
    # nothing changes in its middle.
    twice = np.clip((of_halves - alike + _HALVES_ALIKE) / _HALVES_OVER, 0.0, 1.0)
    twice *= form.clear_changes((starts_s + stops_s) / 2.0)
    of_time = _OF_ALIKE * np.maximum(0.0, alike - _ALIKE) - _OF_HALVES * twice
    return _Scored(spans, lengths - prices + of_time * lasts_s**_POWER, is_other, prices)


def _lengths_s(form: Form, phrases: Sequence[Section]) -> list[float]:
    """Return the median length of each phrase that is played again."""
    found = []
    for label in sorted({one.label for one in phrases}):
        same = [form.lasts_s((one.first, one.last)) for one in phrases if one.label == label]
        if len(same) > 1:
            found.append(float(np.median(same)))
    return found


def _phrases(form: Form, playing: Sequence[Span], scored: _Scored) -> list[Span]:
    """Return the spans of phrases: the division of each run with the highest score."""
    spans = [span for run in playing for span in _divided(form, run, scored)]
    return [one for one in spans if one not in form.rests and form.lasts_s(one) >= _LEAST_PHRASE_S]


def _divided(form: Form, run: Span, scored: _Scored) -> list[Span]:
    """Return a run as the sequence of phrases, rests and remainders with the highest score."""
    first, last = run
    borders = form.borders(run)
    best = np.full(last - first + 1, -np.inf)
    best[0] = 0.0
    before = np.zeros(last - first + 1, np.int64)
    by_end = np.searchsorted(scored.spans[:, 1], np.arange(first, last + 2))
    for stop in range(1, last - first + 1):
        ways = _others(form, run, first + stop)
        here = slice(by_end[stop], by_end[stop + 1])
        ways[scored.spans[here, 0] - first] = scored.scores[here]
        for start in (rest[0] - first for rest in form.rests if rest[1] == first + stop and rest[0] >= first):
            ways[start] = _REST
        ways += best[:stop]
        before[stop] = np.argmax(ways)
        best[stop] = ways[before[stop]] + borders[stop]
    found = [last - first]
    while found[-1] > 0:
        found.append(int(before[found[-1]]))
    return [(first + start, first + stop) for start, stop in pairwise(found[::-1])]


def _others(form: Form, run: Span, stop: int) -> Scores:
    """Return the scores of spans of a run that are not candidates and end at an edge, by their starts."""
    first, last = run
    lasts_s = form.edges_s[stop] - form.edges_s[first:stop]
    scores = np.where(lasts_s < LEAST_S, _SHORT, -np.inf)
    octaves = np.maximum(0.0, np.log2(lasts_s / _USUAL_S))
    remainders = np.where(lasts_s <= MOST_S, _REMAINDER - _OF_LONG * octaves**2, -np.inf)
    if stop == last:
        scores = np.maximum(scores, remainders)
        scores[1:][lasts_s[1:] <= BRIEF_S] = _BRIEF
        scores[0] = _REMAINDER - _OF_LONG * octaves[0] ** 2
    else:
        scores[0] = max(scores[0], _BRIEF if lasts_s[0] <= BRIEF_S else remainders[0])
    return scores


def _labelled(sounds: Sounds, form: Form, spans: Sequence[Span]) -> list[Section]:
    """Return spans with labels; a short one that is played once has that of a phrase that begins like it.

    A short one unlike all others is left out: it is not known to be a phrase.
    """
    if not spans:
        return []
    starts_s, stops_s = (form.edges_s[[span[side] for span in spans]] for side in (0, 1))
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
    return [_without_tail(one, found, form) for one in found]


def _without_tail(one: Section, found: Sequence[Section], form: Form) -> Section:
    """Return a rendition without a tail: no longer than the others, unless a phrase follows at once."""
    usual_s = float(
        np.median([form.lasts_s((other.first, other.last)) for other in found if other.label == one.label])
    )
    over_s = form.lasts_s((one.first, one.last)) - usual_s
    if not 0.0 < over_s <= BRIEF_S or any(other.first == one.last for other in found):
        return one
    last = int(np.argmin(np.abs(form.edges_s - form.edges_s[one.first] - usual_s)))
    return Section(one.first, max(last, one.first + 1), one.label)
