"""From files whose names do not tell to the microphones of a kit: import, align, and what stays behind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.document.analysis import PICKUP
from engine.document.document import Document
from engine.document.edits.tracks import remove_track
from engine.recordings.analyses import known_pickup
from tests.engine.features.timing.hits.kit_and_bass import BASS, MICROPHONES, UNNAMED, written

GRID = ("--bpm", "112", "--start-s", "0.652")


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory, data_dir: Path) -> dict[str, Path]:
    return written(data_dir, tmp_path_factory.mktemp("band"))


@pytest.fixture
def document(tmp_path: Path, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> Path:
    path = tmp_path / "band.offcut"
    _answer(capsys, "new", path, *paths.values())
    return path


def _answer(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, object]:
    assert main([*map(str, words), "--json"]) == 0, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def test_an_import_groups_what_was_recorded_with_the_kit(
    tmp_path: Path, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    told = _answer(capsys, "new", tmp_path / "one.offcut", *paths.values())
    assert set(told["kit"]) == set(MICROPHONES)
    assert told["left_behind"] == []
    with Document.open(tmp_path / "one.offcut") as opened:
        roles = {track.name: track.role for track in opened.state.tracks}
        assert roles == {"Kick": "kick", "Snare": "snare", "OH": "overhead", BASS: ""} | dict.fromkeys(
            UNNAMED, "drums"
        )
        assert known_pickup(opened.state, opened.analysis(PICKUP)) is not None
        assert [step.label for step in opened.steps()] == ["Imported 7 recordings, 6 as group Drums"]


def test_aligned_files_are_those_of_all_microphones_named_and_the_bass_stays(
    tmp_path: Path, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    found, named = tmp_path / "found", tmp_path / "named"
    told = _answer(capsys, "align", *paths.values(), *GRID, "--out", found)
    _answer(capsys, "align", *paths.values(), *GRID, "--tracks", *MICROPHONES, "--out", named)
    assert {path.stem for path in found.iterdir()} == set(MICROPHONES)
    assert told["left_behind"] == []
    for path in named.iterdir():
        assert (found / path.name).read_bytes() == path.read_bytes()
    moved = soundfile.read(found / "Retro ribbon.wav")[0]
    assert not np.array_equal(moved, soundfile.read(paths["Retro ribbon"])[0])


def test_tracks_that_stay_although_recorded_with_the_others_are_reported(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _answer(capsys, "align", document, *GRID, "--tracks", "Kick", "Snare", "OH")
    assert set(told["left_behind"]) == set(UNNAMED)
    assert any("--tracks" in notice for notice in told["notices"])
    decided = _answer(capsys, "decide", document, "accept", "--all")
    assert set(decided["left_behind"]) == set(UNNAMED)
    assert _answer(capsys, "decide", document, "reject", "--all")["left_behind"] == []


def test_a_document_of_the_whole_kit_leaves_nothing_behind(
    document: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = _answer(capsys, "align", document, *GRID)
    assert told["left_behind"] == []
    assert _answer(capsys, "decide", document, "accept", "--all")["left_behind"] == []


def test_a_kit_without_any_name_is_aligned_without_the_bass(
    tmp_path: Path, paths: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    numbered = []
    for number, name in enumerate((*MICROPHONES, BASS)):
        numbered.append(tmp_path / f"{number:02d}.wav")
        numbered[-1].write_bytes(paths[name].read_bytes())
    out = tmp_path / "aligned"
    told = _answer(capsys, "align", *numbered, *GRID, "--out", out)
    assert {path.stem for path in out.iterdir()} == {f"{number:02d}" for number in range(len(MICROPHONES))}
    assert told["left_behind"] == []


def test_removing_a_track_makes_the_comparison_old(document: Path) -> None:
    with Document.open(document) as opened:
        stored = opened.analysis(PICKUP)
        track = opened.state.tracks[0]
        opened.apply(remove_track(opened.state, track.id))
        assert known_pickup(opened.state, stored) is None
