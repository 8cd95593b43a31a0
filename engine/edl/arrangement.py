"""The result as blocks: which stretch of the recording is heard where, and by whose order.

A block is what one repeat or move lays somewhere, or what stands between such places; where the user named
regions, what stands is parted at their edges as well. Cuts inside a block make it shorter and part nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.document.decisions import Verdict
from engine.document.kinds.operations import Order
from engine.document.markers import Marker
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.edl.build import gathered
from engine.edl.programme import Pieces, Positions, laid_out, what_drops, without_drops


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of the recording that is heard in one piece.

    Attributes
    ----------
    start_samples, stop_samples : in the source, what is cut of it included
    result_start_samples, result_stop_samples : where it is heard
    laid_by : id of the proposal that lays it there; "" where it stands
    is_copy : whether it is heard where it stood as well
    at_samples : before which moment of the source it is heard; its own start where it stands
    rank : of the order that lays it there
    """

    start_samples: int
    stop_samples: int
    result_start_samples: int
    result_stop_samples: int
    laid_by: str
    is_copy: bool
    at_samples: int
    rank: int

    @property
    def span(self) -> tuple[int, int]:
        """The span [start, stop) of the source."""
        return self.start_samples, self.stop_samples

    @property
    def length_samples(self) -> int:
        """How long it is heard."""
        return self.result_stop_samples - self.result_start_samples


@dataclass(frozen=True, slots=True)
class Arrangement:
    """The blocks of a result, in the order they are heard.

    Attributes
    ----------
    blocks : each is heard, if only for a sample
    """

    blocks: tuple[Block, ...] = ()

    @property
    def length_samples(self) -> int:
        """Length of the result."""
        return self.blocks[-1].result_stop_samples if self.blocks else 0

    def block_at(self, result_samples: int) -> int | None:
        """Return the number of the block that is heard at a result position; None beyond the result."""
        stops = [block.result_stop_samples for block in self.blocks]
        number = int(np.searchsorted(stops, result_samples, side="right"))
        return number if result_samples >= 0 and number < len(stops) else None


def is_arranged(state: DocumentState) -> bool:
    """Tell whether anything is heard twice or elsewhere than it was recorded, without laying it out."""
    table = table_of(state)
    chosen = table.are(Verdict.ACCEPTED) & ~table.made.drops & table.made.is_known
    places = np.flatnonzero(chosen).tolist()
    return any(isinstance(one, Order) for place in places for one in table.effect(place))


def arrangement(state: DocumentState) -> Arrangement:
    """Return what the accepted proposals of a document arrange.

    Raises
    ------
    DocumentError : a kind is unknown, or a payload is not one of its kind
    """
    return _arranged(state, table_of(state).are(Verdict.ACCEPTED)) if state.length_samples else Arrangement()


def _arranged(state: DocumentState, chosen: NDArray[np.bool_]) -> Arrangement:
    """Return what the chosen proposals, shape (n,), arrange."""
    done = gathered(state, chosen)
    length, rate_hz = state.length_samples, state.rate_hz
    drops = what_drops(done.drop_starts, done.drop_stops, done.crossfades_ms, done.holds, length, rate_hz)
    pieces = laid_out(done.orders, length, rate_hz, region_edges(state.markers.values()))
    parts, piece_of = without_drops(pieces, *drops)
    heard = np.bincount(piece_of, parts.stops - parts.starts, len(pieces.starts)).astype(np.int64)
    return Arrangement(tuple(_blocks(pieces, heard, done.orders, done.laid_by)))


def laid_at(state: DocumentState, proposal_id: str) -> tuple[int, int] | None:
    """Return where in the result a proposal, once accepted, first lays a block; None where it lays none."""
    chosen = table_of(state).are(Verdict.ACCEPTED)
    chosen[table_of(state).made.places[proposal_id]] = True
    for block in _arranged(state, chosen).blocks:
        if block.laid_by == proposal_id:
            return block.result_start_samples, block.result_stop_samples
    return None


def region_edges(markers: Iterable[Marker]) -> list[int]:
    """Return where regions begin and end, ascending."""
    regions = [one for one in markers if one.is_region]
    return sorted({edge for one in regions for edge in (one.start_samples, one.stop_samples)})


def _blocks(
    pieces: Pieces, heard: Positions, orders: Sequence[Order], laid_by: Sequence[str]
) -> Iterator[Block]:
    """Yield the pieces of which so many samples are heard, shape (n,)."""
    rows = zip(*(one.tolist() for one in (pieces.starts, pieces.stops, pieces.orders, heard)), strict=True)
    at = 0
    for start, stop, number, length in rows:
        if not length:
            continue
        order = orders[number] if number >= 0 else None
        yield Block(
            start,
            stop,
            at,
            at + length,
            "" if order is None else laid_by[number],
            order is not None and order.stays,
            start if order is None else order.at_samples,
            0 if order is None else order.rank,
        )
        at += length
