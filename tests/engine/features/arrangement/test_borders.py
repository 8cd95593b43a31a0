"""Performances reach from their first sound to their last one, within a pause of players."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.document.analysis import BeatGrid
from engine.features.arrangement.step_features import hear

RATE_HZ = 22_050
PAUSE_DB, LOUD_DB = -62.0, -20.0
LATE_S = 0.3
"""A window of levels still catches a sound that ended this long before its last step."""


def played_s(*sounds: tuple[float, float, float]) -> list[tuple[float, float]]:
    """Return where playing is found after a minute of noise; each sound has a start, a stop and a fade."""
    rng = np.random.default_rng(7)
    noise = rng.standard_normal(90 * RATE_HZ).astype(np.float32)
    gain = np.full(len(noise), 10.0 ** (PAUSE_DB / 20.0), np.float32)
    for start_s, stop_s, fading_s in ((0.0, 60.0, 0.0), *sounds):
        first, last = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
        fading = round(fading_s * RATE_HZ)
        gain[first:last] = 10.0 ** (LOUD_DB / 20.0)
        gain[last - fading : last] *= 10.0 ** (-np.linspace(0.0, 40.0, fading) / 20.0)
    no_beats: NDArray[np.int64] = np.zeros(0, np.int64)
    grid = BeatGrid(no_beats, no_beats, 0.0, 0.0, "made")
    return list(hear([noise * gain], RATE_HZ, len(noise), grid).takes.played_s[1:])


@pytest.mark.parametrize("start_s", [70.0, 70.03, 70.07, 70.1, 70.14, 70.19])
def test_a_performance_begins_where_its_first_sound_does(start_s: float) -> None:
    ((found_s, stop_s),) = played_s((start_s, 80.0, 0.0))
    assert start_s - 0.1 <= found_s <= start_s + 0.05
    assert 80.0 <= stop_s <= 80.0 + LATE_S


@pytest.mark.parametrize("gap_s", [0.85, 1.0])
def test_a_stroke_next_to_a_performance_is_its_first_or_last_one(gap_s: float) -> None:
    before, after = (69.8 - gap_s, 70.0 - gap_s, 0.0), (80.0 + gap_s, 80.2 + gap_s, 0.0)
    ((start_s, stop_s),) = played_s(before, (70.0, 80.0, 0.0), after)
    assert start_s == pytest.approx(before[0], abs=0.1)
    assert after[1] <= stop_s <= after[1] + LATE_S


def test_a_stroke_after_a_pause_of_players_is_not_part_of_a_performance() -> None:
    ((start_s, stop_s),) = played_s((68.1, 68.3, 0.0), (70.0, 80.0, 0.0), (81.5, 81.7, 0.0))
    assert start_s == pytest.approx(70.0, abs=0.1)
    assert 80.0 <= stop_s <= 80.0 + LATE_S


def test_a_fading_end_belongs_to_a_performance() -> None:
    ((_, stop_s),) = played_s((70.0, 82.0, 3.0))
    assert stop_s == pytest.approx(82.0, abs=LATE_S)
