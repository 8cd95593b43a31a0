"""Undecided proposals inside accepted cuts, which need no decision."""

from __future__ import annotations

from engine.core.latest import found_once
from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import Mask, table_of
from engine.sound.edl.build import dropped
from engine.sound.edl.gathered import Gathered, changes_only, gathered, gathered_accepted


@found_once
def cut_away(state: DocumentState) -> Mask:
    """Return which undecided proposals would have no effect on the result, shape (n,).

    They need a decision again once the cut around them is undone.
    """
    return _cut_away_by(state, gathered_accepted(state))


def cut_away_with(state: DocumentState, proposal_id: str) -> Mask:
    """Return the same mask as if this proposal were accepted as well, shape (n,)."""
    table = table_of(state)
    place = table.made.places[proposal_id]
    if not table.made.drops[place]:
        return cut_away(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[place] = True
    return _cut_away_by(state, gathered(state, chosen))


def _cut_away_by(state: DocumentState, done: Gathered) -> Mask:
    return table_of(state).are(Verdict.UNDECIDED) & changes_only(state, dropped(state, done))


def is_cut_away(state: DocumentState, proposal_id: str) -> bool:
    """Return whether a proposal needs no decision, since its span is already cut."""
    return bool(cut_away(state)[table_of(state).made.places[proposal_id]])
