"""Documents with several clips on a track: what is exported comes back as the edits it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from engine.cli.main import main

RATE_HZ = 8_000
SUFFIXES = ("json", "rpp", "otio", "edl", "fcpxml", "xml", "aaf")


def told(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert main([*words, "--json"]) == 0, words
    return json.loads(capsys.readouterr().out)


def made(folder: Path, seed: int, capsys: pytest.CaptureFixture[str]) -> str:
    """Make a document of two tracks: three recordings with gaps and a split on one, one on the other."""
    random = np.random.default_rng(seed)
    files = []
    for name, seconds in (("a", 8), ("b", 6), ("c", 5), ("whole", 24)):
        path = folder / f"{name}.wav"
        soundfile.write(path, random.standard_normal(seconds * RATE_HZ) * 0.1, RATE_HZ, "PCM_16")
        files.append(str(path))
    project = str(folder / "day.offcut")
    told(capsys, "new", project, *files)
    starts = {"b": 8 + random.integers(0, 2), "c": 17 + random.random()}
    for name, start in starts.items():
        told(capsys, "edit", project, "place", "--tracks", name, "--to-s", str(start))
    told(capsys, "edit", project, "join", "--tracks", "a", "b", "c")
    told(capsys, "edit", project, "trim", "--clips", "b.wav", "--stop-s", str(starts["b"] + 5))
    told(capsys, "edit", project, "split", "--at-s", "4", "--tracks", "a")
    return project


@pytest.mark.parametrize("seed", range(3))
def test_edits_of_clips_come_back(tmp_path: Path, capsys: pytest.CaptureFixture[str], seed: int) -> None:
    project = made(tmp_path, seed, capsys)
    for start, stop in ((1, 2), (5.5, 6.5), (10, 11), (19, 20)):
        told(capsys, "edit", project, "cut", "--start-s", str(start), "--stop-s", str(stop))
    told(capsys, "edit", project, "gain", "--tracks", "a", "--start-s", "3", "--stop-s", "3.6", "--db", "-6")
    for suffix in SUFFIXES:
        out = tmp_path / suffix / f"x.{suffix}"
        out.parent.mkdir()
        told(capsys, "export", project, "--out", str(out))
        answer = told(capsys, "import-edits", project, str(out), "--dry-run")
        assert (answer["edits"], answer["returned"]) == ({}, 0), (suffix, answer)
        assert answer["unchanged"] >= 4, suffix  # the gain is in the file with edited sound


def test_a_cut_into_a_gap_keeps_the_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = made(tmp_path, 1, capsys)
    told(capsys, "edit", project, "cut", "--start-s", "14", "--stop-s", "16")
    out = tmp_path / "x.otio"
    told(capsys, "export", project, "--out", str(out))
    answer = told(capsys, "import-edits", project, str(out), "--dry-run")
    assert answer["longer_s"] == 0.0
