"""Edited files that were warped elsewhere teach as others do, and a document names what it cannot play."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.document import Document
from engine.features.arrangement.finder.learn_edits import edits_of
from engine.features.arrangement.finder.requests import LearnEditsRequest, RawAndEdited
from engine.features.registry import find_edits, request_of
from engine.lab.evaluation.matching.stretchers import stretched
from engine.recordings.media import locate_all
from tests.engine.features.match.test_match import RATE_HZ, music


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording, a mix of it that was slowed down as a whole, one with a slow piece, and other music."""
    folder = tmp_path_factory.mktemp("stretched")
    raw, other = music(41, 40.0), music(42, 20.0)

    def cut(start_s: float, stop_s: float) -> np.ndarray:
        return raw[round(start_s * RATE_HZ) : round(stop_s * RATE_HZ)]

    edit = np.concatenate([cut(4.0, 12.0), cut(20.0, 29.0)])
    sounds = {
        "raw": raw,
        "warped": stretched("wsola", edit, RATE_HZ, 0.93, 0.0)[0],
        "mixed": np.concatenate(
            [cut(4.0, 12.0), stretched("wsola", cut(20.0, 26.0), RATE_HZ, 1.1, -2.0)[0], cut(30.0, 36.0)]
        ),
        "unrelated": stretched("wsola", other, RATE_HZ, 0.93, 0.0)[0],
    }
    for name, samples in sounds.items():
        soundfile.write(folder / f"{name}.wav", samples, RATE_HZ, "FLOAT")
    return folder


def of(folder: Path, edited: str) -> LearnEditsRequest:
    return LearnEditsRequest((RawAndEdited((folder / "raw.wav",), folder / f"{edited}.wav"),))


def test_a_warped_mix_teaches_its_order(folder: Path) -> None:
    edits = edits_of(of(folder, "warped"), SILENT)
    (reports,) = edits.reports
    assert reports.matched_share == 0.0
    assert reports.stretched_share > 0.95
    assert reports.similarity is not None
    assert reports.similarity > 0.7
    assert reports.kept_s == pytest.approx(17.0, abs=0.3)
    assert edits.habits.pieces == 2


def test_an_unrelated_warped_mix_is_refused(folder: Path) -> None:
    with pytest.raises(UsageError, match="only"):
        edits_of(of(folder, "unrelated"), SILENT)


def test_a_document_plays_the_rest_and_names_the_piece_that_it_cannot(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "one.offcut"
    assert main(["new", str(path), str(folder / "raw.wav")]) == 0
    with Document.open(path) as document:
        media = locate_all(document.state, path.parent)
        request = request_of("match", document.state, media, {}, {"edited": str(folder / "mixed.wav")})
        found = find_edits(request, SILENT)
        figures = found.found.figures
        assert figures["played_residual_db"] < -60.0
        assert [one["similarity"] is None for one in figures["segments"]] == [True, False, True]
        assert any("semitones lower" in note for note in figures["notes"])
        request = request_of("match", document.state, media, {}, {"edited": str(folder / "warped.wav")})
        with pytest.raises(UsageError, match="slower"):
            find_edits(request, SILENT)
