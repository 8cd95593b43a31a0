"""From decisions to what is heard.

It depends only on which proposals are accepted, never on their order: what each does is gathered as
operations, and each class of them has one place, `engine.edl.programme` for when things sound and
`engine.edl.patches` for what sounds.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.kinds.operations import Drop, Gain, Hold, Order, Replace, Shift, Sounding
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.edl.edit_list import EditList
from engine.edl.patches import patches_by_track
from engine.edl.programme import EDGE_FADE_MS, programme


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What chosen proposals do, by class.

    Attributes
    ----------
    drop_starts, drop_stops, crossfades_ms : of each drop, shape (n,)
    orders, laid_by : of each order, and the id of the proposal that asks for it
    """

    drop_starts: NDArray[np.int64]
    drop_stops: NDArray[np.int64]
    crossfades_ms: NDArray[np.float64]
    holds: tuple[Hold, ...]
    orders: tuple[Order, ...]
    laid_by: tuple[str, ...]
    sounding: tuple[Sounding, ...]


def build(state: DocumentState) -> EditList:
    """Return what is heard once the accepted proposals are applied."""
    return _build(state, table_of(state).are(Verdict.ACCEPTED))


def preview(state: DocumentState, proposal_id: str) -> EditList:
    """Return what would be heard if this proposal were accepted beside those that are."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = True
    return _build(state, chosen)


def without(state: DocumentState, proposal_id: str) -> EditList:
    """Return what would be heard if this proposal were not accepted."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[table.made.places[proposal_id]] = False
    return _build(state, chosen)


def heard_samples(state: DocumentState) -> int:
    """Return how long the result is."""
    return _programme(state, gathered(state, table_of(state).are(Verdict.ACCEPTED))).length_samples


def heard_samples_of_all_but(state: DocumentState, left_out: NDArray[np.bool_]) -> int:
    """Return how long it would be if all proposals of known kinds were accepted but some, shape (n,)."""
    return _programme(state, gathered(state, ~left_out & table_of(state).made.is_known)).length_samples


def whole(state: DocumentState) -> EditList:
    """Return the edit list of no edit: the recording as it came."""
    return cut([], length_samples=state.length_samples, rate_hz=state.rate_hz)


def in_place(state: DocumentState) -> EditList:
    """Return the recording in its own order and length, with what accepted edits change of its sound."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    return _sounding(whole(state), state, gathered(state, chosen).sounding)


def removed_only(state: DocumentState, proposal_id: str) -> EditList:
    """Return the edit list that plays only the span of a proposal, faded at both ends."""
    start, stop = state.span(proposal_id)
    length = state.length_samples
    outside = [Drop(0, start, EDGE_FADE_MS), Drop(stop, length, EDGE_FADE_MS)]
    return cut(outside, length_samples=length, rate_hz=state.rate_hz)


def cut(drops: Iterable[Drop], *, length_samples: int, rate_hz: int) -> EditList:
    """Return what remains of a timeline of `length_samples` once the drops are taken out.

    United drops take the longest crossfade among them.
    """
    starts, stops, fades_ms = _columns(drops)
    return programme(starts, stops, fades_ms, (), (), length_samples, rate_hz)


def _columns(
    drops: Iterable[Drop],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    listed = [(drop.start_samples, drop.stop_samples, drop.crossfade_ms) for drop in drops]
    starts, stops, fades_ms = np.array(listed, np.float64).reshape(-1, 3).T
    return starts.astype(np.int64), stops.astype(np.int64), fades_ms


def gathered(state: DocumentState, chosen: NDArray[np.bool_]) -> Gathered:
    """Return what the chosen proposals, shape (n,), do.

    Raises
    ------
    DocumentError : a kind is unknown, or a payload is not one of its kind
    """
    table = table_of(state)
    made = table.made
    spelt_out = chosen & (np.isnan(made.crossfades_ms) | table.changed)
    drops: list[Drop] = []
    holds: list[Hold] = []
    orders: list[Order] = []
    laid_by: list[str] = []
    sounding: list[Sounding] = []
    for place in np.flatnonzero(spelt_out).tolist():
        for one in table.effect(place):
            match one:
                case Drop():
                    drops.append(one)
                case Hold():
                    holds.append(one)
                case Order():
                    orders.append(one)
                    laid_by.append(made.ids[place])
                case Replace() | Shift() | Gain():
                    sounding.append(one)
    plain = chosen & ~spelt_out
    starts, stops, fades_ms = _columns(drops)
    return Gathered(
        np.concatenate([table.starts_samples[plain], starts]),
        np.concatenate([table.stops_samples[plain], stops]),
        np.concatenate([made.crossfades_ms[plain], fades_ms]),
        tuple(holds),
        tuple(orders),
        tuple(laid_by),
        tuple(sounding),
    )


def _build(state: DocumentState, chosen: NDArray[np.bool_]) -> EditList:
    """Return what is heard once the chosen proposals, shape (n,), are applied."""
    done = gathered(state, chosen)
    return _sounding(_programme(state, done), state, done.sounding)


def _programme(state: DocumentState, done: Gathered) -> EditList:
    return programme(
        done.drop_starts,
        done.drop_stops,
        done.crossfades_ms,
        done.holds,
        done.orders,
        state.length_samples,
        state.rate_hz,
    )


def _sounding(edit_list: EditList, state: DocumentState, sounding: Sequence[Sounding]) -> EditList:
    if not sounding:
        return edit_list
    tracks = [track.id for track in state.tracks]
    return replace(edit_list, patches=patches_by_track(sounding, tracks, state.rate_hz))
