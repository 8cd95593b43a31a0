"""Swap two spans of the recording in the result, as two moves and one step of undo."""

from __future__ import annotations

from engine.core.errors import UsageError
from engine.document.by_hand import edit_by_hand
from engine.document.change import Edit, merged
from engine.document.state import DocumentState
from engine.review.by_hand.payloads import move_payload

Span = tuple[int, int]


def swap_spans(state: DocumentState, one: Span, other: Span, label: str) -> tuple[Edit, str]:
    """Return the edit that plays each of two spans in the place of the other, and the id of its first move.

    Neighbouring spans need one move, others two.

    Parameters
    ----------
    one, other : [start, stop) in source samples
    label : of the step of undo

    Raises
    ------
    UsageError : the spans overlap, or are empty or outside the recording
    """
    first, last = sorted((one, other))
    if last[0] < first[1]:
        raise UsageError("Only spans that do not overlap can be swapped.")
    edit, made = edit_by_hand(state, "move", *last, move_payload(first[0]))
    changes = edit.changes
    if first[1] < last[0]:
        back, _ = edit_by_hand(state, "move", *first, move_payload(last[1]))
        changes = merged(changes, back.changes)
    return Edit(label, changes), made.id
