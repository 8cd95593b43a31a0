"""Timing: from drops, holds and orders to the edit list.

The recording is first split at the targets of orders, and their spans are inserted; then dropped and not
held material is removed from every piece, including copies. The result does not depend on the sequence in
which the operations are given.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import DocumentError
from engine.core.timebase import s_to_samples, s_to_samples_array, united
from engine.document.kinds.operations import Order
from engine.document.limits import MOST_PIECES
from engine.sound.edl.edit_list import INSERTED_FROM, EditList

EDGE_FADE_MS = 5.0
"""Length of the fade where a cut leaves the start or the end of the result exposed."""

SHORTEST_KEPT_MS = 1.0
"""A piece left between two cuts that is shorter than this goes with them: it would be a click."""

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Orders:
    """Orders as columns, see `engine.document.kinds.operations.Order`; arrays of shape (n,)."""

    starts: Positions
    stops: Positions
    ats: Positions
    times: Positions
    stays: NDArray[np.bool_]
    crossfades_ms: NDArray[np.float64]
    ranks: Positions

    @classmethod
    def of(cls, orders: Sequence[Order]) -> Orders:
        """Return the columns of orders."""
        rows = [
            (one.start_samples, one.stop_samples, one.at_samples, one.times, one.stays, one.rank)
            for one in orders
        ]
        starts, stops, ats, times, stays, ranks = np.array(rows, np.int64).reshape(-1, 6).T
        fades_ms = np.array([one.crossfade_ms for one in orders], np.float64)
        return cls(starts, stops, ats, times, stays.astype(bool), fades_ms, ranks)

    def and_those(self, other: Orders) -> Orders:
        """Return these and others."""
        return Orders(*(np.append(getattr(self, name), getattr(other, name)) for name in self.__slots__))

    def where(self, chosen: NDArray[np.bool_]) -> Orders:
        """Return those that are chosen, shape (n,)."""
        return Orders(*(getattr(self, name)[chosen] for name in self.__slots__))


NO_ORDERS = Orders.of(())
NO_HOLDS: Positions = np.zeros((0, 2), np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """Pieces of a timeline, in playback order; arrays of shape (n,).

    Attributes
    ----------
    starts, stops : source span of each
    fades_before, fades_after : the requested crossfades at its edges
    orders : index of the order that placed it; -1 at its original place
    """

    starts: Positions
    stops: Positions
    fades_before: Positions
    fades_after: Positions
    orders: Positions


def programme(
    drop_starts: Positions,
    drop_stops: Positions,
    crossfades_ms: NDArray[np.float64],
    holds: Positions,
    orders: Orders,
    length_samples: int,
    rate_hz: int,
) -> EditList:
    """Return the edit list of a timeline.

    A crossfade is centred on its seam and uses material beyond it, so it shortens nothing. It is clipped to
    the available material: the length of a cut, and half of either neighbour.

    Parameters
    ----------
    drop_starts, drop_stops, crossfades_ms : of each drop, shape (n,)
    holds : the spans [start, stop) that no drop removes, shape (m, 2)

    Raises
    ------
    DocumentError : the number of pieces is beyond the limit
    """
    drops = what_drops(drop_starts, drop_stops, crossfades_ms, holds, length_samples, rate_hz)
    played, _ = without_drops(laid_out(orders, length_samples, rate_hz), *drops)
    return _joined(played, length_samples, rate_hz)


def what_drops(
    drop_starts: Positions,
    drop_stops: Positions,
    crossfades_ms: NDArray[np.float64],
    holds: Positions,
    length_samples: int,
    rate_hz: int,
) -> tuple[Positions, Positions, Positions]:
    """Return starts, stops and crossfade lengths of dropped and not held spans, ascending and disjoint."""
    fades = np.rint(crossfades_ms * rate_hz / 1000).astype(np.int64)
    starts, stops, fades = _united_drops(drop_starts, drop_stops, fades, length_samples, rate_hz)
    if len(holds):
        none = np.zeros(len(starts), np.int64)
        dropped = Pieces(starts, stops, fades, fades, none)
        hold_starts, hold_stops = united(holds).T
        dropped, part_of = without_drops(dropped, hold_starts, hold_stops, np.zeros_like(hold_starts))
        starts, stops, fades = _united_drops(
            dropped.starts, dropped.stops, fades[part_of], length_samples, rate_hz
        )
    return starts, stops, fades


def _united_drops(
    starts: Positions, stops: Positions, fades: Positions, length_samples: int, rate_hz: int
) -> tuple[Positions, Positions, Positions]:
    """Return the starts, stops and crossfade lengths of united drops, ascending and disjoint."""
    starts, stops = np.clip(starts, 0, length_samples), np.clip(stops, 0, length_samples)
    order = np.argsort(starts, kind="stable")
    order = order[starts[order] < stops[order]]
    starts, stops, fades = starts[order], stops[order], fades[order]
    if not len(starts):
        return starts, stops, fades

    shortest_rest = max(1, round(SHORTEST_KEPT_MS / 1000 * rate_hz))
    reached = np.maximum.accumulate(stops)
    apart = np.flatnonzero(starts[1:] - reached[:-1] >= shortest_rest) + 1
    first = np.concatenate([[0], apart])
    starts, fades = starts[first], np.maximum.reduceat(fades, first)
    stops = reached[np.concatenate([apart, [len(reached)]]) - 1]
    if starts[0] < shortest_rest:
        starts[0] = 0
    if length_samples - stops[-1] < shortest_rest:
        stops[-1] = length_samples
    return starts, stops, fades


def laid_out(orders: Orders, length_samples: int, rate_hz: int, parted_at: Sequence[int] = ()) -> Pieces:
    """Return the pieces of a timeline in playback order, before drops.

    The recording is split at every target of an order, and at the edges of moved spans; spans with one target
    are sorted by rank, then by source position.

    Parameters
    ----------
    parted_at : further places at which to split, without a jump

    Raises
    ------
    DocumentError : the number of pieces is beyond the limit
    """
    at, begin, end, times, fade, stays, numbers = _in_order(orders, length_samples, rate_hz)
    away = stays == 0
    parted = np.clip(np.asarray(parted_at, np.int64), 0, length_samples)
    edges = np.unique(np.concatenate([[0, length_samples], at, begin[away], end[away], parted]))
    fades, taken = np.zeros(len(edges), np.int64), np.zeros(len(edges), np.int64)
    for places, wished in ((at, fade), (begin[away], fade[away]), (end[away], fade[away])):
        np.maximum.at(fades, np.searchsorted(edges, places), wished)
    np.add.at(taken, np.searchsorted(edges, begin[away]), 1)
    np.add.at(taken, np.searchsorted(edges, end[away]), -1)
    stands = np.cumsum(taken)[:-1] == 0
    laid = np.repeat(np.arange(len(at)), times)
    # What is laid at a place comes before the piece that begins there, and after all that came before.
    where = np.concatenate([2 * np.searchsorted(edges, at[laid]), 2 * np.flatnonzero(stands) + 1])
    order = np.argsort(where, kind="stable")
    return Pieces(
        np.concatenate([begin[laid], edges[:-1][stands]])[order],
        np.concatenate([end[laid], edges[1:][stands]])[order],
        np.concatenate([fade[laid], fades[:-1][stands]])[order],
        np.concatenate([fade[laid], fades[1:][stands]])[order],
        np.concatenate([numbers[laid], np.full(int(stands.sum()), -1)])[order],
    )


def _in_order(orders: Orders, length_samples: int, rate_hz: int) -> Positions:
    """Return places, starts, stops, times, crossfades, whether they stay, and numbers, shape (7, orders).

    They are sorted as they are laid.
    """
    count = int(orders.times.sum())
    if count > MOST_PIECES:
        raise DocumentError(
            f"The repeats of this document make {count:,} pieces, and {MOST_PIECES:,} are the most: "
            "undo some of them."
        )
    ats, starts, stops = np.clip([orders.ats, orders.starts, orders.stops], 0, length_samples)
    is_insert = orders.starts >= INSERTED_FROM
    starts, stops = np.where(is_insert, [orders.starts, orders.stops], [starts, stops])
    fades = s_to_samples_array(orders.crossfades_ms / 1000, rate_hz)
    numbers = np.arange(len(ats))
    columns = (ats, starts, stops, orders.times, fades, orders.stays.astype(np.int64), numbers)
    order = np.lexsort((*columns[:0:-1], orders.ranks, ats))
    return np.stack(columns)[:, order]


def without_drops(
    pieces: Pieces, drop_starts: Positions, drop_stops: Positions, drop_fades: Positions
) -> tuple[Pieces, Positions]:
    """Return the non-empty parts of the pieces outside the drops, and the index of the piece of each."""
    starts, stops = pieces.starts, pieces.stops
    first = np.searchsorted(drop_stops, starts, side="right")
    last = np.searchsorted(drop_starts, stops, side="left")
    counts = np.maximum(last - first, 0) + 1
    piece = np.repeat(np.arange(len(starts)), counts)
    number = np.arange(len(piece)) - np.repeat(np.cumsum(counts) - counts, counts)
    # the drop after each part; where there is none, the last one does not matter
    drop = first[piece] + number
    is_first, is_last = number == 0, number == counts[piece] - 1
    none = np.zeros(1, np.int64)
    ends, begins, fades = (np.concatenate([one, none]) for one in (drop_starts, drop_stops, drop_fades))
    before, after = np.maximum(drop - 1, 0), np.minimum(drop, len(drop_starts))
    found_starts = np.where(is_first, starts[piece], begins[before])
    found_stops = np.where(is_last, stops[piece], ends[after])
    wished_before = np.where(is_first, pieces.fades_before[piece], fades[before])
    wished_after = np.where(is_last, pieces.fades_after[piece], fades[after])
    is_left = found_starts < found_stops
    columns = (found_starts, found_stops, wished_before, wished_after, pieces.orders[piece])
    return Pieces(*(column[is_left] for column in columns)), piece[is_left]


def _joined(pieces: Pieces, length_samples: int, rate_hz: int) -> EditList:
    """Return the edit list of pieces in playback order, each extended by its share of a fade."""
    starts, stops = pieces.starts, pieces.stops
    if not len(starts):
        return EditList.of((), rate_hz, 0, length_samples)
    jumps = np.flatnonzero(starts[1:] != stops[:-1])
    first, last = np.concatenate([[0], jumps + 1]), np.concatenate([jumps, [len(starts) - 1]])
    starts, stops = starts[first], stops[last]
    fades_before, fades_after = pieces.fades_before[first], pieces.fades_after[last]

    lengths = stops - starts
    half_room = lengths // 2
    edge = s_to_samples(EDGE_FADE_MS / 1000, rate_hz)
    gaps = starts[1:] - stops[:-1]
    room = np.minimum(half_room[:-1], half_room[1:])
    room = np.where(gaps > 0, np.minimum(gaps, room), room)
    # A fade needs material before what comes and after what went.
    after = np.where(stops >= INSERTED_FROM, lengths, length_samples - stops)[:-1]
    room = np.minimum(room, np.minimum(starts[1:], after))
    inner = np.minimum(np.maximum(fades_after[:-1], fades_before[1:]), 2 * room)
    fade_in = np.concatenate([np.zeros(1, np.int64), inner])
    fade_out = np.concatenate([inner, np.zeros(1, np.int64)])
    if 0 < starts[0] < INSERTED_FROM:
        fade_in[0] = min(edge, int(fades_before[0]), int(half_room[0]))
    if stops[-1] < length_samples:
        fade_out[-1] = min(edge, int(fades_after[-1]), int(half_room[-1]))
    before, after = fade_in // 2, fade_out - fade_out // 2
    before[0] = after[-1] = 0  # an exposed edge fades within itself
    return EditList(
        starts - before,
        stops + after,
        np.cumsum(lengths) - lengths - before,
        fade_in,
        fade_out,
        rate_hz,
        int(lengths.sum()),
        length_samples,
    )
