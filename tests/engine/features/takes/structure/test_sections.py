"""Sections of a document: found, stored, corrected, undone, and listed by the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.document.analysis import BY_HAND, SECTIONS, StoredSections
from engine.document.document import Document
from engine.document.edits.analyses import known_sections, rename_label
from engine.document.edits.tracks import set_track
from engine.features.takes.structure.find import find_sections
from engine.recordings.analyses import AnalysisRequest
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.media import locate_all
from engine.review.by_hand import swap_spans
from engine.sound.edl.build import build
from tests.engine.features.takes.structure.songs import BAR_S, RATE_HZ, song

SECTION = round(8 * BAR_S * RATE_HZ)


@pytest.fixture(scope="module")
def found_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A document of a song ABAC with its sections."""
    folder = tmp_path_factory.mktemp("sections")
    soundfile.write(folder / "song.wav", song("ABAC"), RATE_HZ)
    with Document.create(folder / "song.offcut") as document:
        imported = import_audio(ImportRequest((folder / "song.wav",)), SILENT)
        document.apply(import_edit(document.state, imported))
        request = AnalysisRequest(document.state, locate_all(document.state, folder))
        document.apply(*find_sections(request, SILENT).put_into(document.state))
    return folder / "song.offcut"


def _sections(document: Document) -> StoredSections:
    found = known_sections(document.state, document.analysis(SECTIONS))
    assert found is not None
    return found


def test_sections_and_beats_are_stored(found_path: Path) -> None:
    with Document.open(found_path) as document:
        sections = _sections(document)
        assert list(sections.labels) == ["A", "B", "A", "C"]
        np.testing.assert_allclose(sections.spans_samples[:, 0], SECTION * np.arange(4), atol=0.1 * RATE_HZ)
        assert document.analysis("beats") is not None
        assert sections.at(SECTION + RATE_HZ) == 1
        assert sections.at(-1) is None


def test_a_renamed_label_is_stored_and_undone(found_path: Path) -> None:
    with Document.open(found_path) as document:
        document.apply(*rename_label(document.state, _sections(document), "A", "  Verse "))
        assert list(_sections(document).labels) == ["Verse", "B", "Verse", "C"]
        assert _sections(document).maker == BY_HAND
    with Document.open(found_path) as document:
        assert list(_sections(document).labels) == ["Verse", "B", "Verse", "C"]
        document.undo()
        assert list(_sections(document).labels) == ["A", "B", "A", "C"]


@pytest.mark.parametrize(("label", "name"), [("A", ""), ("A", "A"), ("A", "x" * 201), ("Q", "Verse")])
def test_labels_that_cannot_be_renamed_are_refused(found_path: Path, label: str, name: str) -> None:
    with Document.open(found_path) as document, pytest.raises(UsageError):
        rename_label(document.state, _sections(document), label, name)


def test_sections_are_of_the_tracks_as_they_were(found_path: Path) -> None:
    with Document.open(found_path) as document:
        track = document.state.tracks[0].id
        document.apply(set_track(document.state, track, gain_db=-6.0))
        assert known_sections(document.state, document.analysis(SECTIONS)) is None
        document.undo()
        assert known_sections(document.state, document.analysis(SECTIONS)) is not None


@pytest.mark.parametrize(("one", "other"), [(1, 3), (3, 1), (0, 1), (2, 3), (0, 3)])
def test_swapped_sections_play_in_each_others_place_in_one_step(
    found_path: Path, one: int, other: int
) -> None:
    with Document.open(found_path) as document:
        state, sections = document.state, _sections(document)
        edit, _ = swap_spans(state, sections.span(one), sections.span(other), "Swapped sections")
        document.apply(edit)
        order = list(range(4))
        order[one], order[other] = order[other], order[one]
        middles = sections.spans_samples.mean(axis=1)
        played = [
            number
            for segment in build(document.state).segments
            for number, middle in enumerate(middles)
            if segment.start_samples <= middle < segment.stop_samples
        ]
        assert played == order
        document.undo()
        assert not document.state.proposals


def test_spans_that_overlap_are_not_swapped(found_path: Path) -> None:
    with Document.open(found_path) as document, pytest.raises(UsageError):
        swap_spans(document.state, (0, SECTION), (SECTION // 2, 2 * SECTION), "Swapped")


def test_the_command_line_lists_sections_of_audio_and_document(
    found_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = []
    for path in (found_path, found_path.with_name("song.wav")):
        assert main(["structure", str(path), "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)["sections"])
    for sections in answers:
        assert [one["label"] for one in sections] == ["A", "B", "A", "C"]
        assert set(sections[0]) == {"start_s", "stop_s", "label", "confidence"}
        assert sections[1]["start_s"] == pytest.approx(8 * BAR_S, abs=0.1)


def test_the_command_line_stores_sections_in_a_document(found_path: Path, tmp_path: Path) -> None:
    path = tmp_path / "plain.offcut"
    with Document.create(path) as document:
        imported = import_audio(ImportRequest((found_path.with_name("song.wav"),)), SILENT)
        document.apply(import_edit(document.state, imported))
    assert main(["structure", str(path), "--json"]) == 0
    with Document.open(path) as document:
        stored = document.analysis(SECTIONS)
        assert isinstance(stored, StoredSections)
        assert list(stored.labels) == ["A", "B", "A", "C"]


def test_a_recording_without_sections_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(10 * RATE_HZ), RATE_HZ)
    assert main(["structure", str(tmp_path / "silence.wav"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"sections": []}
