"""Operations of proposals, gathered by class as columns: a subset of thousands is selected at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import DocumentError
from engine.core.latest import found_once
from engine.core.timebase import within
from engine.document.kinds.operations import Drop, Hold, Insert, Operation, Order, Sounding
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.table import Made, Mask, Positions, ProposalTable, table_of
from engine.sound.edl.edit_list import laid_inserts
from engine.sound.edl.programme import Orders


@dataclass(frozen=True, slots=True)
class OrderOfTracks:
    """The order that lays an insert of some tracks alone.

    Attributes
    ----------
    tracks : ids
    """

    tracks: tuple[str, ...]
    order: Order


OfTracks = Drop | OrderOfTracks
"""A cut or an insert of some tracks alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """Operations of the chosen proposals, by class.

    Attributes
    ----------
    drop_starts, drop_stops, crossfades_ms : of each drop, shape (n,)
    holds : the spans that no drop removes, shape (m, 2)
    orders, laid_by : the orders, and the id of the proposal of each
    sounding : operations on sound
    own : cuts and inserts of some tracks alone
    """

    drop_starts: Positions
    drop_stops: Positions
    crossfades_ms: NDArray[np.float64]
    holds: Positions
    orders: Orders
    laid_by: tuple[str, ...]
    sounding: tuple[Sounding, ...]
    own: tuple[OfTracks, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _SpeltOut:
    """Operations of all proposals that do more than drop their span, with the table row of each.

    Attributes
    ----------
    is_spelt_out : shape (n,), whether the operations of a proposal are listed here
    refused : rows of proposals whose payload does not fit their kind
    """

    is_spelt_out: Mask
    refused: Positions
    drops_of: Positions
    drops: NDArray[np.int64]
    crossfades_ms: NDArray[np.float64]
    holds_of: Positions
    holds: Positions
    orders_of: Positions
    orders: Orders
    sounding_of: Positions
    sounding: NDArray[np.object_]
    own_of: Positions
    own: NDArray[np.object_]


def gathered(state: DocumentState, chosen: Mask) -> Gathered:
    """Return the operations of the chosen proposals, shape (n,).

    Raises
    ------
    DocumentError : a payload does not fit its kind
    """
    table = table_of(state)
    listed, made = _spelt_out(table), table.made
    for place in listed.refused[chosen[listed.refused]].tolist():
        table.effect(place)  # raises the reason
    plain = chosen & ~listed.is_spelt_out
    is_drop, is_order = chosen[listed.drops_of], chosen[listed.orders_of]
    starts, stops = listed.drops[is_drop].T
    return Gathered(
        np.concatenate([table.starts_samples[plain], starts]),
        np.concatenate([table.stops_samples[plain], stops]),
        np.concatenate([made.crossfades_ms[plain], listed.crossfades_ms[is_drop]]),
        listed.holds[chosen[listed.holds_of]],
        listed.orders.where(is_order),
        tuple(made.ids[place] for place in listed.orders_of[is_order].tolist()),
        tuple(listed.sounding[chosen[listed.sounding_of]].tolist()),
        tuple(listed.own[chosen[listed.own_of]].tolist()),
    )


def gathered_operations(operations: Sequence[Operation]) -> Gathered:
    """Return operations by class, as if each were of a proposal of its own."""
    listed = _sorted_out([(0, one) for one in operations], np.zeros(0, bool), np.zeros(0, np.int64))
    starts, stops = listed.drops.T
    sounding, own = tuple(listed.sounding.tolist()), tuple(listed.own.tolist())
    return Gathered(starts, stops, listed.crossfades_ms, listed.holds, listed.orders, (), sounding, own)


@found_once
def gathered_accepted(state: DocumentState) -> Gathered:
    """Return the operations of the accepted proposals; see `gathered`."""
    return gathered(state, table_of(state).are(Verdict.ACCEPTED))


def is_arranged(state: DocumentState) -> bool:
    """Return whether anything is repeated or moved, without computing the arrangement."""
    table = table_of(state)
    return bool(table.are(Verdict.ACCEPTED)[_spelt_out(table).orders_of].any())


def changes_only(state: DocumentState, spans: Positions) -> Mask:
    """Return which proposals only remove or change audio within the given spans, shape (n,).

    Proposals that hold or move audio, or have no effect on it, are not among them.

    Parameters
    ----------
    spans : shape (m, 2), ascending and disjoint
    """
    table = table_of(state)
    listed = _spelt_out(table)
    found = ~listed.is_spelt_out
    found[listed.drops_of] = found[listed.sounding_of] = True
    found[listed.drops_of[~within(listed.drops, spans)]] = False
    found[listed.holds_of] = found[listed.orders_of] = found[listed.own_of] = False
    return found & within(np.column_stack([table.starts_samples, table.stops_samples]), spans)


_latest: tuple[Made, dict[int, tuple[Operation, ...]], _SpeltOut] | None = None


def _spelt_out(table: ProposalTable) -> _SpeltOut:
    """Return the operations of a table; they are those of the table before where no effect changed."""
    global _latest
    known = _latest
    if known is None or known[0] is not table.made or known[1] is not table.effects:
        _latest = known = table.made, table.effects, _collected(table)
    return known[2]


def _collected(table: ProposalTable) -> _SpeltOut:
    is_spelt_out = table.is_spelt_out
    refused: list[int] = []
    operations: list[tuple[int, Operation]] = []
    for place in np.flatnonzero(is_spelt_out).tolist():
        try:
            operations += [(place, one) for one in table.effect(place)]
        except DocumentError:
            refused.append(place)
    return _sorted_out(operations, is_spelt_out, np.array(refused, np.int64))


def _sorted_out(
    operations: Sequence[tuple[int, Operation]], is_spelt_out: Mask, refused: Positions
) -> _SpeltOut:
    """Return operations, each with its row, by class."""
    drops: list[tuple[int, Drop]] = []
    holds: list[tuple[int, Hold]] = []
    orders: list[tuple[int, Order]] = []
    inserts: list[tuple[int, Insert]] = []
    sounding: list[tuple[int, Sounding]] = []
    own: list[tuple[int, OfTracks]] = []
    for place, one in operations:
        match one:
            case Drop() if one.tracks:
                own.append((place, one))
            case Drop():
                drops.append((place, one))
            case Hold():
                holds.append((place, one))
            case Order():
                orders.append((place, one))
            case Insert():
                inserts.append((place, one))
            case _:
                sounding.append((place, one))
    for (place, one), (order, tone) in zip(inserts, laid_inserts(one for _, one in inserts), strict=True):
        if one.tracks:
            own.append((place, OrderOfTracks(one.tracks, order)))
        else:
            orders.append((place, order))
        sounding += [] if tone is None else [(place, tone)]
    return _SpeltOut(
        is_spelt_out,
        refused,
        _places(drops),
        _spans([one for _, one in drops]),
        np.array([one.crossfade_ms for _, one in drops], np.float64),
        _places(holds),
        _spans([one for _, one in holds]),
        _places(orders),
        Orders.of([one for _, one in orders]),
        _places(sounding),
        _objects(sounding),
        _places(own),
        _objects(own),
    )


def _places(rows: Sequence[tuple[int, object]]) -> Positions:
    return np.array([place for place, _ in rows], np.int64)


def _objects(rows: Sequence[tuple[int, object]]) -> NDArray[np.object_]:
    found = np.empty(len(rows), object)
    found[:] = [one for _, one in rows]
    return found


def _spans(operations: Sequence[Drop | Hold]) -> Positions:
    rows = [(one.start_samples, one.stop_samples) for one in operations]
    return np.array(rows, np.int64).reshape(-1, 2)
