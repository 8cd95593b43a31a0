"""Move blocks of an arrangement by means of edits made by hand.

A block at its original place is moved by a new edit; a block that an edit placed is moved by changing that
edit, so that a block moved ten times is one entry of the queue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.core.errors import UsageError
from engine.document.by_hand import change_payload, edit_by_hand
from engine.document.change import Edit, merged
from engine.document.decisions import Verdict, edited
from engine.document.edits import decide
from engine.document.kinds.ordering import MOST_TIMES, RANK, TIMES, TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, integer
from engine.document.proposals import BY_HAND, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.sound.edl.arrangement import Arrangement, Block

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
    asked = edited(state.proposals[block.laid_by], state.decisions.get(block.laid_by))
    return integer(asked.payload, TIMES, 2) if block.is_copy else 1


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
    # What is laid at one place is numbered anew, in the order in which it is to be heard there.
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
