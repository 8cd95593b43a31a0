"""Cases about Offcut's own files: several formats in one export, and an edit list that comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cases.asking import noise, told


def test_formats_with_other_edited_sound_are_written_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case h19: AAF plays fades itself, REAPER from the file with the edited sound."""
    project = tmp_path / "m.offcut"
    told(capsys, "new", project, noise(tmp_path / "a.wav", 10))
    told(capsys, "edit", project, "slip", "--start-s", 5, "--stop-s", 6, "--by-s", 0.02)
    told(capsys, "edit", project, "fade-ends")
    told(capsys, "export", project, "--out", tmp_path / "m.rpp", tmp_path / "m.aaf")
    assert {path.name for path in tmp_path.glob("*edited*")} == {"m edited 01 a.wav", "m aaf edited 01 a.wav"}
    for name in ("m.rpp", "m.aaf"):
        answer = told(capsys, "import-edits", project, tmp_path / name, "--dry-run")
        assert (answer["edits"], answer["returned"]) == ({}, 0), name


@pytest.mark.parametrize("suffix", ["json", "rpp", "otio", "fcpxml", "xml", "edl", "aaf"])
def test_a_moved_clip_and_a_repeat_come_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], suffix: str
) -> None:
    """Case h01."""
    project, out = tmp_path / "d.offcut", tmp_path / f"e.{suffix}"
    told(capsys, "new", project, noise(tmp_path / "guitar.wav", 20, 2), noise(tmp_path / "bass.wav", 20))
    told(capsys, "edit", project, "cut", "--start-s", 3, "--stop-s", 4)
    told(capsys, "edit", project, "split", "--tracks", "guitar", "--at-s", 6)
    second = told(capsys, "tracks", project)["tracks"][0]["clips"][1]["id"]
    told(capsys, "edit", project, "place", "--clips", second, "--by-s", 0.75)
    told(capsys, "edit", project, "repeat", "--start-s", 15, "--stop-s", 15.5, "--times", 3)
    told(capsys, "export", project, "--out", out)
    answer = told(capsys, "import-edits", project, out)
    assert (answer["edits"], answer["returned"], answer["longer_s"]) == ({}, 0, 0.0)
    assert answer["left_out"] == []


def test_own_labels_bring_nothing_but_what_the_document_has(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Labels of cuts, keeps, edits of single tracks and inserts: the same cuts come back, none else."""
    files = [noise(tmp_path / f"{name}.wav", 20, channels) for channels, name in enumerate("ab", 1)]
    project, labels = str(tmp_path / "day.offcut"), str(tmp_path / "day.txt")
    told(capsys, "new", project, *files, "--place", "zero")
    for words in (
        "cut --start-s 5 --stop-s 9",
        "cut --start-s 8 --stop-s 12",
        "keep --start-s 6 --stop-s 6.5",
        "mute --start-s 1 --stop-s 2 --tracks a",
        "ripple --start-s 14 --stop-s 15 --tracks b",
        "insert --at-s 17 --length-s 2",
    ):
        told(capsys, "edit", project, *words.split())
    told(capsys, "export", project, "--out", labels)
    found = told(capsys, "import-edits", project, labels, "--labels", "cuts")
    assert (found["returned"], found["longer_s"], found["markers"], found["left_out"]) == (0, 0.0, 0, [])
    assert found["edits"] == {}
