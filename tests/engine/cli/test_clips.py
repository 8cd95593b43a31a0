"""Clips without a window: listed, placed, trimmed, split and joined."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main

RATE_HZ = 8_000


@pytest.fixture
def project(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    random = np.random.default_rng(0)
    for name, seconds in (("a", 10), ("b", 4)):
        sound = random.standard_normal(seconds * RATE_HZ) * 0.1
        soundfile.write(tmp_path / f"{name}.wav", sound, RATE_HZ, "FLOAT")
    path = str(tmp_path / "day.offcut")
    assert main(["new", path, str(tmp_path / "a.wav"), str(tmp_path / "b.wav")]) == 0
    capsys.readouterr()
    return path


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def clips(answer: Any) -> list[tuple[str, float, float, float]]:
    return [
        (clip["name"], clip["start_s"], clip["stop_s"], clip["offset_s"])
        for track in answer["tracks"]
        for clip in track["clips"]
    ]


def test_clips_are_placed_split_trimmed_and_joined(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert clips(told(capsys, "tracks", project)) == [("a.wav", 0.0, 10.0, 0.0), ("b.wav", 0.0, 4.0, 0.0)]
    placed = told(capsys, "edit", project, "place", "--clips", "b.wav", "--to-s", "12")
    assert clips(placed)[1] == ("b.wav", 12.0, 16.0, 0.0)
    moved = told(capsys, "edit", project, "place", "--tracks", "b", "--by-s", "-1")
    assert clips(moved)[1] == ("b.wav", 11.0, 15.0, 0.0)
    parted = told(capsys, "edit", project, "split", "--at-s", "3", "--tracks", "a")
    assert clips(parted)[:2] == [("a.wav", 0.0, 3.0, 0.0), ("a.wav", 3.0, 10.0, 3.0)]
    trimmed = told(capsys, "edit", project, "trim", "--clips", "b.wav", "--start-s", "12")
    assert clips(trimmed)[2] == ("b.wav", 12.0, 15.0, 1.0)
    doubled = told(capsys, "edit", project, "duplicate", "--clips", "b.wav", "--to-s", "20")
    assert clips(doubled)[3] == ("b.wav", 20.0, 23.0, 1.0)
    copied = doubled["tracks"][1]["clips"][1]["id"]
    taken = told(capsys, "edit", project, "take", "--clips", copied, "--tracks", "a")
    assert [len(track["clips"]) for track in taken["tracks"]] == [3, 1]
    joined = told(capsys, "edit", project, "join", "--tracks", "a", "b")
    assert [len(track["clips"]) for track in joined["tracks"]] == [4]


def test_a_split_of_named_clips_leaves_all_others_whole(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parted = told(capsys, "edit", project, "split", "--at-s", "3", "--clips", "b.wav")
    assert [len(track["clips"]) for track in parted["tracks"]] == [1, 2]
    assert (
        main(["edit", project, "split", "--at-s", "7", "--clips", parted["tracks"][1]["clips"][0]["id"]]) == 2
    )
    assert "does not play at 0:07.000" in capsys.readouterr().err
    told(capsys, "edit", project, "lock", "--clips", "a.wav")
    assert main(["edit", project, "split", "--at-s", "3.5", "--clips", "a.wav"]) == 2
    assert "locked" in capsys.readouterr().err
    assert [len(track["clips"]) for track in told(capsys, "tracks", project)["tracks"]] == [1, 2]


def test_fades_levels_and_locks(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "edit", project, "fade", "--clips", "b.wav", "--in-ms", "500")
    told(capsys, "edit", project, "level", "--clips", "b.wav", "--db", "-6")
    locked = told(capsys, "edit", project, "lock", "--clips", "b.wav")["tracks"][1]["clips"][0]
    assert (locked["fade_in_s"], locked["gain_db"], locked["is_locked"]) == (0.5, -6.0, True)
    assert main(["edit", project, "place", "--clips", "b.wav", "--to-s", "1"]) == 2
    told(capsys, "edit", project, "unlock", "--clips", "b.wav")
    told(capsys, "edit", project, "place", "--clips", "b.wav", "--to-s", "1")


def test_a_take_or_a_part_of_it_is_raised(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    joined = told(capsys, "edit", project, "join", "--tracks", "a", "b")["tracks"][0]
    assert (joined["takes"], [clip["take"] for clip in joined["clips"]]) == (2, [1, 2])
    assert main(["tracks", project]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "a  2 takes"
    part = ("--start-s", "1", "--stop-s", "3")
    raised = told(capsys, "edit", project, "raise", "--clips", "a.wav", *part)["tracks"][0]
    assert [clip["take"] for clip in raised["clips"]] == [1, 1, 2, 1]
    top = raised["clips"][-1]
    assert [top[name] for name in ("name", "start_s", "stop_s", "fade_in_s", "fade_out_s")] == [
        "a.wav", 1.0, 3.0, 0.01, 0.01
    ]  # fmt: skip
    whole = told(capsys, "edit", project, "raise", "--clips", "b.wav")["tracks"][0]
    assert whole["clips"][-1]["name"] == "b.wav"


def test_tracks_go_with_their_last_clips_and_are_named(
    project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["edit", project, "remove", "--tracks", "a", "b"]) == 0
    assert "with tracks a and b" in capsys.readouterr().out
    assert told(capsys, "tracks", project)["tracks"] == []


def test_edits_move_along(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = told(
        capsys, "edit", project, "gain", "--start-s", "1", "--stop-s", "2", "--db", "-6", "--tracks", "b"
    )
    moved = told(capsys, "edit", project, "place", "--tracks", "b", "--by-s", "5")
    assert moved["moved_along"] == [made["id"]]
    proposals = told(capsys, "proposals", project)["proposals"]
    assert [(one["start_s"], one["state"]) for one in proposals] == [(6.0, "accepted")]


def test_later_clips_follow_with_ripple(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    told(capsys, "edit", project, "place", "--clips", "b.wav", "--to-s", "6")
    ids = [one["id"] for one in told(capsys, "edit", project, "split", "--at-s", "3")["tracks"][0]["clips"]]
    made = told(
        capsys, "edit", project, "gain", "--start-s", "1", "--stop-s", "2", "--db", "-6", "--tracks", "a"
    )

    def edited(*words: str) -> list[tuple[float, float]]:
        return [clip[1:3] for clip in clips(told(capsys, "edit", project, *words))]

    moved = edited("place", "--clips", ids[1], "--by-s", "1", "--ripple", "all")
    assert moved == [(0.0, 3.0), (4.0, 11.0), (7.0, 11.0)]
    moved = edited("place", "--clips", ids[0], "--to-s", "1", "--ripple", "track")
    assert moved == [(5.0, 12.0), (1.0, 4.0), (7.0, 11.0)], "a placed clip is on top"
    trimmed = edited("trim", "--clips", ids[0], "--start-s", "1.5", "--ripple", "track")
    assert trimmed == [(4.5, 11.5), (1.0, 3.5), (7.0, 11.0)]
    doubled = edited("duplicate", "--clips", ids[0], "--to-s", "3.5", "--ripple", "all")
    assert doubled == [(7.0, 14.0), (1.0, 3.5), (3.5, 6.0), (9.5, 13.5)]
    gone = told(capsys, "edit", project, "remove", "--clips", ids[0], "--ripple", "all")
    assert [clip[1:3] for clip in clips(gone)] == [(4.5, 11.5), (1.0, 3.5), (7.0, 11.0)]
    assert (gone["moved_along"], gone["removed_along"]) == ([], [made["id"]])


@pytest.mark.parametrize(
    "words",
    [
        ("split", "--at-s", "3", "--ripple", "all"),
        ("cut", "--start-s", "1", "--stop-s", "2", "--ripple", "track"),
        ("place", "--clips", "b.wav"),
        ("place", "--clips", "b.wav", "--to-s", "1", "--by-s", "1"),
        ("place", "--to-s", "1"),
        ("place", "--clips", "none.wav", "--to-s", "1"),
        ("place", "--clips", "b.wav", "--to-s", "-3"),
        ("place", "--clips", "b.wav", "--to-s", "1e9"),
        ("place", "--clips", "b.wav", "--by-s", "1e9"),
        ("duplicate", "--clips", "b.wav", "--to-s", "1e9"),
        ("trim", "--clips", "b.wav"),
        ("trim", "--clips", "b.wav", "--start-s", "9"),
        ("trim", "--tracks", "a", "b", "--start-s", "1"),
        ("split", "--at-s", "99"),
        ("split",),
        ("raise",),
        ("raise", "--clips", "b.wav"),
        ("raise", "--clips", "b.wav", "--start-s", "1"),
        ("raise", "--clips", "b.wav", "--start-s", "2", "--stop-s", "1"),
        ("raise", "--clips", "b.wav", "--start-s", "7", "--stop-s", "9"),
        ("fade", "--clips", "b.wav"),
        ("fade", "--clips", "b.wav", "--in-ms", "9999"),
        ("level", "--clips", "b.wav"),
        ("level", "--clips", "b.wav", "--db", "99"),
        ("join", "--tracks", "a"),
        ("cut", "--start-s", "1", "--stop-s", "2", "--clips", "b.wav"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    project: str, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    before = told(capsys, "tracks", project)
    assert main(["edit", project, *words]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert told(capsys, "tracks", project) == before


def test_a_shared_name_asks_for_the_id(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    parted = told(capsys, "edit", project, "split", "--at-s", "2", "--tracks", "a")
    ids = [clip["id"] for clip in parted["tracks"][0]["clips"]]
    assert main(["edit", project, "place", "--clips", "a.wav", "--to-s", "1"]) == 2
    assert ids[0] in capsys.readouterr().err
    told(capsys, "edit", project, "place", "--clips", ids[1], "--to-s", "11")


def test_files_are_placed_one_after_another(
    tmp_path: Path, project: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "after.offcut")
    files = [str(tmp_path / f"{name}.wav") for name in "ab"]
    answer = told(capsys, "new", path, *files, "--place", "after")
    assert [one["start_s"] for one in answer["places"]] == [0.0, 10.0]
    assert {one["is_certain"] for one in answer["places"]} == {True}
    assert project


def test_silence_and_room_tone_are_inserted(project: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = told(capsys, "edit", project, "insert", "--at-s", "2", "--length-s", "1.5")
    assert (made["kind"], made["start_s"], made["stop_s"], made["result_s"]) == ("insert", 2.0, 2.0, 11.5)
    assert made["payload"]["length_samples"] == 1.5 * RATE_HZ
    assert main(["edit", project, "insert", "--at-s", "2", "--length-s", "1", "--tone", "room"]) == 2
    assert "No room tone within 20 s of 0:02.000" in capsys.readouterr().err  # noise is never quiet
    for wrong in (["--at-s", "11"], ["--at-s", "2", "--start-s", "1"]):
        assert main(["edit", project, "insert", *wrong, "--length-s", "1"]) == 2
    assert main(["edit", project, "insert", "--at-s", "2", "--length-s", "0"]) == 2
    assert main(["edit", project, "insert", "--at-s", "2"]) == 2
    assert main(["edit", project, "cut", "--start-s", "1", "--stop-s", "2", "--length-s", "1"]) == 2


def test_a_track_alone_is_cut_and_waits(
    project: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(tmp_path / "pair.offcut")
    told(capsys, "new", path, str(tmp_path / "a.wav"), str(tmp_path / "b.wav"), "--place", "zero")
    span = ("--start-s", "2", "--stop-s", "3")
    assert main(["edit", path, "ripple", *span]) == 2
    assert "--tracks" in capsys.readouterr().err
    made = told(capsys, "edit", path, "ripple", *span, "--tracks", "b")
    assert (made["kind"], made["tracks"], made["result_s"]) == ("ripple", ["b"], 10.0)
    later = told(capsys, "edit", path, "insert", "--at-s", "3.5", "--length-s", "9", "--tracks", "b")
    assert (later["tracks"], later["result_s"]) == (["b"], 12.0)
    assert project
