"""Accepted edits that cannot both hold: told, and decided by the user; until then both do what they can.

A span that is moved to two places or repeated in two numbers, something laid into a span that is itself taken
away, and a slice that two edits slip by different amounts. What is dropped and held, or replaced and slipped,
is no conflict: there the kinds have an order (decision 41).
"""

from __future__ import annotations

from itertools import product

import numpy as np

from engine.document.decisions import Verdict
from engine.document.kinds.operations import Operation, Order, Shift
from engine.document.state import DocumentState
from engine.document.table import table_of


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
    same = (one.start_samples, one.stop_samples) == (other.start_samples, other.stop_samples)
    return same and one.stays and other.stays


def _is_laid_into(one: Order, other: Order) -> bool:
    return not other.stays and other.start_samples < one.at_samples < other.stop_samples
