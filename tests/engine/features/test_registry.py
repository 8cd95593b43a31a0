"""Finders: needed analyses are computed once, wrong requests are refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from desktop.demo_files import DEMO_FOLDER
from engine.cli.main import main
from engine.core.progress import SILENT
from engine.document.analysis import Listening
from engine.document.document import Document
from engine.document.proposals import OWN_MAKERS
from engine.features.registry import FINDERS, find_edits, request_of
from engine.features.taste.cuts.profile import PAUSES
from engine.recordings.media import locate_all
from engine.review.finders import KNOWN

RATE_HZ = 16_000
REPLACE_EACH_OTHER = {"taste", PAUSES, "clocks", "tempo", "repair", "whole performance"}
"""Makers, or names for several, that replace each other's undecided proposals of the same kinds."""


@pytest.fixture
def jam(tmp_path: Path) -> Path:
    """A document of 6 s of noise, 4 s of silence and 6 s of noise."""
    noise = np.random.default_rng(5).uniform(-0.3, 0.3, 6 * RATE_HZ)
    soundfile.write(tmp_path / "jam.wav", np.concatenate([noise, np.zeros(4 * RATE_HZ), noise]), RATE_HZ)
    assert main(["new", str(tmp_path / "jam.offcut"), str(tmp_path / "jam.wav")]) == 0
    return tmp_path / "jam.offcut"


def found(project: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    capsys.readouterr()
    assert main(["propose", str(project), *words, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert isinstance(answer, dict)
    return answer


def test_needed_analyses_are_computed_once_and_stored(jam: Path) -> None:
    with Document.open(jam) as document:
        assert document.analysis("listening") is None
        media = locate_all(document.state, jam.parent)
        first = find_edits(request_of("dead-air", document.state, media, {}), SILENT)
        assert set(first.analysed) == {"beats", "listening"}
        for edit, analyses, audio in first.edits(document.state):
            document.apply(edit, analyses, audio)
        assert isinstance(document.analysis("listening"), Listening)
        known = {kind: document.analysis(kind) for kind in KNOWN}
        again = find_edits(request_of("dead-air", document.state, media, known), SILENT)
        assert again.analysed == {}
        assert again.found.proposals == first.found.proposals
        assert again.edits(document.state) == [], "the same proposals change nothing"


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["nobody"], "nobody"),
        ([], "dead-air"),
        (["dead-air", "--longer-than-s", "1"], "--longer-than-s"),
        (["pauses", "--longer-than-s", "0"], "--longer-than-s"),
        (["repair", "--words", "cough", "--leave-s", "1"], "--leave-s"),
        (["cuts", "--keep", "0.4", "--score", "0.5"], "keep"),
        (["cuts", "--keep-minutes", "1", "--threshold-mode", "automatic"], "keep_minutes"),
        (["cuts", "--threshold-mode", "sometimes"], "automatic"),
        (["cuts", "--snap", "perhaps"], "yes or no"),
        (["like-this", "--start-s", "1"], "--stop-s"),
        (["takes", "--taste", "none.taste"], "taste"),
        (["arrangement", "--minutes", "0"], "above 0"),
        (["match"], "edited"),
        (["timing", "--strength", "2"], "strength"),
        (["timing", "--bpm", "120", "--click", "Click"], "two grids"),
        (["timing", "--division", "1/5"], "1/5"),
        (["timing", "--tracks", "Kazoo"], "Kazoo"),
        (["arrangement", "--like-raw", "a.wav"], "like_edited"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_analysed(
    jam: Path, capsys: pytest.CaptureFixture[str], words: list[str], named: str
) -> None:
    before = jam.read_bytes()
    assert main(["propose", str(jam), *words]) == 2
    error = capsys.readouterr().err
    assert named in error
    assert len(error.splitlines()) == 1
    assert jam.read_bytes() == before


def test_cuts_by_another_threshold_replace_those_of_before(
    jam: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taste = str(next(DEMO_FOLDER.glob("*.taste")))
    assert found(jam, capsys, "cuts", "--taste", taste, "--keep", "0.5")["found"]
    cuts = found(jam, capsys, "cuts", "--keep", "0.8")
    with Document.open(jam) as document:
        assert {row["id"] for row in cuts["found"]} == set(document.state.proposals)


def test_every_finder_says_what_it_does() -> None:
    for finder in FINDERS.own.values():
        assert finder.title
        assert finder.about.endswith(".")
        assert finder.maker in {"", *OWN_MAKERS, *REPLACE_EACH_OTHER}, (
            "leave it out: others would replace its proposals"
        )
        for setting in finder.settings.model_fields.values():
            assert setting.title
            assert setting.description
