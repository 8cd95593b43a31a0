"""A bulk answer that leaves no take of a passage says so."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.cli.main import main
from engine.document.analysis import TAKES
from engine.document.document import Document
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.proposals import Proposal
from engine.features.takes.finders.takes_that_play import stored_takes, takes_id

RATE_HZ = 8_000
NAME = "passage at 0:02"
FOUND = FoundTakes(
    (TakeGroup(NAME, tuple(Take(at_s, at_s + 4.0, True, 0, 1.0, 0.0, 1.0) for at_s in (2.0, 10.0))),),
    (),
    ((2.0, 6.0), (10.0, 14.0)),
)


def cut(start_s: float, stop_s: float, score: float) -> Proposal:
    start, stop = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
    return Proposal(f"cut-{start_s:g}", "cut", start, stop, score, "Shorter.", "maker 0")


def document_of_two_takes(path: Path) -> Document:
    """A document with two takes of a passage, a cut of each, and one of what is after them."""
    audio = path.with_suffix(".wav")
    soundfile.write(audio, np.random.default_rng(1).normal(0.0, 0.1, 20 * RATE_HZ), RATE_HZ)
    assert main(["new", str(path), str(audio)]) == 0
    document = Document.open(path)
    key = takes_id(document.state)
    found = set_analyses(document.state, {TAKES: key}, "Recording analysed", by_listening=True)
    document.apply(found, {key: stored_takes(FOUND)})
    cuts = [cut(2.0, 6.0, 0.9), cut(9.0, 14.5, 0.8), cut(16.0, 18.0, 0.95)]
    document.apply(replace_proposals(document.state, cuts, {}, "Proposed"))
    return document


@pytest.mark.parametrize(
    ("words", "lost"),
    [
        (["--all"], [NAME]),
        (["--above", "0.8"], [NAME]),
        (["--above", "0.85"], []),
        (["cut-2", "cut-9"], [NAME]),
        (["cut-9"], []),
    ],
)
def test_accepting_names_passages_without_a_take(
    words: list[str], lost: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "jam.offcut"
    document_of_two_takes(path).close()
    capsys.readouterr()
    assert main(["decide", str(path), "accept", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lost_passages"] == lost
    assert main(["decide", str(path), "accept", *words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lost_passages"] == [], "they were lost before"
    assert main(["decide", str(path), "reset", "--all"]) == 0
    capsys.readouterr()
    assert main(["decide", str(path), "accept", *words]) == 0
    assert (NAME in capsys.readouterr().out) == bool(lost)


def test_rejecting_loses_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "jam.offcut"
    document_of_two_takes(path).close()
    capsys.readouterr()
    assert main(["decide", str(path), "reject", "--all", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["lost_passages"] == []
