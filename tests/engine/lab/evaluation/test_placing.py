"""Made days: files are where they are said to be, the truth has no error, and figures are complete."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.core.progress import SILENT
from engine.features.placement.plan import propose_places
from engine.lab.evaluation.placing.days import DAYS, Material, made_day, material_in
from engine.lab.evaluation.placing.devices import STAGE_HZ, Device, picked_up
from engine.lab.evaluation.placing.placing import compared, evaluate
from engine.recordings.stated.file_head import read_heads
from engine.recordings.stated.placements import Mode, Reason
from engine.sound.reader import probe


@pytest.fixture(scope="module")
def material(data_dir: Path) -> Material:
    return material_in(data_dir)


def test_a_microphone_delays_nothing_and_a_clock_counts_more() -> None:
    stage = np.zeros(4 * STAGE_HZ, np.float32)
    stage[STAGE_HZ] = 1.0
    heard = picked_up(stage, 0.5, 3.5, Device(ppm=200.0, noise_db=-90.0), np.random.default_rng(1))
    assert len(heard) == pytest.approx(3.0 * STAGE_HZ * 1.0002, abs=1)
    assert np.argmax(np.abs(heard)) == round(0.5 * STAGE_HZ * 1.0002)


def test_the_files_of_a_day_are_as_long_as_they_are_said_to_be(material: Material, tmp_path: Path) -> None:
    made = made_day("two recorders", material, tmp_path, 0)
    for one in made:
        info = probe(one.path)
        lasts_s = (one.stop_s - one.start_s) * (1.0 + one.ppm / 1e6)
        assert info.frames / info.rate_hz == pytest.approx(lasts_s, abs=1.0 / info.rate_hz)
    recorder = [one for one in made if one.path.parent.name == "a"]
    assert all(one.stop_s == other.start_s for one, other in pairwise(recorder))
    found = propose_places(read_heads([one.path for one in made]), Mode.TIME, rate_hz=STAGE_HZ)
    origin = next(index for index, one in enumerate(found.files) if one.reason is Reason.ORIGIN)
    speed = 1.0 + made[origin].ppm / 1e6
    true = [
        replace(
            one,
            start_samples=(file.start_s - made[origin].start_s) * speed * STAGE_HZ,
            drift_ppm=((1.0 + file.ppm / 1e6) / speed - 1.0) * 1e6,
            is_certain=True,
        )
        for one, file in zip(found.files, made, strict=True)
    ]
    rows = compared("day", made, replace(found, files=tuple(true)))
    assert max(one.error for one in rows) < 1e-3
    assert not any(one.is_wrongly_certain for one in rows)
    wrong = [replace(one, start_samples=one.start_samples + STAGE_HZ) for one in true]
    wrong[origin] = true[origin]
    assert all(one.is_wrongly_certain for one in compared("day", made, replace(found, files=tuple(wrong))))


@pytest.mark.long
def test_figures_of_a_few_days(data_dir: Path) -> None:
    lines = list(evaluate(data_dir, progress=SILENT, short=True))
    days = {str(line["about"]) for line in lines}
    assert days == {*list(DAYS)[::4], "ten days", "all"}
    total = {line["metric"]: line for line in lines if line["about"] == "ten days"}
    assert total["wrongly_certain"]["value"] == 0.0
    assert total["within_a_sample"]["value"] >= 0.9
    assert total["within_a_sample"]["baseline"]["zero"] < 0.2


def test_a_folder_without_music_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="holds no recordings"):
        material_in(tmp_path)
