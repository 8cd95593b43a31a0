"""Bulk acceptance leaves proposals with weak evidence to the user, also after a document is reopened."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.document.document import Document
from engine.document.edits.proposals import add_proposals, decide
from engine.document.edits.tracks import add_tracks
from engine.document.proposals import Evidence, Verdict
from engine.document.state import DocumentState
from engine.review.answers import BulkAccept, accept_in_bulk, accept_selected
from engine.review.queue import QueueFilter, queue
from tests.engine.document.conftest import a_cut, a_source
from tests.sources import each_alone

STRONG, WEAK, TAKEN = (
    a_cut(0, 1, 0.9),
    replace(a_cut(2, 3, 0.8), evidence=Evidence.WEAK),
    replace(a_cut(4, 5, 0.7), evidence=Evidence.WEAK),
)
CUTS = (STRONG, WEAK, TAKEN)
IDS = tuple(one.id for one in CUTS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a document of three cuts, two with weak evidence, one of which was accepted."""
    path = tmp_path / "jam.offcut"
    with Document.create(path) as document:
        document.apply(add_tracks(document.state, each_alone([a_source()], ["Room"])))
        document.apply(add_proposals(document.state, CUTS, "Proposed"))
        document.apply(decide(document.state, [TAKEN.id], Verdict.ACCEPTED))
    return path


def state_of(path: Path) -> DocumentState:
    with Document.open(path) as document:
        return document.state


def test_weak_evidence_survives_reopening_and_undo(path: Path) -> None:
    assert [state_of(path).proposals[key].evidence for key in IDS] == ["strong", "weak", "weak"]
    with Document.open(path) as document:
        document.undo()
        document.undo()
        document.redo()
        assert document.state.proposals[WEAK.id].evidence is Evidence.WEAK


def test_bulk_acceptance_leaves_weak_evidence_that_is_not_accepted(path: Path) -> None:
    state = state_of(path)
    assert accept_in_bulk(state, IDS) == BulkAccept((STRONG.id, TAKEN.id), (WEAK.id,))
    assert accept_selected(state, IDS) == accept_in_bulk(state, IDS)
    assert accept_selected(state, (WEAK.id,)) == BulkAccept((WEAK.id,))


def test_the_message_counts_what_is_left() -> None:
    assert "; 3 with" in BulkAccept(("a",), ("b", "c", "d")).after("12 accepted")
    assert BulkAccept(("a",)).after("12 accepted") == "12 accepted"


def test_a_search_finds_weak_evidence(path: Path) -> None:
    assert queue(state_of(path), show=QueueFilter(text="weak evidence")) == (WEAK.id, TAKEN.id)


@pytest.mark.parametrize("which", [("--all",), ("--above", "0.5")])
def test_the_verb_leaves_weak_evidence(
    path: Path, which: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", str(path), "accept", *which, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["weak_left"] == [WEAK.id]
    verdicts = [state_of(path).verdict(key) for key in IDS]
    assert verdicts == [Verdict.ACCEPTED, Verdict.UNDECIDED, Verdict.ACCEPTED]


def test_the_verb_accepts_weak_evidence_that_is_named(path: Path) -> None:
    assert main(["decide", str(path), "accept", WEAK.id]) == 0
    assert state_of(path).verdict(WEAK.id) is Verdict.ACCEPTED


def test_rejecting_all_rejects_weak_evidence_too(path: Path) -> None:
    assert main(["decide", str(path), "reject", "--all"]) == 0
    assert {state_of(path).verdict(key) for key in IDS} == {Verdict.REJECTED}
