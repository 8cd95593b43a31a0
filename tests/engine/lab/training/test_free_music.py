"""Recordings that arrangements are learned from: free ones alone, and pieces that sound."""

from __future__ import annotations

import csv
from pathlib import Path
from shutil import copytree

import numpy as np
import soundfile

from engine.analysis.beats.activations import RATE_HZ
from engine.lab.simulated.recordings import CATEGORIES, clip_rows
from engine.lab.training.arranging.free_music import _rendered, free_faults
from engine.lab.training.beats.pieces import Piece
from engine.lab.training.detection.recordings import TOLD_PART, part_of


def test_voices_and_noises_are_of_free_clips_alone(data_dir: Path, tmp_path: Path) -> None:
    copytree(data_dir / "esc50", tmp_path / "esc50")
    for name in ("music", "loops", "speech"):
        (tmp_path / name).mkdir()
    noise = np.random.default_rng(0).normal(0.0, 0.1, RATE_HZ)
    for number in range(10):
        soundfile.write(tmp_path / "speech" / f"{number}.flac", noise, RATE_HZ)
    rows = clip_rows(tmp_path)
    noises = [row for row in rows if row["category"] in CATEGORIES["noise"] and int(row["fold"]) <= 3]
    with (tmp_path / "esc50" / "licences.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["filename", "fold", "free"])
        writer.writeheader()
        for row in rows:
            writer.writerow({"filename": row["filename"], "fold": row["fold"], "free": int(row is noises[0])})
    clips = free_faults(tmp_path)
    assert len(clips["noise"]) == 1
    learned = [number for number in range(10) if part_of(Path(f"{number}.flac")) != TOLD_PART]
    assert len(clips["talk"]) == len(learned) < 10


def test_a_piece_is_rendered_once_and_a_silent_one_never(tmp_path: Path) -> None:
    made: list[int] = []

    def piece(seed: int) -> Piece:
        made.append(seed)
        drums = np.zeros(2 * RATE_HZ, np.float32)
        drums[::100] = seed
        beats_s = np.arange(20) / 10.0
        return Piece("one", drums, np.zeros_like(drums), beats_s, np.ones(20, np.int64))

    path = tmp_path / "band.flac"
    assert _rendered(path, 2, piece) == path
    assert _rendered(path, 2, piece) == path
    assert _rendered(tmp_path / "silent.flac", 0, piece) is None
    assert made == [2, 0]
    assert soundfile.read(path)[0].max() > 0.99
    assert not list(tmp_path.glob("*.part.flac"))
