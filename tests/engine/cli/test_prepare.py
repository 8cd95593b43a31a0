"""``offcut prepare``: a day from its files, a second time, with a file more, and after an interruption."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from engine.document.analysis import DAY
from engine.document.document import Document
from engine.document.edits.analyses import known_day
from tests.engine.cli.drum_take import drum_take
from tests.engine.features.takes.playing import RATE_HZ, joined, passage, quiet
from tests.engine.spoken import spoken


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


def test_of_an_interview_only_pauses_are_proposed_until_it_is_another_kind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, day = tmp_path / "interview", tmp_path / "day.offcut"
    folder.mkdir()
    turns = [spoken(10.0, seed) for seed in range(4)]
    pause = quiet(4.0)
    for name, own in (("host", (0, 2)), ("guest", (1, 3))):
        parts = [
            part
            for number, turn in enumerate(turns)
            for part in ((1.0 if number in own else 0.01) * turn, pause)
        ]
        soundfile.write(folder / f"{name}.wav", np.concatenate(parts), RATE_HZ, "PCM_16")
    made = _prepared(capsys, folder, "--out", day)
    assert (made["kind"], made["songs"]) == ("interview", [])
    cuts = _spans(day)
    assert len(cuts) == 4
    talk = [(14.0 * number, 14.0 * number + 10.0) for number in range(4)]
    assert all(stop <= first or start >= last for start, stop in cuts for first, last in talk)
    as_rehearsal = _prepared(capsys, folder, "--out", day, "--kind", "rehearsal")
    assert as_rehearsal["kind"] == "rehearsal"
    spoken_s = sum(stop - start for start, stop in _spans(day))
    assert spoken_s > 40.0
    assert not set(cuts) & set(_spans(day))
    assert _prepared(capsys, folder, "--out", day)["kind"] == "rehearsal"
    _prepared(capsys, folder, "--out", day, "--kind", "interview")
    assert _spans(day) == cuts


def test_microphones_of_one_kit_are_a_drum_session(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drum_take(tmp_path / "kit", [0.0, 5.0] * 24)
    made = _prepared(capsys, tmp_path / "kit", "--out", tmp_path / "day.offcut")
    assert made["kind"] == "drums"
    assert [len(song["takes"]) for song in made["songs"]] == [1]


@pytest.mark.parametrize("sound", ["silence", "noise", "a moment", "a drone"])
def test_a_recording_without_songs_stays_whole(
    sound: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    at_s = np.arange(10 * RATE_HZ) / RATE_HZ
    sounds = {
        "silence": np.zeros(10 * RATE_HZ),
        "noise": 0.1 * np.random.default_rng(1).standard_normal(10 * RATE_HZ),
        "a moment": passage(1, 1.0)[: RATE_HZ // 10],
        "a drone": 0.2 * (np.sin(2 * np.pi * 110.0 * at_s) + np.sin(2 * np.pi * 165.0 * at_s)),
    }
    soundfile.write(tmp_path / "odd.wav", sounds[sound], RATE_HZ, "PCM_16")
    made = _prepared(capsys, tmp_path / "odd.wav", "--out", tmp_path / "day.offcut")
    assert (made["kind"], made["songs"], made["proposals"]) == ("rehearsal", [], 0)


def _spans(path: Path) -> list[tuple[float, float]]:
    """Return the proposed spans of a document in seconds."""
    with Document.open(path, to_read=True) as document:
        state = document.state
        found = [(one.start_samples, one.stop_samples) for one in state.proposals.values()]
        return sorted((start / state.rate_hz, stop / state.rate_hz) for start, stop in found)
