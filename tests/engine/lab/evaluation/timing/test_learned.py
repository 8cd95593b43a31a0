"""Made editors of drum timing: where they put the strokes of a performance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.lab.evaluation.timing.learned.editors import EDITORS, Editor
from engine.lab.simulated.performances.displacement import Displacement
from engine.lab.simulated.performances.parts import takes
from engine.lab.simulated.performances.takes import Take


@pytest.fixture(scope="module")
def take(data_dir: Path) -> Take:
    return next(takes(data_dir, "test", 1, 0, Displacement(jitter_ms=10.0, missing=0.02), 20.0))


def test_a_tight_editor_makes_the_faultless_performance(take: Take) -> None:
    edited = EDITORS[0].edited(take)
    assert edited.played.times_s == pytest.approx(edited.played.score.targets_s, abs=0.002)


def test_an_editor_leaves_what_is_near(take: Take) -> None:
    near = Editor("near", near_ms=8.0)
    shifts_ms = 1000.0 * near.shifts_s(take)
    away_ms = 1000.0 * (take.played.score.targets_s - take.played.times_s)
    assert not shifts_ms[np.abs(away_ms) < 7.0].any()
    assert np.all(np.abs(shifts_ms[np.abs(away_ms) > 9.0]) > 0.0)


def test_swing_moves_the_second_half_of_the_beat() -> None:
    late = Editor("swing", swing=0.58).swung_beats(np.array([0.0, 0.25, 0.5, 0.75, 3.5]))
    assert late == pytest.approx([0.0, 0.04, 0.08, 0.04, 0.08])


def test_edited_hits_keep_their_sounds(take: Take) -> None:
    edited = replace(EDITORS[1]).edited(take)
    assert sorted(map(str, edited.shots)) == sorted(map(str, take.shots))
    assert np.all(np.diff(edited.played.times_s) >= 0.0)
