"""Accepted edits that cannot both hold: told, and decided by the user; until then both do what they can.

A span that is moved to two places or repeated in two numbers, something laid into a span that is itself taken
away, and a slice that two edits slip by different amounts. What is dropped and held, or replaced and slipped,
is no conflict: there the kinds have an order (decision 41).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.kinds.operations import Operation, Order, Shift
from engine.document.state import DocumentState
from engine.document.table import Mask, ProposalTable, table_of
from engine.errors import DocumentError

Places = NDArray[np.int64]

_PAIRS_AT_ONCE = 1 << 20


def conflicts_of(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    """Return the accepted proposals that cannot hold beside this one, in the order of the timeline.

    Raises
    ------
    DocumentError : a kind is unknown, or a payload is not one of its kind
    """
    table = table_of(state)
    here = table.made.places[proposal_id]
    own = table.effect(here)
    if not any(isinstance(one, Order | Shift) for one in own):
        return ()
    others = table.are(Verdict.ACCEPTED) & ~table.made.drops
    others[here] = False
    return tuple(
        table.made.ids[place]
        for place in np.flatnonzero(others).tolist()
        if any(_clash(one, other) for one, other in product(own, table.effect(place)))
    )


def in_conflict(state: DocumentState) -> Mask:
    """Return which accepted proposals cannot hold beside another one, by place in the table, shape (n,).

    What this version does not know conflicts with nothing.
    """
    global _latest
    table, known = table_of(state), _latest
    asked = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    if known is None or known[0] is not table.effects or not np.array_equal(known[1], asked):
        _latest = known = table.effects, asked, _found(table, asked)
    return known[2]


_latest: tuple[dict[int, tuple[Operation, ...]], Mask, Mask] | None = None
"""The effects and the chosen proposals that were asked about last: answers to cuts alter neither."""


def _found(table: ProposalTable, asked: Mask) -> Mask:
    found = np.zeros(len(asked), bool)
    orders: list[tuple[int, Order]] = []
    shifts: list[tuple[int, Shift]] = []
    for place in np.flatnonzero(asked).tolist():
        for one in _effect(table, place):
            if isinstance(one, Order):
                orders.append((place, one))
            elif isinstance(one, Shift):
                shifts.append((place, one))
    for listed, pairs in ((orders, _ordered_pairs), (shifts, _overlapping)):
        if len(listed) < 2:
            continue
        edges = np.array([(one.start_samples, one.stop_samples) for _, one in listed], np.int64)
        ats = np.array([one.at_samples if isinstance(one, Order) else 0 for _, one in listed], np.int64)
        # by how much each slips; not a number is like nothing, itself included
        by = np.array([one.by_samples if isinstance(one, Shift) else np.nan for _, one in listed])
        places = np.array([place for place, _ in listed])
        for first, second in pairs(edges[:, 0], edges[:, 1], ats):
            told = found[places[first]] & found[places[second]]
            open_pairs = ~told & (by[first] != by[second]) & (places[first] != places[second])
            for here, there in zip(first[open_pairs].tolist(), second[open_pairs].tolist(), strict=True):
                if _clash(listed[here][1], listed[there][1]):
                    found[places[here]] = found[places[there]] = True
    return found


def _effect(table: ProposalTable, place: int) -> tuple[Operation, ...]:
    try:
        return table.effect(place)
    except DocumentError:
        return ()


def _ordered_pairs(starts: Places, stops: Places, ats: Places) -> Iterator[tuple[Places, Places]]:
    yield from _overlapping(starts, stops, ats)
    order = np.argsort(ats, kind="stable")
    first = np.searchsorted(ats[order], starts, "right")
    last = np.searchsorted(ats[order], stops, "left")
    for here, there in _runs(first, np.maximum(last, first)):
        yield here, order[there]


def _overlapping(starts: Places, stops: Places, ats: Places) -> Iterator[tuple[Places, Places]]:  # noqa: ARG001
    """Yield the pairs of spans that overlap, each once."""
    order = np.argsort(starts, kind="stable")
    first = np.arange(1, len(order) + 1)
    last = np.searchsorted(starts[order], stops[order], "left")
    for here, there in _runs(first, np.maximum(last, first)):
        yield order[here], order[there]


def _runs(first: Places, last: Places) -> Iterator[tuple[Places, Places]]:
    """Yield each index with every one of [first, last), some of them at a time."""
    counts = last - first
    ends = np.cumsum(counts)
    begin = 0
    while begin < len(counts):
        before = ends[begin - 1] if begin else 0
        stop = max(int(np.searchsorted(ends, before + _PAIRS_AT_ONCE, "right")), begin + 1)
        some = counts[begin:stop]
        here = np.repeat(np.arange(begin, stop), some)
        yield here, np.arange(len(here)) - np.repeat(np.cumsum(some) - some, some) + first[here]
        begin = stop


def _clash(one: Operation, other: Operation) -> bool:
    if isinstance(one, Order) and isinstance(other, Order):
        both_go = not one.stays and not other.stays and _overlap(one, other)
        return (
            both_go or _is_counted_twice(one, other) or _is_laid_into(one, other) or _is_laid_into(other, one)
        )
    if isinstance(one, Shift) and isinstance(other, Shift):
        shared = not one.tracks or not other.tracks or bool(set(one.tracks) & set(other.tracks))
        return shared and _overlap(one, other) and one.by_samples != other.by_samples
    return False


def _overlap(one: Order | Shift, other: Order | Shift) -> bool:
    return one.start_samples < other.stop_samples and other.start_samples < one.stop_samples


def _is_counted_twice(one: Order, other: Order) -> bool:
    """Tell whether two repeats of one span come in the same place, in two numbers."""
    same = (one.start_samples, one.stop_samples) == (other.start_samples, other.stop_samples)
    is_there = (one.at_samples, one.rank) == (other.at_samples, other.rank)
    return same and is_there and one.stays and other.stays


def _is_laid_into(one: Order, other: Order) -> bool:
    return not other.stays and other.start_samples < one.at_samples < other.stop_samples
