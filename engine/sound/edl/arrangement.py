"""The result as blocks: the source span of each, its place in the result, and the proposal that put it there.

A block is the span that one repeat or move places, or the material between such places; regions that the
user named split that material at their edges as well. Cuts inside a block shorten it and do not split it.

Blocks are moved by edits made by hand: one at its original place by a new edit, one that an edit placed by
changing that edit, so that a block moved ten times is one entry of the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from engine.core.errors import UsageError
from engine.core.latest import found_once
from engine.document.edits.by_hand import change_payload, edit_by_hand
from engine.document.edits.proposals import decide
from engine.document.kinds.kind import CROSSFADE_MS, integer
from engine.document.kinds.order import MOST_TIMES, RANK, TIMES, TO_SAMPLES
from engine.document.proposals import BY_HAND, Verdict, edited, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState, Edit, Marker, merged
from engine.document.table import table_of
from engine.sound.edl.edit_list import INSERTED_FROM
from engine.sound.edl.gathered import Gathered, gathered, gathered_accepted
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
    lengths = np.bincount(piece_of, parts.stops - parts.starts, len(pieces.starts)).astype(np.int64)
    ends = np.cumsum(lengths)
    columns = pieces.starts, pieces.stops, ends - lengths, ends, pieces.orders
    starts, stops, result_starts, result_stops, order_of = (column[lengths > 0] for column in columns)
    return Arrangement(starts, stops, result_starts, result_stops, order_of, done.orders, done.laid_by)


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


_NEW = "\0new"


def moved_block(state: DocumentState, made: Arrangement, number: int, before: int) -> tuple[Edit, str]:
    """Return the edit that moves a block, and the id of the proposal that places it.

    Parameters
    ----------
    number : of the block
    before : the number of the block after it; the number of blocks for the end

    Raises
    ------
    UsageError : it is already at that place, or the place cannot take a block
    """
    block = made.block(number)
    if before in (number, number + 1):
        raise UsageError("The block is there already.")
    times = _times(state, block)
    if block.is_copy and times > 2:  # one of several copies: the others stay where they are
        taken = change_payload(state, block.laid_by, {TIMES: times - 1})
        laid, own = _laid(state, made, number, before, "repeat", {TIMES: 2})
        return replace(laid, changes=merged(taken.changes, laid.changes)), own
    return _laid(state, made, number, before, "move", {})


def copied_block(state: DocumentState, made: Arrangement, number: int, before: int) -> tuple[Edit, str]:
    """Return the edit that repeats a block at another place; see `moved_block`."""
    return _laid(state, made, number, before, "repeat", {TIMES: 2}, is_new=True)


def block_again(state: DocumentState, made: Arrangement, number: int) -> tuple[Edit, str]:
    """Return the edit that repeats a block right after itself; see `moved_block`."""
    for one in made.blocks[number : number + 2]:  # the copy itself, or the one right after what stands
        is_same = one.span == made.block(number).span and not one.is_inserted
        if one.is_copy and is_same and (times := _times(state, one)) < MOST_TIMES:
            return change_payload(state, one.laid_by, {TIMES: times + 1}), one.laid_by
    return copied_block(state, made, number, number + 1)


def block_taken_out(state: DocumentState, made: Arrangement, number: int) -> tuple[Edit, str]:
    """Return the edit that removes a copy, or cuts an original or moved block; see `moved_block`.

    An original block is cut at all of its places.
    """
    block = made.block(number)
    times = _times(state, block)
    if not block.is_copy:
        fade = {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}
        edit, proposal = edit_by_hand(state, "cut", *block.span, fade)
        return edit, proposal.id
    if times > 2:
        return change_payload(state, block.laid_by, {TIMES: times - 1}), block.laid_by
    return decide(state, [block.laid_by], Verdict.REJECTED), block.laid_by


def _times(state: DocumentState, block: Block) -> int:
    """Return how many times the order of a block plays it, including its original place."""
    if not block.laid_by:
        return 1
    laid = edited(state.proposals[block.laid_by], state.decisions.get(block.laid_by))
    return integer(laid.payload, TIMES, 2) if block.is_copy else 1


def _laid(
    state: DocumentState,
    made: Arrangement,
    number: int,
    before: int,
    kind: str,
    payload: Mapping[str, object],
    *,
    is_new: bool = False,
) -> tuple[Edit, str]:
    """Lay a block before another one, by a new edit or by the one that lays it now."""
    if made.block(number).is_inserted:
        raise UsageError("An insert is not a block of the recording: move it by its place in the queue.")
    _require_room(made, before)
    block, target = made.block(number), made.block(before) if before < len(made) else None
    is_new = is_new or not block.laid_by or _times(state, block) > 2
    at = state.length_samples if target is None else target.at_samples
    own = _NEW if is_new else block.laid_by
    # What is laid at one place is numbered anew, in the order in which it is to play there.
    there = dict.fromkeys(one.laid_by for one in made.blocks if one.laid_by and one.at_samples == at)
    order = [one for one in there if one != own]
    order.insert(order.index(target.laid_by) if target and target.laid_by else len(order), own)
    first = 1
    place = {TO_SAMPLES: at, RANK: first + order.index(own)}
    while is_new and proposal_id(kind, *block.span, BY_HAND, (), {**payload, **place}) in state.proposals:
        first += 1  # what was made so before, and changed since, stays as it is
        place[RANK] += 1
    if is_new:
        laid, made_now = edit_by_hand(state, kind, *block.span, {**payload, **place})
        own_id = made_now.id
    else:
        laid, own_id = change_payload(state, own, place), own
    changes = laid.changes
    for rank, one in enumerate(order, first):
        if one != own:
            changes = merged(changes, change_payload(state, one, {RANK: rank}).changes)
    return replace(laid, changes=changes), own_id


def _require_room(made: Arrangement, before: int) -> None:
    """Refuse a place between two blocks that one edit lays in a row."""
    if not 0 < before < len(made):
        return
    last, next_one = made.block(before - 1), made.block(before)
    if next_one.laid_by and last.laid_by == next_one.laid_by:
        raise UsageError(
            "A block cannot be placed between the copies of one repeat: "
            "move it before the first or after the last."
        )
