"""Which open questions an answer has taken away: proposals that lie in what accepted cuts take out."""

from __future__ import annotations

from engine.document.decisions import Verdict
from engine.document.state import DocumentState
from engine.document.table import Mask, table_of
from engine.edl.build import dropped
from engine.edl.gathered import Gathered, changes_only, gathered, gathered_accepted
from engine.latest import found_once


@found_once
def cut_away(state: DocumentState) -> Mask:
    """Tell which undecided proposals would change nothing that is heard, shape (n,).

    They are asked again once the cut around them is taken back.
    """
    return _cut_away_by(state, gathered_accepted(state))


def cut_away_with(state: DocumentState, proposal_id: str) -> Mask:
    """Tell which would be so once this proposal is accepted as well, shape (n,)."""
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
    """Tell whether no answer is needed to a proposal, since what it is about is cut already."""
    return bool(cut_away(state)[table_of(state).made.places[proposal_id]])
