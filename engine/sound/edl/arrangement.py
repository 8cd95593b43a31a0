"""The result as blocks: the source span of each, its place in the result, and the proposal that put it there.

A block is the span that one repeat or move places, or the material between such places; regions that the
user named split that material at their edges as well. Cuts inside a block shorten it and do not split it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from engine.core.latest import found_once
from engine.document.decisions import Verdict
from engine.document.marks.markers import Marker
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.sound.edl.gathered import Gathered, gathered, gathered_accepted
from engine.sound.edl.inserts import INSERTED_FROM
from engine.sound.edl.programme import NO_ORDERS, Orders, Positions, laid_out, what_drops, without_drops


@dataclass(frozen=True, slots=True)
class Block:
    """A span of the recording that is played in one piece.

    Attributes
    ----------
    start_samples, stop_samples : in the source, including its cuts
    result_start_samples, result_stop_samples : in the result
    laid_by : id of the proposal that placed it; "" at its original place
    is_copy : whether it is also played at its original place
    at_samples : source position before which it is played; its own start at its original place
    rank : rank of the order that placed it
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
    def is_inserted(self) -> bool:
        """Whether it is inserted silence or room tone."""
        return self.start_samples >= INSERTED_FROM

    @property
    def length_samples(self) -> int:
        """Length in the result."""
        return self.result_stop_samples - self.result_start_samples


@dataclass(frozen=True, eq=False)
class Arrangement:
    """The blocks of a result, in playback order; each has at least one sample.

    Attributes
    ----------
    starts, stops : in the source, including cuts, shape (n,)
    result_starts, result_stops : in the result, shape (n,)
    order_of : index into `orders` of each; -1 at its original place, shape (n,)
    orders, laid_by : the operations that place blocks, and the id of the proposal of each
    """

    starts: Positions
    stops: Positions
    result_starts: Positions
    result_stops: Positions
    order_of: Positions
    orders: Orders
    laid_by: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def length_samples(self) -> int:
        """Length of the result."""
        return int(self.result_stops[-1]) if len(self) else 0

    def block(self, number: int) -> Block:
        """Return one of the blocks."""
        order = int(self.order_of[number])
        start = int(self.starts[number])
        return Block(
            start,
            int(self.stops[number]),
            int(self.result_starts[number]),
            int(self.result_stops[number]),
            self.laid_by[order] if order >= 0 else "",
            order >= 0 and bool(self.orders.stays[order]),
            int(self.orders.ats[order]) if order >= 0 else start,
            int(self.orders.ranks[order]) if order >= 0 else 0,
        )

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """All of them."""
        return tuple(map(self.block, range(len(self))))

    def block_at(self, result_samples: int) -> int | None:
        """Return the number of the block at a result position; None beyond the result."""
        number = int(np.searchsorted(self.result_stops, result_samples, side="right"))
        return number if result_samples >= 0 and number < len(self) else None


_NONE: Positions = np.zeros(0, np.int64)
NO_BLOCKS = Arrangement(_NONE, _NONE, _NONE, _NONE, _NONE, NO_ORDERS, ())


@found_once
def arrangement(state: DocumentState) -> Arrangement:
    """Return the arrangement that the accepted proposals of a document make.

    Raises
    ------
    DocumentError : a kind is unknown, or a payload does not fit its kind
    """
    return _arranged(state, gathered_accepted(state)) if state.length_samples else NO_BLOCKS


def _arranged(state: DocumentState, done: Gathered) -> Arrangement:
    """Return the arrangement that gathered operations make."""
    length, rate_hz = state.length_samples, state.rate_hz
    drops = what_drops(done.drop_starts, done.drop_stops, done.crossfades_ms, done.holds, length, rate_hz)
    pieces = laid_out(done.orders, length, rate_hz, region_edges(state.markers.values()))
    parts, piece_of = without_drops(pieces, *drops)
    heard = np.bincount(piece_of, parts.stops - parts.starts, len(pieces.starts)).astype(np.int64)
    kept = heard > 0
    ends = np.cumsum(heard)
    return Arrangement(
        pieces.starts[kept],
        pieces.stops[kept],
        (ends - heard)[kept],
        ends[kept],
        pieces.orders[kept],
        done.orders,
        done.laid_by,
    )


def laid_at(state: DocumentState, proposal_id: str) -> tuple[int, int] | None:
    """Return the result span of the first block that a proposal places once accepted; None without one."""
    chosen = table_of(state).are(Verdict.ACCEPTED)
    chosen[table_of(state).made.places[proposal_id]] = True
    made = _arranged(state, gathered(state, chosen))
    laid = [order for order, by in enumerate(made.laid_by) if by == proposal_id]
    numbers = np.flatnonzero(np.isin(made.order_of, laid))
    if not len(numbers):
        return None
    return int(made.result_starts[numbers[0]]), int(made.result_stops[numbers[0]])


def region_edges(markers: Iterable[Marker]) -> list[int]:
    """Return where regions begin and end, ascending."""
    regions = [one for one in markers if one.is_region]
    return sorted({edge for one in regions for edge in (one.start_samples, one.stop_samples)})
