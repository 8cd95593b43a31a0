"""The steps that an arrangement is made of, and orders: the steps that are played, one after the other.

A step is a beat where music is played, and half a second where none is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import s_to_samples
from engine.document.analysis import BeatGrid

Positions = NDArray[np.int64]
Order = NDArray[np.int64]
"""Shape (t,), the numbers of the steps that are played; a number that comes again is played again."""
Span = tuple[int, int]

FRAME_S = 0.5
_LONGEST_BEAT_S = 2.0
_MOST_BAR_BEATS = 13
_LEAST_BEATS, _LOCAL_BEATS, _NEAR_END = 5, 9, 0.1
"""Least beats of a run whose beats go on, how many give its tempo, and the least beats before the end."""
_LEAST_S = 0.15
"""Shorter steps are joined to their neighbour."""


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Consecutive spans of a recording.

    Attributes
    ----------
    edges_samples : int64, shape (n + 1,), ascending, from 0 to the end of the recording; one number where
        the recording is empty
    bar_positions : int64, shape (n,), 1 for the first beat of a bar, 0 for a step without a beat
    """

    edges_samples: Positions
    bar_positions: Positions
    rate_hz: int

    def __len__(self) -> int:
        return len(self.bar_positions)

    @property
    def edges_s(self) -> NDArray[np.float64]:
        """Return the edges in seconds, shape (n + 1,)."""
        return self.edges_samples / self.rate_hz

    @property
    def lengths_s(self) -> NDArray[np.float64]:
        """Return how long each step is, shape (n,)."""
        return np.diff(self.edges_s)

    @property
    def bar_beats(self) -> int:
        """The usual number of beats in a bar."""
        lengths = np.diff(np.flatnonzero(self.bar_positions == 1))
        lengths = lengths[(lengths > 1) & (lengths < _MOST_BAR_BEATS)]
        return int(np.bincount(lengths).argmax()) if len(lengths) else 4

    def nearest_edge(self, place_s: float) -> int:
        """Return the number of the edge that is nearest to a moment, 0 to n."""
        return int(np.argmin(np.abs(self.edges_s - place_s)))

    def nearest_steps(self, places_s: NDArray[np.float64]) -> Positions:
        """Return the steps that begin nearest to some moments, shape (k,)."""
        starts = self.edges_s[:-1]
        after = np.clip(np.searchsorted(starts, places_s), 1, max(len(starts) - 1, 1))
        is_before = places_s - starts[after - 1] <= starts[np.minimum(after, len(starts) - 1)] - places_s
        return np.where(is_before, after - 1, np.minimum(after, len(starts) - 1)).astype(np.int64)

    def within(self, start_samples: int, stop_samples: int) -> tuple[int, int]:
        """Return the steps [first, last) with their middle in a span."""
        middles = (self.edges_samples[1:] + self.edges_samples[:-1]) // 2
        first, last = np.searchsorted(middles, [start_samples, stop_samples])
        return int(first), int(last)


@dataclass(frozen=True, slots=True)
class Section:
    """Steps [first, last) of a section or a phrase, and the number of its label."""

    first: int
    last: int
    label: int


def with_outer_beats(grid: BeatGrid, played_s: NDArray[np.float64], rate_hz: int) -> BeatGrid:
    """Return a grid whose beats go on to the start and the end of each run of playing, in its own tempo.

    Beats are detected by sounds: a last bar that dies away has fewer than it lasts.

    Parameters
    ----------
    played_s : shape (k, 2), runs of playing, ascending and apart
    """
    beats_s, count = grid.beats_samples / rate_hz, int(grid.bar_positions.max(initial=4))
    found: list[tuple[float, int]] = []
    for start_s, stop_s in played_s.tolist():
        inside = slice(*np.searchsorted(beats_s, [start_s, stop_s]).tolist())
        own, positions = beats_s[inside], grid.bar_positions[inside]
        before, after = np.zeros(0), np.zeros(0)
        if len(own) >= _LEAST_BEATS:
            first_s, last_s = np.median(np.diff(own[:_LOCAL_BEATS])), np.median(np.diff(own[-_LOCAL_BEATS:]))
            if max(first_s, last_s) < _LONGEST_BEAT_S:
                before = np.arange(own[0] - first_s, start_s, -first_s)[::-1]
                after = np.arange(own[-1] + last_s, stop_s - _NEAR_END * last_s, last_s)
        if not len(own):
            continue
        found += [
            (at, (int(positions[0]) - len(before) + n - 1) % count + 1)
            for n, at in enumerate(before.tolist())
        ]
        found += zip(own.tolist(), positions.tolist(), strict=True)
        found += [(at, (int(positions[-1]) + n) % count + 1) for n, at in enumerate(after.tolist())]
    places = np.rint(np.array([at for at, _ in found]) * rate_hz).astype(np.int64)
    return replace(grid, beats_samples=places, bar_positions=np.array([bar for _, bar in found], np.int64))


def steps_of(grid: BeatGrid, played_s: Positions | NDArray[np.float64], length: int, rate_hz: int) -> Steps:
    """Return the steps of a recording.

    Parameters
    ----------
    played_s : shape (k, 2), where music is played between one break and the next, ascending and apart; beats
        count there alone
    length : of the recording, in samples
    """
    if length <= 0:
        return Steps(np.zeros(1, np.int64), np.zeros(0, np.int64), rate_hz)
    edges, positions = [0], [0]
    at = 0
    for start_s, stop_s in np.asarray(played_s, np.float64).reshape(-1, 2).tolist():
        start, stop = (min(s_to_samples(place, rate_hz), length) for place in (start_s, stop_s))
        if stop - max(start, at) < _LEAST_S * rate_hz:
            continue
        first, last = np.searchsorted(grid.beats_samples, [start, stop])
        _fill(edges, positions, start, rate_hz)
        for beat, bar in zip(grid.beats_samples[first:last], grid.bar_positions[first:last], strict=True):
            _fill(edges, positions, int(beat), rate_hz, longest_s=_LONGEST_BEAT_S)
            if edges[-1] == int(beat) or int(beat) - edges[-1] < _LEAST_S * rate_hz:
                positions[-1] = int(bar)
        _fill(edges, positions, stop, rate_hz, longest_s=_LONGEST_BEAT_S)
        at = edges[-1]
    _fill(edges, positions, length, rate_hz)
    if edges[-1] != length:
        edges[-1] = length
    return Steps(np.array(edges, np.int64), np.array(positions[:-1], np.int64), rate_hz)


def _fill(
    edges: list[int], positions: list[int], to: int, rate_hz: int, longest_s: float = FRAME_S * 1.5
) -> None:
    """Add edges up to a place: it alone where it is near, else half seconds on the way."""
    least, frame = round(_LEAST_S * rate_hz), max(1, round(FRAME_S * rate_hz))
    if to - edges[-1] > longest_s * rate_hz:
        while to - edges[-1] >= frame + least:
            edges.append(edges[-1] + frame)
            positions.append(0)
    if to - edges[-1] >= least or (len(edges) == 1 and to > 0 and least > to):
        edges.append(to)
        positions.append(0)


def order_of(spans: Iterable[Span]) -> Order:
    """Return the order that plays spans [first, last) of steps one after the other."""
    parts = [np.arange(first, last, dtype=np.int64) for first, last in spans if last > first]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def order_or_all(spans: Iterable[Span], n: int) -> Order:
    """Return the order that plays spans of a recording of n steps; all of it if nothing would be left."""
    order = order_of(spans)
    return order if len(order) else np.arange(n)


def spans_of(order: Order) -> list[Span]:
    """Return the spans [first, last) of steps that follow each other in a recording, in the order played."""
    if not len(order):
        return []
    starts = np.concatenate([[0], np.flatnonzero(np.diff(order) != 1) + 1])
    stops = np.concatenate([starts[1:], [len(order)]])
    return [(int(order[first]), int(order[last - 1]) + 1) for first, last in zip(starts, stops, strict=True)]


def plays(order: Order, n: int) -> NDArray[np.int64]:
    """Return how often each of n steps is played, shape (n,)."""
    return np.bincount(order, minlength=n).astype(np.int64)


def order_of_spans(spans_samples: Iterable[Span], steps: Steps) -> Order:
    """Return the order that an edit plays, given the spans of samples it plays."""
    return order_of(steps.within(start, stop) for start, stop in spans_samples)


def length_s(order: Order, steps: Steps) -> float:
    """Return how long it lasts."""
    return float(steps.lengths_s[order].sum()) if len(order) else 0.0
