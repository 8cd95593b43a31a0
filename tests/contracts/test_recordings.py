"""The recordings in `tests/data` are few, may be passed on, and are credited."""

from __future__ import annotations

import csv
from fnmatch import fnmatch
from pathlib import Path

import pytest
import soundfile

MOST_BYTES = 12_800_000
SHIPPABLE = (
    "CREDITS.md",
    "music/gm3_*",
    "music/Karissa_Hobbs*",
    "music/Kevin_MacLeod*",
    "loops/[A-Z]*bpm_*",
    "multimic/kit_muldjord/*",
    "multimic/midi/*",
    "multimic/example_*",
    "grooves/*",
    "drums/*",
    "esc50/*",
    "speech/*",
)


@pytest.fixture(scope="module")
def recordings(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob("*") if path.is_file()]


def test_they_are_small_enough_to_be_in_the_repository(recordings: list[Path]) -> None:
    assert sum(path.stat().st_size for path in recordings) <= MOST_BYTES


def test_only_what_may_be_shipped_is_there(data_dir: Path, recordings: list[Path]) -> None:
    names = [path.relative_to(data_dir).as_posix() for path in recordings]
    assert not [name for name in names if not any(fnmatch(name, known) for known in SHIPPABLE)]


def test_clips_are_free_or_ours(data_dir: Path) -> None:
    rows = list(csv.DictReader((data_dir / "esc50" / "esc50.csv").read_text("utf-8").splitlines()))
    credit = (data_dir / "CREDITS.md").read_text("utf-8")
    for row in rows:
        name = Path(row["filename"]).stem
        assert "-made-" in name or (row["esc10"] == "True" and f"\n| {name} | [" in credit), name
    assert {row["filename"] for row in rows} == {
        path.name for path in (data_dir / "esc50" / "audio").iterdir()
    }


def test_credits_name_every_piece_and_set(data_dir: Path) -> None:
    credit = (data_dir / "CREDITS.md").read_text("utf-8")
    pieces = [path.name for path in (data_dir / "music").iterdir()]
    sets = [path.name for folder in ("loops", "multimic") for path in (data_dir / folder).iterdir()]
    assert not [name for name in (*pieces, *sets) if name not in credit]


def test_each_opens(recordings: list[Path]) -> None:
    for path in recordings:
        if path.suffix in (".flac", ".mp3", ".ogg"):
            assert soundfile.info(path).frames > 0, path
