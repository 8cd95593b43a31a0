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
from engine.arranging.phrases.sounds import Floats, Seconds, Sounds, blocks

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
