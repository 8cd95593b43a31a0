"""``offcut edit PROJECT move --words``: the same move as in the text of the window."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.document.analysis import Transcript
from engine.document.document import Document
from engine.document.proposals import Proposal
from engine.features.words.arranged import moved_words, order_of
from engine.features.words.spoken import spoken_text
from tests.desktop.features.words.conftest import talk_in
from tests.desktop.features.words.transcripts import RATE_HZ, SAID, transcript_of

THEY_LEFT, NOBODY = (15, 20), 10
"""Items of "And then, um, they left.", and the first one of "Nobody knew.", with a hesitation at 10 s."""


@pytest.fixture
def transcript() -> Transcript:
    return replace(
        transcript_of(SAID),
        hesitations_samples=np.rint(np.array([[10.0, 10.6]]) * RATE_HZ).astype(np.int64),
        hesitation_scores=np.array([0.8], np.float32),
    )


@pytest.fixture
def project(tmp_path: Path, transcript: Transcript) -> Path:
    return talk_in(tmp_path, transcript)


def moved(project: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["edit", str(project), "move", *arguments, "--json"]) == 0
    row: dict[str, object] = json.loads(capsys.readouterr().out)
    return row


def played(project: Path, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    assert main(["words", str(project), "--result", "--json"]) == 0
    return " ".join(one["text"] for one in json.loads(capsys.readouterr().out)["words"])


@pytest.mark.parametrize("place", [("--before", "nobody knew"), ("--to-s", "6.2")])
def test_words_are_moved_as_in_the_text(
    project: Path, transcript: Transcript, capsys: pytest.CaptureFixture[str], place: tuple[str, str]
) -> None:
    with Document.open(project) as document:
        state, items = document.state, spoken_text(transcript).items
    edit, key = moved_words(state, items, *THEY_LEFT, order_of(state, items)[NOBODY:].tolist())
    row = moved(project, capsys, "--words", "And … left", *place)
    assert played(project, capsys).endswith("in March. And then, um, they left. Nobody knew. You know?")
    (wanted,) = (one.after for one in edit.changes if isinstance(one.after, Proposal))
    assert wanted.id == key
    assert row["payload"] == wanted.payload
    assert (row["start_s"], row["stop_s"]) == (wanted.start_samples / RATE_HZ, wanted.stop_samples / RATE_HZ)


def test_words_are_moved_to_the_end_and_back_with_one_edit(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = played(project, capsys)
    moved(project, capsys, "--words", "nobody knew", "--to-s", "24")
    assert played(project, capsys).endswith("they left. Nobody knew.")
    moved(project, capsys, "--words", "nobody knew", "--before", "you know and")
    assert played(project, capsys) == before
    with Document.open(project) as document:
        assert len(document.state.proposals) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("--words", "nobody knew"),
        ("--before", "nobody knew"),
        ("--words", "nobody knew", "--before", "and then", "--to-s", "1"),
        ("--words", "nobody knew", "--before", "you know"),
        ("--words", "nobody knew", "--before", "no such words"),
        ("--words", "began … you", "--before", "nobody"),
        ("--words", "nobody knew", "--before", "and then", "--start-s", "1", "--stop-s", "2"),
        ("--words", "nobody knew", "--before", "and then", "--tracks", "talk"),
        ("--words", "nobody knew", "--before", "nobody"),
    ],
)
def test_moves_without_a_clear_place_are_refused(project: Path, arguments: tuple[str, ...]) -> None:
    with Document.open(project) as document:
        before = document.state
    assert main(["edit", str(project), "move", *arguments]) == 2
    with Document.open(project) as document:
        assert document.state == before
