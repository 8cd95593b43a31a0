"""Conflicts: accepted edits that exclude each other. The user decides; until then both apply if possible.

Conflicts are: a span moved to two places or repeated two different numbers of times, a span or silence placed
inside another span that is moved away, a slice that two edits slip by different amounts, hits moved past each
other, a recorder aligned in two ways, two takes that one track would play at once, a repair where another
take plays, and two repairs of one place if neither was made from the output of the other. Drop and hold, or
replacement and slip, do not conflict: their kinds have an order (decision 2).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import DocumentError
from engine.document.kinds.operations import (
    Insert,
    Lift,
    Operation,
    Order,
    Raise,
    Reclock,
    Replace,
    Shift,
    Slice,
)
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, Mask, ProposalTable, table_of
from engine.sound.edl.edit_list import INSERTED_FROM

Places = NDArray[np.int64]
_Sounding = Raise | Shift | Slice | Lift | Reclock | Replace
Contender = Order | Raise | Shift | Slice | Lift | Reclock | Replace

_PAIRS_AT_ONCE = 1 << 20


@dataclass(frozen=True, eq=False)
class _Contenders:
    """Proposals that could conflict if accepted; arrays of shape (m,), in the order of the table.

    Attributes
    ----------
    made, effects : their origin; decisions that change only verdicts leave both the same objects
    operations : the operation of each on order or position
    places : table row of the proposal of each
    layers : indices of `_LAYERS`: only operations of one layer can conflict
    starts, stops, ats : span, and target of an order (0 for a shift)
    by : shift in samples; NaN for an order, a take, a clock and a repair, which equal nothing, not even
        themselves
    attacks : target of the attack of a slice; NaN for all others
    """

    made: Made
    effects: dict[int, tuple[Operation, ...]]
    operations: tuple[Contender, ...]
    places: Places
    layers: Places
    starts: Places
    stops: Places
    ats: Places
    by: NDArray[np.float64]
    attacks: NDArray[np.float64]

    @classmethod
    def of(cls, table: ProposalTable) -> _Contenders:
        """Return the contenders of a table. Unknown kinds conflict with nothing."""
        found: list[tuple[int, Contender]] = []
        for place in np.flatnonzero(~table.made.drops & table.made.is_known).tolist():
            with suppress(DocumentError):
                found += [(place, one) for one in map(_as_laid, table.effect(place)) if _may_contend(one)]
        places = np.array([place for place, _ in found], np.int64)
        edges = np.array([(one.start_samples, one.stop_samples) for _, one in found], np.int64).reshape(-1, 2)
        ats = np.array([one.at_samples if isinstance(one, Order) else 0 for _, one in found], np.int64)
        by = np.array(
            [one.by_samples if isinstance(one, Shift | Slice | Lift) else np.nan for _, one in found],
            np.float64,
        )
        layers = np.array([_layer(one) for _, one in found], np.int64)
        attacks = np.array([_attack(one) for _, one in found], np.float64)
        operations = tuple(one for _, one in found)
        starts, stops = edges.T
        return cls(table.made, table.effects, operations, places, layers, starts, stops, ats, by, attacks)

    @cached_property
    def firsts(self) -> Places:
        """From where on each can be near to another, shape (m,)."""
        found: Places = np.floor(np.fmin(self.starts, self.attacks)).astype(np.int64)
        return found

    @cached_property
    def lasts(self) -> Places:
        """Up to where, shape (m,)."""
        found: Places = np.floor(np.fmax(self.stops, self.attacks + 1)).astype(np.int64)
        return found

    def near(self, one: Contender) -> Mask:
        """Return which may conflict with an operation at all, shape (m,)."""
        if isinstance(one, Order):
            overlaps = (self.starts < one.stop_samples) & (one.start_samples < self.stops)
            laid_into = (one.start_samples < self.ats) & (self.ats < one.stop_samples)
            holds_it = (self.starts < one.at_samples) & (one.at_samples < self.stops)
            same: Mask = self.layers == _layer(one)
            return same & (overlaps | laid_into | holds_it)
        attack = _attack(one)
        first, last = np.fmin(one.start_samples, attack), np.fmax(one.stop_samples, attack + 1)
        near: Mask = (self.layers == _layer(one)) & (self.firsts < last) & (first <= self.lasts)
        return near

    def may_clash(self, ones: Places, others: Places) -> Mask:
        """Return which pairs of shifts overlap and differ, or change their order; shape (k,)."""
        overlap = (self.starts[ones] < self.stops[others]) & (self.starts[others] < self.stops[ones])
        came = np.sign(self.starts[others] - self.starts[ones])
        passed = came * (self.attacks[others] - self.attacks[ones]) <= 0
        found: Mask = (overlap & (self.by[ones] != self.by[others])) | (passed & (came != 0))
        return found


def _layer(one: Contender) -> int:
    """Return 0 for orders, 1 for shifts of all voices, 2 of one, 3 for clocks, 4 for takes and repairs."""
    if isinstance(one, Raise | Replace):
        return 4
    if isinstance(one, Order | Reclock):
        return 3 if isinstance(one, Reclock) else 0
    return 2 if isinstance(one, Lift) else 1


def _attack(one: Contender) -> float:
    return one.onset_samples + one.by_samples if isinstance(one, Slice) else np.nan


_contenders: _Contenders | None = None


def _contenders_of(table: ProposalTable) -> _Contenders:
    global _contenders
    known = _contenders
    if known is None or known.effects is not table.effects or known.made is not table.made:
        _contenders = known = _Contenders.of(table)
    return known


def conflicts_of(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    """Return the accepted proposals that conflict with this one, in timeline order.

    Raises
    ------
    DocumentError : its kind is unknown, or its payload does not fit its kind
    """
    table = table_of(state)
    here = table.made.places[proposal_id]
    own = [one for one in map(_as_laid, table.effect(here)) if _may_contend(one)]
    if not own:
        return ()
    there = _contenders_of(table)
    others = table.are(Verdict.ACCEPTED)[there.places] & (there.places != here)
    found = {
        int(there.places[number])
        for one in own
        for number in np.flatnonzero(others & there.near(one)).tolist()
        if _clash(one, there.operations[number])
    }
    return tuple(table.made.ids[place] for place in sorted(found))


def in_conflict(state: DocumentState) -> Mask:
    """Return which accepted proposals conflict with another, by row of the table, shape (n,).

    Unknown kinds conflict with nothing.
    """
    global _latest
    table, known = table_of(state), _latest
    there = _contenders_of(table)
    accepted = table.are(Verdict.ACCEPTED)[there.places]
    if known is None or known[0] is not there or not np.array_equal(known[1], accepted):
        found = np.zeros(len(table.made.ids), bool)
        found[there.places[_clashing(there, accepted)]] = True
        _latest = known = there, accepted, found
    return known[2]


_latest: tuple[_Contenders, Mask, Mask] | None = None
"""The latest question and answer: decisions on cuts and changes of level do not alter it."""


def _clashing(there: _Contenders, accepted: Mask) -> Places:
    """Return which of the given contenders conflict with another of them."""
    found = np.zeros(len(there.places), bool)
    for layer in range(5):
        some = np.flatnonzero(accepted & (there.layers == layer))
        pairs = _overlapping if layer else _ordered_pairs
        for first, second in pairs(there.firsts[some], there.lasts[some], there.ats[some]):
            ones, others = some[first], some[second]
            is_open = ~(found[ones] & found[others]) & (there.places[ones] != there.places[others])
            if layer:
                is_open &= there.may_clash(ones, others)
            for one, other in zip(ones[is_open].tolist(), others[is_open].tolist(), strict=True):
                if _clash(there.operations[one], there.operations[other]):
                    found[one] = found[other] = True
    return np.flatnonzero(found)


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
    if isinstance(one, Lift) and isinstance(other, Lift):
        # what bleeds of two voices into a third microphone adds up
        return not one.gains and not other.gains and _share_a_track(one, other) and _move_apart(one, other)
    if isinstance(one, Reclock) and isinstance(other, Reclock):
        ways = {(clock.by_samples, clock.drift_ppm) for clock in (one, other)}
        return len(ways) > 1 and _share_a_track(one, other)
    if isinstance(one, Replace) and isinstance(other, Replace):
        return _share_a_track(one, other) and _overlap(one, other) and not _is_made_of_other(one, other)
    if isinstance(one, Raise | Replace) and isinstance(other, Raise | Replace):
        is_other = not (isinstance(one, Raise) and isinstance(other, Raise) and one.takes == other.takes)
        return is_other and _share_a_track(one, other) and _overlap(one, other)
    if isinstance(one, Shift | Slice) and isinstance(other, Shift | Slice):
        return _share_a_track(one, other) and (_move_apart(one, other) or _pass(one, other))
    return False


def _as_laid(one: Operation) -> Operation:
    """Return an insert as the order that lays its silence; any other operation itself."""
    if not isinstance(one, Insert):
        return one
    return Order(INSERTED_FROM, INSERTED_FROM + 1, one.start_samples, 1, True, rank=one.rank)


def _may_contend(one: Operation) -> TypeGuard[Contender]:
    """Return whether an operation can conflict; a mute cannot, since it covers everything."""
    return isinstance(one, Contender) and not (isinstance(one, Replace) and one.stored is None)


def _is_made_of_other(one: Replace, other: Replace) -> bool:
    """Return whether one repair was made from the output of the other, or both play the same audio."""
    assert one.stored is not None
    assert other.stored is not None
    key, its = one.stored.key, other.stored.key
    return key == its or key in other.over or its in one.over


def _share_a_track(one: _Sounding, other: _Sounding) -> bool:
    return not one.tracks or not other.tracks or bool(set(one.tracks) & set(other.tracks))


def _move_apart(one: Shift | Slice | Lift, other: Shift | Slice | Lift) -> bool:
    return _overlap(one, other) and one.by_samples != other.by_samples


def _pass(one: Shift | Slice, other: Shift | Slice) -> bool:
    """Return whether two hits swap their order or become simultaneous."""
    if not (isinstance(one, Slice) and isinstance(other, Slice)) or one.start_samples == other.start_samples:
        return False
    first, second = (one, other) if one.start_samples < other.start_samples else (other, one)
    return _attack(first) >= _attack(second)


def _overlap(one: Contender, other: Contender) -> bool:
    return one.start_samples < other.stop_samples and other.start_samples < one.stop_samples


def _is_counted_twice(one: Order, other: Order) -> bool:
    """Return whether two orders repeat one span at the same place a different number of times."""
    same = (one.start_samples, one.stop_samples) == (other.start_samples, other.stop_samples)
    is_there = (one.at_samples, one.rank) == (other.at_samples, other.rank)
    is_sound = one.start_samples < INSERTED_FROM  # of two inserts at a place, both play
    return same and is_there and is_sound and one.stays and other.stays


def _is_laid_into(one: Order, other: Order) -> bool:
    return not other.stays and other.start_samples < one.at_samples < other.stop_samples
