"""What a list says of tastes, from the heads of their files."""

from __future__ import annotations

import json
import os
import struct
import time
from pathlib import Path

import pytest

from desktop.demo_files import DEMO_FOLDER
from engine.core.progress import SILENT
from engine.features.taste.anomaly.taste import load_taste
from engine.features.taste.anomaly.taste_header import (
    DAMAGED,
    KEY,
    NOT_THERE,
    TOO_NEW,
    UNREADABLE,
    TasteSummary,
    summaries,
    summary_of,
    tastes_in,
)

DEMO = DEMO_FOLDER / "demo.taste"


def test_it_says_what_the_whole_taste_says() -> None:
    taste, summary = load_taste(DEMO), summary_of(DEMO)
    assert taste.kept is not None
    assert summary.recordings == len(taste.kept.recordings)
    assert summary.duration_s == pytest.approx(sum(one.duration_s for one in taste.kept.recordings))
    assert summary.trouble == ""


@pytest.mark.parametrize("stop", [0, 5, 8, 100, 2_000, -1])
def test_a_file_that_ends_too_soon_is_damaged(tmp_path: Path, stop: int) -> None:
    short = tmp_path / "short.taste"
    short.write_bytes(DEMO.read_bytes()[:stop])
    assert summary_of(short).trouble == DAMAGED


def forged(path: Path, about: object) -> Path:
    head = json.dumps({"__metadata__": {KEY: json.dumps(about)}}).encode()
    path.write_bytes(struct.pack("<Q", len(head)) + head)
    return path


@pytest.mark.parametrize(
    ("about", "trouble"),
    [
        ({"version": 99}, TOO_NEW),
        ({"version": 2, "kept": [{"duration_s": 60.0}]}, ""),
        ({"version": 1}, ""),
        ({}, DAMAGED),
        ([], DAMAGED),
        ({"version": "two"}, DAMAGED),
        ({"version": 2, "kept": 7}, DAMAGED),
        ({"version": 2, "kept": [{}]}, DAMAGED),
        ({"version": 2, "kept": [{"duration_s": -4}]}, DAMAGED),
        ({"version": 2, "kept": [{"duration_s": "long"}]}, DAMAGED),
    ],
)
def test_a_head_that_says_nonsense_is_damaged(tmp_path: Path, about: object, trouble: str) -> None:
    assert summary_of(forged(tmp_path / "a.taste", about)).trouble == trouble


def test_what_is_not_there_or_no_file_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "folder.taste"
    folder.mkdir()
    assert summary_of(tmp_path / "gone.taste").trouble == NOT_THERE
    assert summary_of(tmp_path / "gone" / "deep.taste").trouble == NOT_THERE
    assert summary_of(folder).trouble == UNREADABLE
    assert summary_of(tmp_path / ("x" * 400 + ".taste")).trouble == UNREADABLE
    assert summary_of(tmp_path / "nul\0.taste").trouble == UNREADABLE


def test_what_did_not_change_is_not_read_again_and_what_changed_is(tmp_path: Path) -> None:
    path = forged(tmp_path / "a.taste", {"version": 2, "kept": [{"duration_s": 60.0}]})
    first = summaries([path], {}, SILENT)
    assert summaries([path], first, SILENT)[path] is first[path]
    forged(path, {"version": 2, "kept": [{"duration_s": 600.0}, {"duration_s": 1.0}]})
    assert summaries([path], first, SILENT)[path].recordings == 2
    path.unlink()
    assert summaries([path], first, SILENT)[path] == TasteSummary(trouble=NOT_THERE)


def test_five_hundred_are_read_in_a_moment(tmp_path: Path) -> None:
    content = DEMO.read_bytes()
    for number in range(500):
        path = tmp_path / f"{number}.taste"
        path.write_bytes(content[: 1 << 16])
        os.truncate(path, len(content))
    began_s = time.monotonic()
    found = summaries(tastes_in(tmp_path), {}, SILENT)
    assert len(found) == 500
    assert not any(one.trouble for one in found.values())
    assert time.monotonic() - began_s < 5.0


def test_a_folder_lists_its_tastes_alone(tmp_path: Path) -> None:
    for name in ("b.taste", "A.taste", "c.wav", "ö 🥁\n2.taste", ".taste"):
        (tmp_path / name).touch()
    (tmp_path / "folder.taste").mkdir()
    names = [path.name for path in tastes_in(tmp_path)]
    assert names == [".taste", "A.taste", "b.taste", "ö 🥁\n2.taste"]
