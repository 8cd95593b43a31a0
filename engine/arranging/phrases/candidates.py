"""Spans that may be phrases, each compared with all others of about its length.

Repetitions are searched among spans rather than along diagonals of a similarity matrix (M. Müller,
"Fundamentals of Music Processing", 2015, chapter 4), so that each can be compared at its own level, tone and
tempo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arranging.orders import Span
from engine.arranging.phrases.form import Form
from engine.arranging.phrases.sounds import Floats, Seconds, Sounds

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
    vectors : float16, shape (k, d), unit vectors whose products are similarities
    """

    spans: NDArray[np.int64]
    starts_s: Seconds
    stops_s: Seconds
    vectors: NDArray[np.float16]

    @classmethod
    def of(cls, form: Form, playing: Sequence[Span], sounds: Sounds) -> Candidates:
        """Return the spans of some runs that may be phrases."""
        spans = _spans(form, playing)
        starts_s, stops_s = form.edges_s[spans[:, 0]], form.edges_s[spans[:, 1]]
        blocks = _blocks(max(len(spans), 1))
        vectors = [sounds.vectors(starts_s[one], stops_s[one]).astype(np.float16) for one in blocks]
        return cls(spans, starts_s, stops_s, np.concatenate(vectors))

    def __len__(self) -> int:
        return len(self.spans)

    def repetitions(self) -> NDArray[np.float64]:
        """Return how alike each span and its best repetition are, shape (k,); -1 without one.

        The best one is searched among principal components, and compared with exactly.
        """
        some = np.linspace(0, len(self) - 1, min(len(self), _SAMPLE)).astype(np.int64)
        sample = self.vectors[some].astype(np.float32)
        _, axes = np.linalg.eigh(sample.T @ sample)
        parts = [self.vectors[one].astype(np.float32) @ axes[:, -_COLUMNS:] for one in _blocks(len(self))]
        reduced = np.concatenate([np.zeros((0, min(_COLUMNS, len(axes))), np.float32), *parts])
        best = self._best(reduced)
        found = np.full(len(self), -1.0)
        for one in _blocks(len(self)):
            again = self.vectors[best[one]].astype(np.float32)
            alike = np.einsum("nd,nd->n", self.vectors[one].astype(np.float32), again)
            found[one] = np.where(best[one] >= 0, alike, -1.0)
        return found

    def alike(self, sounds: Sounds, starts_s: Seconds, stops_s: Seconds) -> NDArray[np.float64]:
        """Return how alike each span and the best of some others are, shape (k,); -1 without one."""
        vectors = sounds.vectors(starts_s, stops_s)
        found = np.full(len(self), -1.0)
        for one in _blocks(len(self)):
            alike = self.vectors[one].astype(np.float32) @ vectors.T
            own = (self.starts_s[one], self.stops_s[one])
            found[one] = np.where(_can_repeat(*own, starts_s, stops_s), alike, -1.0).max(axis=1)
        return found

    def _best(self, vectors: Floats) -> NDArray[np.int64]:
        """Return the number of the best repetition of each span by reduced vectors, shape (k,); -1: none."""
        lengths_s = self.stops_s - self.starts_s
        by_length = np.argsort(lengths_s, kind="stable")
        ordered = lengths_s[by_length]
        best = np.full(len(self), -1)
        for block in _blocks(len(self)):
            here = by_length[block]
            low = int(np.searchsorted(ordered, ordered[block][0] / _TEMPO))
            high = int(np.searchsorted(ordered, ordered[block][-1] * _TEMPO, side="right"))
            there = by_length[low:high]
            alike = vectors[here] @ vectors[there].T
            own = (self.starts_s[here], self.stops_s[here])
            can = _can_repeat(*own, self.starts_s[there], self.stops_s[there])
            alike[~can] = -np.inf
            best[here] = np.where(can.any(axis=1), there[alike.argmax(axis=1)], -1)
        return best


def _can_repeat(
    starts_s: Seconds, stops_s: Seconds, other_starts_s: Seconds, other_stops_s: Seconds
) -> NDArray[np.bool_]:
    """Return whether spans are apart and of about the same length, shape (k, m)."""
    apart = (other_stops_s <= starts_s[:, None] + _APART_S) | (other_starts_s >= stops_s[:, None] - _APART_S)
    ratios = (other_stops_s - other_starts_s) / (stops_s - starts_s)[:, None]
    found: NDArray[np.bool_] = apart & (ratios <= _TEMPO) & (ratios >= 1.0 / _TEMPO)
    return found


def _blocks(count: int) -> list[slice]:
    """Return slices of some hundreds of spans: they are compared at once."""
    return [slice(at, min(at + _AT_ONCE, count)) for at in range(0, count, _AT_ONCE)]


def _spans(form: Form, playing: Sequence[Span]) -> NDArray[np.int64]:
    """Return the spans between places where phrases may begin and end, by their ends, shape (k, 2)."""
    found = [np.zeros((0, 2), np.int64)]
    for run in playing:
        begins, ends = form.begins(run), form.ends(run)
        lengths_s = form.edges_s[ends][:, None] - form.edges_s[begins]
        last, first = np.nonzero((lengths_s >= LEAST_S) & (lengths_s <= MOST_S))
        found.append(np.stack([begins[first], ends[last]], axis=1))
    return np.concatenate(found)
