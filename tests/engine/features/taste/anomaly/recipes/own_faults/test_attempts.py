"""Short stretches between pauses, and how far they are odd."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.features.taste.anomaly.recipes.own_faults.fusion import (
    LEAST_PAUSE_STEPS,
    LONGEST_STEPS,
    QUIETER_DB,
    attempts,
    attempts_trust,
)


def levels(*runs: tuple[float, int]) -> np.ndarray:
    return np.concatenate([np.full(steps, level, np.float32) for level, steps in runs])


def plain_attempts(levels_db: np.ndarray) -> np.ndarray:
    """Step by step: a pause, so many louder steps, and a pause."""
    quiet = levels_db < middle_of_playing_db(levels_db) - QUIETER_DB
    found = np.zeros(len(quiet), bool)
    for start in range(len(quiet)):
        for stop in range(start + 1, min(len(quiet), start + LONGEST_STEPS) + 1):
            before = start >= LEAST_PAUSE_STEPS and quiet[start - LEAST_PAUSE_STEPS : start].all()
            after = quiet[stop : stop + LEAST_PAUSE_STEPS]
            between = quiet[start:stop]
            runs = np.convolve(between, np.ones(LEAST_PAUSE_STEPS), "valid")
            inner = len(between) >= LEAST_PAUSE_STEPS and (runs == LEAST_PAUSE_STEPS).any()
            whole = len(after) == LEAST_PAUSE_STEPS and after.all()
            if before and whole and not (quiet[start] or quiet[stop - 1] or inner):
                found[start - LEAST_PAUSE_STEPS : stop + LEAST_PAUSE_STEPS] = True
    return found


@pytest.mark.parametrize("seed", range(6))
def test_attempts_are_found_as_step_by_step(seed: int) -> None:
    rng = np.random.default_rng(seed)
    runs = [(float(rng.choice([-20.0, -70.0])), int(rng.integers(1, 90))) for _ in range(12)]
    made = levels(*runs)
    np.testing.assert_array_equal(attempts(made), plain_attempts(made))


def test_what_goes_on_for_long_or_pauses_for_a_moment_is_none() -> None:
    assert not attempts(levels((-20.0, 300), (-70.0, 10), (-20.0, LONGEST_STEPS + 1), (-70.0, 10))).any()
    assert not attempts(levels((-20.0, 300), (-70.0, 3), (-20.0, 30), (-70.0, 3), (-20.0, 300))).any()
    assert not attempts(np.zeros(0, np.float32)).any()
    assert not attempts(np.full(500, -120.0, np.float32)).any()


def test_speech_is_made_of_attempts_and_so_they_are_not_odd_in_it() -> None:
    speech = levels(*[(-20.0, 20), (-70.0, 6)] * 20)
    music = levels((-20.0, 800), (-70.0, 8), (-20.0, 800))
    assert attempts_trust([speech]) == 0.0
    assert attempts_trust([music]) == 1.0
    assert 0.0 < attempts_trust([music, levels((-20.0, 200), (-70.0, 8), (-20.0, 50), (-70.0, 8))]) < 1.0
    assert attempts_trust([]) == 1.0
