"""Made days with shuffled dates: two short ones are right or marked, and the truth has no error."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.progress import SILENT
from engine.features.placement.plan import propose_places
from engine.lab.evaluation.shuffled.making import ROOM_HZ, a_day, sentences
from engine.lab.evaluation.shuffled.shuffled import evaluate, outcomes
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Mode, Reason
from engine.sound.reader import probe


def test_no_file_of_a_short_evaluation_is_certain_and_wrong(data_dir: Path) -> None:
    lines = {str(line["metric"]): line["value"] for line in evaluate(data_dir, progress=SILENT, short=True)}
    assert lines["wrongly_certain"] == 0.0
    assert lines["right_or_marked_mean"] == 1.0
    assert {f"right_{name}" for name in ("mean", "median", "worst_decile")} <= lines.keys()


def test_true_places_are_right_and_others_are_not(data_dir: Path, tmp_path: Path) -> None:
    truths, _ = a_day(data_dir, tmp_path, 1)
    found = propose_places(read_heads([one.path for one in truths]), Mode.TIME, rate_hz=ROOM_HZ)
    origin = next(index for index, one in enumerate(found.files) if one.reason is Reason.ORIGIN)
    speed = ROOM_HZ * (1.0 + truths[origin].ppm / 1e6)
    true = tuple(
        replace(one, start_samples=(truth.begin_s or 0.0) * speed, is_certain=True)
        for one, truth in zip(found.files, truths, strict=True)
    )
    rows = outcomes(truths, replace(found, files=true))
    assert all(row.is_right for row, truth in zip(rows, truths, strict=True) if truth.begin_s is not None)
    moved = next(index for index, truth in enumerate(truths) if truth.begin_s is not None and index != origin)
    wrong = list(true)
    wrong[moved] = replace(true[moved], start_samples=true[moved].start_samples + 10 * ROOM_HZ)
    assert [row.is_right for row in outcomes(truths, replace(found, files=tuple(wrong)))][moved] is False


def test_files_last_as_long_as_they_are_said_to(data_dir: Path, tmp_path: Path) -> None:
    truths, _ = a_day(data_dir, tmp_path, 2)
    for one in truths:
        if one.begin_s is not None and one.end_s is not None:
            info = probe(one.path)
            lasts_s = (one.end_s - one.begin_s) * (1.0 + one.ppm / 1e6)
            assert info.frames / info.rate_hz == pytest.approx(lasts_s, abs=0.001)


def test_no_sentence_of_a_day_is_spoken_twice(tmp_path: Path) -> None:
    """A stranger that repeats one is no stranger: its sound is in the room."""
    (tmp_path / "speech").mkdir()
    for number in range(26):
        (tmp_path / f"speech/{number:02d}.wav").touch()
    spoken: set[Path] = set()
    drawn = [sentences(tmp_path, np.random.default_rng(5), count, spoken) for count in (6, 6, 6, 8)]
    assert len(spoken) == sum(len(paths) for paths in drawn) == 26
