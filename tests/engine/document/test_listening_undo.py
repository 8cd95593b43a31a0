"""Undo beside what was found by listening: what the user did last comes first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import decide, replace_proposals, set_analyses, set_settings
from engine.document.proposals import Verdict
from tests.engine.document.conftest import a_cut, a_source
from tests.sources import each_alone

CUT = a_cut(10, 20)


def a_grid(tempo_bpm: float) -> BeatGrid:
    return BeatGrid(np.arange(0, 1_000, 100, dtype=np.int64), np.ones(10, np.int64), tempo_bpm, 1.0, "test")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jam.offcut"


@pytest.fixture
def document(path: Path) -> Iterator[Document]:
    with Document.create(path) as made:
        made.apply(
            track_edits.add_tracks(
                made.state, each_alone([a_source("one"), a_source("two")], ["Band", "Room"])
            )
        )
        made.apply(replace_proposals(made.state, [CUT], {}, "Proposed 1 cut"))
        yield made


def listen(document: Document, key: str, tempo_bpm: float = 120.0) -> None:
    edit = set_analyses(document.state, {"beats": key}, "Recording analysed", by_listening=True)
    document.apply(edit, {key: a_grid(tempo_bpm)})


def labels(document: Document) -> list[str]:
    return [step.label for step in document.steps()]


def test_undo_takes_back_the_last_edit_and_leaves_what_was_heard(document: Document) -> None:
    document.apply(decide(document.state, [CUT.id], Verdict.ACCEPTED))
    before, accepted = labels(document), document.undo_label
    listen(document, "beats-1")
    assert labels(document) == before
    assert document.undo_label == accepted
    change = document.undo()
    assert change is not None
    assert change.label == accepted
    assert not document.state.decisions
    assert document.state.analyses == {"beats": "beats-1"}


def test_what_was_undone_can_still_be_made_again(document: Document) -> None:
    document.apply(decide(document.state, [CUT.id], Verdict.ACCEPTED))
    document.undo()
    listen(document, "beats-1")
    assert document.redo() is not None
    assert document.state.verdict(CUT.id) is Verdict.ACCEPTED
    assert document.state.analyses == {"beats": "beats-1"}


def test_it_goes_and_comes_with_what_was_heard(document: Document, path: Path) -> None:
    listen(document, "beats-1")
    whole = document.state
    while document.undo() is not None:
        pass
    assert not document.state.analyses
    while document.redo() is not None:
        pass
    assert document.state == whole
    document.close()
    with Document.open(path) as again:
        assert again.state == whole
        assert not again.notice, "the checksums were kept"


def test_of_another_taste_or_mix_it_belongs_to_that_choice(document: Document) -> None:
    listen(document, "beats-1")
    document.apply(set_settings(document.state, {"taste": "/a.taste"}, "Chose taste a"))
    document.apply(decide(document.state, [CUT.id], Verdict.ACCEPTED))
    listen(document, "beats-2")
    document.undo()
    assert document.state.analyses == {"beats": "beats-2"}
    document.undo()
    assert document.state.analyses == {"beats": "beats-1"}
    muted = document.state.tracks[0].id
    document.apply(track_edits.set_track(document.state, muted, mute=True))
    document.apply(track_edits.set_track(document.state, muted, name="Other"))
    listen(document, "beats-3")
    document.undo()
    assert document.state.analyses == {"beats": "beats-3"}, "a name is not heard"
    document.undo()
    assert document.state.analyses == {"beats": "beats-1"}


def test_over_what_was_changed_by_hand_it_is_a_step_of_its_own(document: Document) -> None:
    listen(document, "beats-1")
    by_hand = set_analyses(document.state, {"beats": "edited-beats-1"}, "Half tempo")
    document.apply(by_hand, {"edited-beats-1": a_grid(60.0)})
    listen(document, "beats-2")
    assert document.undo_label == "Recording analysed"
    document.undo()
    assert document.state.analyses == {"beats": "edited-beats-1"}


def test_a_damaged_step_costs_no_listening(document: Document) -> None:
    document._connection.execute("UPDATE history SET changes = changes || ' ' WHERE step = 1")
    listen(document, "beats-1")
    assert document.state.analyses == {"beats": "beats-1"}
    assert document.undo_label == "Recording analysed"
