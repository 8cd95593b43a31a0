"""Edits of a kind are counted by the noun of the kind in messages of imports and exports."""

from __future__ import annotations

from engine.document.proposals import Decision, Proposal, Verdict
from engine.document.state import DocumentState
from engine.exchange.export.request import accepted_edits, counted_edits
from engine.sound.edl.edits_that_play import counted_kinds


def test_ripple_cuts_are_counted_as_such() -> None:
    edits = [Proposal(str(n), "ripple", n * 10, n * 10 + 5, 1.0, "", "hand", {}) for n in range(2)]
    assert counted_kinds(edits) == ["2 ripple cuts"]
    decisions = {one.id: Decision(one.id, Verdict.ACCEPTED) for one in edits}
    state = DocumentState(8_000, {}, (), {one.id: one for one in edits}, decisions)
    assert counted_edits(accepted_edits(state)) == "2 ripple cuts"
