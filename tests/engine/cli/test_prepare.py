"""``offcut prepare``: a day from its files, a second time, with a file more, and after an interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from engine.cli.main import main
from engine.document.analysis import DAY
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from tests.engine.features.takes.playing import RATE_HZ, joined, passage


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[tuple[float, float]]]:
    """A folder with a recording of two songs, the first of them twice."""
    folder = tmp_path_factory.mktemp("evening")
    song = passage(1, 30.0)
    audio, at = joined(song, passage(2, 32.0), song)
    soundfile.write(folder / "evening.wav", audio, RATE_HZ, "PCM_16")
    return folder, at


def _prepared(capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    capsys.readouterr()
    assert main(["prepare", *map(str, words), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_songs_are_found_named_and_not_found_twice(
    evening: tuple[Path, list[tuple[float, float]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder, at), day = evening, tmp_path / "day.offcut"
    made = _prepared(capsys, folder, "--out", day)
    takes = sorted(take["start_s"] for song in made["songs"] for take in song["takes"])
    assert [len(song["takes"]) for song in made["songs"]] == [2, 1]
    assert takes == pytest.approx([start for start, _ in at], abs=1.0)
    assert set(made["seconds"]) == {"import", "analyse", "propose"}
    with Document.open(day, to_read=True) as document:
        assert [one.name for one in document.state.markers.values()] == [
            "Song 1 – take 1",
            "Song 2",
            "Song 1 – take 2",
        ]
        before = len(document.state.proposals)
    again = _prepared(capsys, folder, "--out", day)
    assert again["songs"] == made["songs"]
    assert again["seconds"].keys() == {"analyse", "propose"}
    with Document.open(day, to_read=True) as document:
        assert len(document.state.proposals) == before
        assert len(document.state.tracks) == 1


def test_a_process_of_their_own_finds_the_same_songs(
    evening: tuple[Path, list[tuple[float, float]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = []
    for number, long_s in enumerate((1.0, 1e9)):
        monkeypatch.setattr("engine.features.day.find_in_document._LONG_S", long_s)
        made.append(_prepared(capsys, evening[0], "--out", tmp_path / f"{number}.offcut"))
    assert all(made[0][key] == made[1][key] for key in ("songs", "talk", "idle", "proposals"))


def test_it_goes_on_where_it_was_interrupted(
    evening: tuple[Path, list[tuple[float, float]]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, day = evening[0], tmp_path / "day.offcut"
    assert main(["new", str(day), str(folder / "evening.wav")]) == 0
    made = _prepared(capsys, folder, "--out", day)
    assert "import" not in made["seconds"]
    with Document.open(day, to_read=True) as document:
        assert known_day(document.state, document.analysis(DAY)) is not None


def test_a_folder_without_recordings_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["prepare", str(tmp_path / "empty"), "--out", str(tmp_path / "day.offcut")]) == 2
    assert "empty" in capsys.readouterr().err
    assert not (tmp_path / "day.offcut").exists()
