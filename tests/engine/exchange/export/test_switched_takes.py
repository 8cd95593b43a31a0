"""Exports of switches to takes on lanes: the files of takes that were raised by hand in the same spans."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.core.progress import SILENT
from engine.document.edits.clips import raise_clips
from engine.document.edits.takes import reach
from engine.document.file.storage import apply_rows
from engine.document.state import DocumentState
from engine.exchange.export import ExportRequest, export
from engine.exchange.imports import read_edits
from engine.exchange.imports.proposals.edit import ImportRequest, imported_edit
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.engine.features.takes.finders.lane_sessions import looped, switch, with_switches
from tests.engine.sound.edl.recordings import Recording

Pair = tuple[Recording, DocumentState, DocumentState]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """Return a session, its state with two accepted switches, and with the same takes raised by hand."""
    one, _ = looped(tmp_path_factory.mktemp("loop"), (None, 2, 4), tracks=2)
    rows = [switch(2.3, 4.3, 0), switch(4.3, 6.3, 1)]
    accepted, by_hand = with_switches(one.state, *rows), one.state
    for row in build(accepted).raises["t0"]:
        keys = [clip.id for clip in by_hand.tracks[0].clips if clip.source_id == row.takes[0][0]]
        by_hand = apply_rows(by_hand, raise_clips(by_hand, keys, reach(row, by_hand.rate_hz)).changes)
    return one, accepted, by_hand


def written(one: Recording, state: DocumentState, folder: Path, suffix: str) -> Path:
    folder.mkdir()
    return export(ExportRequest(state, one.media, folder / f"loop{suffix}"), SILENT).path


@pytest.mark.parametrize("suffix", [".rpp", ".otio", ".fcpxml", ".edl", ".xml"])
def test_projects_are_those_of_takes_raised_by_hand(pair: Pair, tmp_path: Path, suffix: str) -> None:
    one, accepted, by_hand = pair
    found = written(one, accepted, tmp_path / "switched", suffix).read_text("utf-8")
    expected = written(one, by_hand, tmp_path / "raised", suffix).read_text("utf-8")
    assert found.replace("/switched/", "/raised/") == expected
    assert found != written(one, one.state, tmp_path / "recorded", suffix).read_text("utf-8")
    for path in (tmp_path / "switched").glob("*.wav"):
        its, own = (soundfile.read(tmp_path / name / path.name)[0] for name in ("raised", "switched"))
        np.testing.assert_array_equal(own, its)


def test_audio_is_the_result(pair: Pair, tmp_path: Path) -> None:
    one, accepted, by_hand = pair
    samples, _ = soundfile.read(written(one, accepted, tmp_path / "wav", ".wav"), dtype="float32")
    expected = render(by_hand, build(by_hand), one.media, 0, by_hand.length_samples)
    np.testing.assert_array_equal(samples[:, None], expected)


@pytest.mark.parametrize("suffix", [".json", ".otio", ".rpp"])
def test_a_project_that_comes_back_changes_nothing(pair: Pair, tmp_path: Path, suffix: str) -> None:
    one, accepted, _ = pair
    path = written(one, accepted, tmp_path / "switched", suffix)
    back = imported_edit(ImportRequest(accepted, one.media, read_edits(path, one.state.rate_hz)))
    assert not back.proposals
    assert not back.returned


def test_an_edit_list_brings_switches_and_takes_others_back(pair: Pair, tmp_path: Path) -> None:
    one, accepted, _ = pair
    rate_hz = one.state.rate_hz
    switched = read_edits(written(one, accepted, tmp_path / "switched", ".json"), rate_hz)
    brought = imported_edit(ImportRequest(one.state, one.media, switched))
    assert [row.payload for row in brought.proposals] == [row.payload for row in accepted.proposals.values()]
    recorded = read_edits(written(one, one.state, tmp_path / "recorded", ".json"), rate_hz)
    assert imported_edit(ImportRequest(accepted, one.media, recorded)).returned == 2
