"""Names of files that are no text go into a document and come back as they were."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import move_sources, replace_proposals
from engine.document.proposals import ReferenceExample, proposal_id
from tests.engine.document.conftest import a_cut, a_source
from tests.sources import each_alone

NAMES = [os.fsdecode(b"/band/caf\xe9 \xff.wav"), "\0odd", '\0"/band/a.wav"', "/band/é 🎸.wav", "\udcff"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_comes_back_as_it_was(tmp_path: Path, name: str) -> None:
    path = tmp_path / os.fsdecode(b"jam \xff.offcut")
    kept = ReferenceExample(name, 0.0, 1.0, 0.5)
    cut = replace(a_cut(1, 2), maker=name, nearest_kept=kept, id=proposal_id("cut", 1, 2, name))
    with Document.create(path) as document:
        document.apply(
            track_edits.add_tracks(document.state, each_alone([replace(a_source(), path=name)], [name]))
        )
        document.apply(replace_proposals(document.state, [cut], {"taste": name}, f"Heard {name}"))
        document.apply(move_sources(document.state, {"one": f"{name}/moved"}))
        document.apply(track_edits.set_track(document.state, "track-one", group=name))
        state = document.state
    with Document.open(path) as again:
        assert again.state == state
        assert again.state.sources["one"].path == f"{name}/moved"
        assert again.state.proposals[cut.id].nearest_kept == kept
        while again.undo() is not None:
            pass
        while again.redo() is not None:
            pass
        assert again.state == state
        assert all(step.label.isprintable() or "\0" in step.label for step in again.steps())
