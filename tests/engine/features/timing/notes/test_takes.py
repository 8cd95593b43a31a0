"""Notes of a take, by the sound of another take."""

from __future__ import annotations

import numpy as np

from engine.features.timing.notes.onsets import Notes
from engine.features.timing.notes.placing import are_alike, to_take
from engine.features.timing.notes.warping import Warping

RATE_HZ, HOP = 1_000, 5


def notes(*onsets: float, unsure: float = 0.0) -> Notes:
    count = len(onsets)
    levels = np.zeros(count, np.float32)
    return Notes(np.array(onsets), levels, levels + 1, np.full(count, unsure, np.float32))


def warping(lag: float, *alike: tuple[int, float]) -> Warping:
    """Return a path of one lag, and correlations from hops on."""
    values = np.zeros(1_000)
    for first, value in alike:
        values[first:] = value
    return Warping(HOP, np.full(1_000, lag), values)


def test_clear_partners_near_the_path_are_exact_and_others_follow_the_path() -> None:
    own, others = notes(1_000.0, 2_000.0, 3_000.0), notes(1_042.0, 2_060.0)

    placed = to_take(own, others, warping(40.0, (0, 0.9)), RATE_HZ, 120.0, 1.0).placed

    assert placed.shifts_samples.tolist() == [42.0, 40.0, 40.0]
    assert placed.places.tolist() == [0, 1, -1]


def test_unclear_partners_follow_the_path() -> None:
    placed = to_take(
        notes(1_000.0, unsure=30.0), notes(1_042.0), warping(40.0, (0, 0.9)), RATE_HZ, 120.0, 0.5
    ).placed

    assert placed.shifts_samples.tolist() == [20.0]


def test_other_sounds_stay_and_sounds_between_go_by_time() -> None:
    own, others = notes(500.0, 2_000.0, 3_500.0), notes(540.0, 2_010.0, 3_510.0)

    found = to_take(own, others, warping(40.0, (0, 0.8), (300, 0.45), (600, 0.2)), RATE_HZ, 120.0, 1.0)

    assert found.is_movable.tolist() == [True, True, False]
    assert found.placed.shifts_samples[:2].tolist() == [40.0, 10.0]


def test_notes_too_far_from_their_sound_stay() -> None:
    found = to_take(notes(500.0), notes(), warping(130.0, (0, 0.8)), RATE_HZ, 120.0, 1.0)

    assert not found.is_movable.any()


def test_takes_are_alike_from_seven_tenths_of_their_notes_on() -> None:
    own = notes(*np.arange(100.0, 3_100.0, 100.0))

    assert are_alike(own, warping(0.0, (0, 0.8), (500, 0.1)))
    assert not are_alike(own, warping(0.0, (0, 0.8), (400, 0.1)))


def test_notes_just_after_each_other_move_together() -> None:
    own, others = notes(1_000.0, 1_200.0, 2_000.0), notes(1_040.0, 1_242.0, 2_042.0)

    placed = to_take(own, others, warping(40.0, (0, 0.9)), RATE_HZ, 120.0, 1.0).placed

    assert placed.shifts_samples.tolist() == [40.0, 40.0, 42.0]
