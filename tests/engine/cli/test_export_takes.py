"""The takes of a day from the command line: names before they are written, files, and the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main
from tests.engine.features.day.made import made_day


@pytest.fixture
def day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = made_day(tmp_path)
    capsys.readouterr()
    return path


def answer(capsys: pytest.CaptureFixture[str], *words: object) -> Any:
    status = main([*map(str, words), "--json"])
    out, err = capsys.readouterr()
    assert status == 0, err
    return json.loads(out)


def test_takes_are_listed_then_written(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = day.parent / "out"
    words = ("export-takes", day, "--out", out, "--date", "2026-11-30", "--band", "Us", "--format", ".flac")
    listed = answer(capsys, *words, "--dry-run")
    assert listed["is_written"] is False
    assert not out.exists()
    written = answer(capsys, *words)
    assert [file["path"] for file in written["files"]] == [file["path"] for file in listed["files"]]
    assert [Path(file["path"]).name for file in written["files"]] == [
        "01 Blue- Moon – take 2.flac",
        "02 Über – take 1.flac",
    ]
    assert [(file["start_s"], file["stop_s"], file["length_s"]) for file in written["files"]] == [
        (7.0, 11.0, 4.0),
        (12.0, 17.0, 5.0),
    ]
    assert written["playlists"] == [str(out / "Us 2026-11-30.m3u8")]
    assert len(list(out.iterdir())) == 3


def test_a_quick_mix_and_a_loudness(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--takes", "all", "--quick-mix", "--loudness", "-18", "--pattern", "{song} {take}")
    written = answer(capsys, "export-takes", day, "--out", day.parent / "out", *words)
    assert [file["is_quick_mix"] for file in written["files"]] == [False] * 4 + [True] * 4
    assert [file["loudness_lufs"] for file in written["files"]] == [pytest.approx(-18.0)] * 8


def test_the_page_is_next_to_its_takes(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = day.parent / "for the band"
    written = answer(capsys, "share", day, "--out", out, "--band", "Us")
    assert written["page"] == str(out / "index.html")
    assert all(np.any(soundfile.read(file["path"])[0]) for file in written["files"])
    assert main(["share", str(day), "--out", str(out)]) == 1
    assert "--force" in capsys.readouterr().err
    again = answer(capsys, "share", day, "--out", out, "--band", "Us", "--force")
    assert again["files"] == written["files"]


@pytest.mark.parametrize(
    ("words", "status", "part"),
    [
        (("--pattern", "{title}"), 2, "{title}"),
        (("--date", "yesterday"), 2, "yesterday"),
        (("--loudness", "16"), 2, "16"),
        (("--format", ".xyz"), 2, ".xyz"),
    ],
)
def test_a_wrong_value_is_refused_in_one_line(
    day: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, part: str
) -> None:
    try:
        found = main(["export-takes", str(day), "--out", str(day.parent / "out"), *words])
    except SystemExit as ended:
        found = ended.code
    err = capsys.readouterr().err
    assert (found, err.count("\n")) == (status, 1)
    assert part in err
    assert not (day.parent / "out").exists()


def test_a_document_without_a_day_is_refused(day: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = day.parent / "other.offcut"
    assert main(["new", str(other), str(day.parent / "keys.wav")]) == 0
    capsys.readouterr()
    assert main(["share", str(other), "--out", str(day.parent / "out")]) == 2
    assert "offcut prepare" in capsys.readouterr().err
