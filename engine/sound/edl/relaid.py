"""Update the layout of a track's slices after a decision: only near the change.

The layout of a segment depends on its neighbours alone, through the joints on both sides. So the changed
slices are laid out again with some slices around them, and spliced into the previous layout where both
agree over a few segments in a row without hidden segments between them:

- The inputs of such a segment, including its attacks before and after, are compared, so that joints between
  them are the same. As long as two neighbours are audible, drops on one side do not affect the other.
- Whether a gap is filled depends on the start of the segment before it, and on the end of the one after it:
  both are compared. Crossfades reach no farther.
- An attack is known on the side of the change, so that no segment farther away looks beyond it.
- No slice from outside reaches into the new layout.

Without such a place nearby, all slices are laid out again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import compress, count, pairwise
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.operations import Slice
from engine.sound.edl.slices import LaidOut, Segments, laid_out, ordered, span_of, spans_of

AROUND = (8, 64)
"""Slices on both sides of a change to lay out again: first few, then more, then all."""
ALIKE = 4
"""Equal segments in a row where two layouts are joined: in their middle."""

_Change = tuple[int, int, int]
"""The first slice that changed, and up to which ones before and now."""


def laid_out_near(before: LaidOut | None, slices: Sequence[Slice], rate_hz: int) -> LaidOut:
    """Return the layout of slices of one track, in any order.

    Parameters
    ----------
    before : layout of most of these, at the same rate; None if unknown
    """
    given = tuple(slices)
    if before is None or len(before.slices) < 2 * AROUND[0]:
        return laid_out(ordered(given), rate_hz)
    change = _change(before.slices, given)
    if change is None:
        return before
    if not _is_ordered(given, change):
        given = ordered(given)
        change = _change(before.slices, given)
    if change is None:
        return before
    first, stop_before, stop = change
    spans = np.concatenate([before.spans[:first], spans_of(given[first:stop]), before.spans[stop_before:]])
    for low, high in _windows(spans, change):
        anew = laid_out(given[low:high], rate_hz)
        found = _joined(before, anew, given, spans, change, (low == 0, high == len(given)))
        if found is not None:
            return found
    return laid_out(given, rate_hz)


def _is_ordered(given: tuple[Slice, ...], change: _Change) -> bool:
    """Return whether slices are sorted; only those near the change need a check."""
    first, _, stop = change
    return all(span_of(one) < span_of(other) for one, other in pairwise(given[max(first - 1, 0) : stop + 1]))


def _change(before: tuple[Slice, ...], now: tuple[Slice, ...]) -> _Change | None:
    """Return the range of slices that changed; None if none did."""
    most = min(len(before), len(now))
    first = next(compress(count(), map(_differ, before, now)), most)
    if first == len(before) == len(now):
        return None
    same = next(compress(count(), map(_differ, reversed(before), reversed(now))), most)
    same = min(same, most - first)
    return first, len(before) - same, len(now) - same


def _differ(before: Slice, now: Slice) -> bool:
    """Return whether two slices differ; a document read again has equal slices in other objects."""
    return before is not now and before != now


def _windows(spans: NDArray[np.int64], change: _Change) -> Iterator[tuple[int, int]]:
    """Yield ranges of slices around the change that no other slice reaches into."""
    starts, stops = spans.T
    apart = np.flatnonzero(starts[1:] >= np.maximum.accumulate(stops)[:-1]) + 1
    first, _, stop = change
    for around in AROUND:
        low = int(np.searchsorted(apart, first - around, "right")) - 1
        high = int(np.searchsorted(apart, stop + around, "left"))
        yield int(apart[low]) if low >= 0 else 0, int(apart[high]) if high < len(apart) else len(spans)


def _joined(
    before: LaidOut,
    anew: LaidOut,
    now: tuple[Slice, ...],
    spans: NDArray[np.int64],
    change: _Change,
    at_end: tuple[bool, bool],
) -> LaidOut | None:
    """Return the spliced layout; None if one side has no place where both agree."""
    changed = before.slices[change[0] : change[1]] + now[change[0] : change[2]]
    begins = min(one.start_samples for one in changed)
    ends = max(one.stop_samples for one in changed)
    size = len(before.segments.starts), len(anew.segments.starts)
    last = int(np.searchsorted(anew.segments.stops, begins, "right"))  # all up to here end before the change
    left = (0, 0) if at_end[0] else _agreeing(before, anew, range(last - ALIKE, -1, -1), ALIKE - 1)
    first = int(np.searchsorted(anew.segments.starts, ends, "left"))
    right = size if at_end[1] else _agreeing(before, anew, range(first, size[1] - ALIKE + 1), 0)
    if left is None or right is None or right[1] < left[1] or right[0] < left[0]:
        return None
    return _put_together(before, anew, now, spans, left, right)


def _agreeing(before: LaidOut, anew: LaidOut, places: Iterable[int], known: int) -> tuple[int, int] | None:
    """Return the middle of segments on which the previous and the new layout agree, as an index into each.

    Parameters
    ----------
    places : of the first of them in the new layout, in the order to try
    known : the one of them, counted from the first, whose attack must be known
    """
    for place in places:
        is_known = not np.isnan(anew.segments.attacks[place + known])
        if is_known and (there := _alike(before, anew, place)) is not None:
            return there + ALIKE // 2, place + ALIKE // 2
    return None


def _alike(before: LaidOut, anew: LaidOut, place: int) -> int | None:
    """Return which segments of those before the ones from a place on are, where they come to the same."""
    there = int(before.segments.starts.searchsorted(anew.segments.starts[place]))
    old, new = slice(there, there + ALIKE), slice(place, place + ALIKE)
    for name in _COLUMNS:
        one, other = getattr(before.segments, name)[old], getattr(anew.segments, name)[new]
        if not np.array_equal(one, other, equal_nan=True):
            return None
    same = np.array_equal(before.opens[old], anew.opens[new])
    return there if same and np.array_equal(before.begins[old], anew.begins[new]) else None


_COLUMNS = tuple(one.name for one in fields(Segments))


def _put_together(
    before: LaidOut,
    anew: LaidOut,
    now: tuple[Slice, ...],
    spans: NDArray[np.int64],
    left: tuple[int, int],
    right: tuple[int, int],
) -> LaidOut:
    """Splice layouts: the previous up to the left place, the new up to the right, then the previous."""
    head, body, tail = slice(0, left[0]), slice(left[1], right[1]), slice(right[0], None)
    of_head = slice(0, int(before.owners.searchsorted(left[0])))
    of_body = slice(*(int(at) for at in anew.owners.searchsorted([left[1], right[1]])))
    of_tail = slice(int(before.owners.searchsorted(right[0])), None)
    owners = (
        before.owners[of_head],
        anew.owners[of_body] + (left[0] - left[1]),
        before.owners[of_tail] + (left[0] - left[1] + right[1] - right[0]),
    )
    by_segment, by_piece = (head, body, tail), (of_head, of_body, of_tail)

    def joined(name: str, parts: tuple[slice, ...]) -> NDArray[Any]:
        column = attrgetter(name)
        layouts = zip((before, anew, before), parts, strict=True)
        return np.concatenate([column(one)[part] for one, part in layouts])

    return LaidOut(
        now,
        spans,
        Segments(*(joined(f"segments.{name}", by_segment) for name in _COLUMNS)),
        joined("opens", by_segment),
        joined("begins", by_segment),
        before.pieces[of_head] + anew.pieces[of_body] + before.pieces[of_tail],
        np.concatenate(owners),
        joined("columns", by_piece),
        joined("by_samples", by_piece),
    )
