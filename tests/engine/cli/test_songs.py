"""``offcut songs`` and ``offcut find``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from engine.cli.main import main
from engine.features.day.known.library import KnownTake, Library
from tests.engine.features.day.known.songs_played import played
from tests.engine.features.takes.playing import RATE_HZ, joined, passage


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "archive"
    folder.mkdir()
    soundfile.write(folder / "day.wav", joined(passage(7, 15.0), passage(1, 40.0, semitones=2))[0], RATE_HZ)
    return folder


def as_json(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    capsys.readouterr()
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_songs_are_changed_and_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert as_json(capsys, "songs")["is_allowed"] is None
    assert as_json(capsys, "songs", "--allow", "yes")["is_allowed"] is True
    Library().add("One", [KnownTake(played(1), "2026-03-01")])
    Library().add("Two", [KnownTake(played(2), "2026-03-02")])
    [one, two] = as_json(capsys, "songs")["songs"]
    assert (one["name"], one["takes"], one["last_day"]) == ("One", 1, "2026-03-01")
    renamed = as_json(capsys, "songs", "--rename", "One", "Golden")["songs"]
    assert [song["name"] for song in renamed] == ["Golden", "Two"]
    out = str(tmp_path / "songs.json")
    as_json(capsys, "songs", "--export", out)
    assert main(["songs", "--export", out]) == 1
    as_json(capsys, "songs", "--export", out, "--force")
    [merged] = as_json(capsys, "songs", "--merge", "Two", "golden")["songs"]
    assert (merged["id"], merged["takes"]) == (one["id"], 2)
    assert as_json(capsys, "songs", "--delete", "Golden")["songs"] == []
    back = as_json(capsys, "songs", "--import", out)["songs"]
    assert [(song["id"], song["name"]) for song in back] == [(one["id"], "Golden"), (two["id"], "Two")]
    assert as_json(capsys, "songs", "--allow", "no") == {
        "is_allowed": False,
        "songs": [],
        "path": str(Library().path),
    }


@pytest.mark.parametrize(
    ("words", "status", "named"),
    [
        ("songs --rename Golden Gold", 2, "'Golden'"),
        ("songs --rename Golden", 2, "--rename"),
        ("songs --delete Golden --allow no", 2, "--allow"),
        ("songs --import missing.json", 1, "missing.json"),
        ("songs --allow maybe", 2, "maybe"),
        ("find Golden --in archive", 2, "'Golden'"),
        ("find archive/day.wav --in archive --workers 0", 2, "0 processes"),
        ("find archive/day.wav --in archive --workers 2 --cluster tcp://x:1", 2, "--cluster"),
        ("find archive/day.wav --in archive", 2, "--allow yes"),
        ("find archive/day.wav", 2, "--in FOLDER"),
    ],
)
@pytest.mark.usefixtures("archive")
def test_wrong_use_is_one_sentence(
    words: str, status: int, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        found = main(words.split())
    except SystemExit as ended:
        found = ended.code
    assert found == status
    said = capsys.readouterr().err
    assert named in said
    assert len(said.strip().splitlines()) == 1


def test_a_known_song_and_a_recording_are_found(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["songs", "--allow", "yes"])
    Library().add("Golden", [KnownTake(played(1))])
    assert main(["new", "archive/day.offcut", "archive/day.wav"]) == 0
    [take] = as_json(capsys, "find", "golden", "--in", str(archive), "--workers", "1")["takes"]
    assert take["path"] == str(archive / "day.wav")
    assert take["document"] == str(archive / "day.offcut")
    assert take["semitones"] == 2
    assert take["tempo_ratio"] == pytest.approx(1.0, abs=0.01)
    assert take["start_s"] == pytest.approx(17.0, abs=1.0)
    soundfile.write("song.wav", passage(1, 40.0), RATE_HZ)
    [again] = as_json(capsys, "find", "song.wav")["takes"]
    assert (again["path"], again["semitones"]) == (take["path"], 2)
    soundfile.write("other.wav", passage(3, 40.0), RATE_HZ)
    assert as_json(capsys, "find", "other.wav") == {"takes": []}


def test_files_that_cannot_be_read_are_listed(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["songs", "--allow", "yes"])
    (archive / "broken.wav").write_text("no audio")
    capsys.readouterr()
    assert main(["find", "archive/day.wav", "--in", "archive", "--workers", "1"]) == 1
    said = capsys.readouterr()
    assert "day.wav" in said.out
    assert "broken.wav" in said.err
