"""Places of notes: partners in another track, and notes between that move along."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features.timing.notes.placing import _PASSED_OVER, _matched, partners_of, to_reference

RATE_HZ = 1_000
TIMES = st.lists(st.integers(0, 400), min_size=0, max_size=5, unique=True).map(
    lambda times: np.array(sorted(times), np.float64)
)


def cheapest(onsets: np.ndarray, reference: np.ndarray, most: float) -> float:
    """Return the least cost of any matching in order, from all of them."""
    best = np.inf
    for chosen in product(range(-1, len(reference)), repeat=len(onsets)):
        taken = [one for one in chosen if one >= 0]
        if taken == sorted(set(taken)):
            best = min(best, cost(onsets, reference, most, chosen))
    return best


def cost(onsets: np.ndarray, reference: np.ndarray, most: float, partners: Iterable[int]) -> float:
    total, taken = 0.0, 0
    for onset, one in zip(onsets, partners, strict=True):
        if one >= 0:
            apart = abs(reference[one] - onset) / most
            total, taken = total + (apart if apart <= 1.0 else np.inf), taken + 1
    return total + _PASSED_OVER / 2 * (len(onsets) + len(reference) - 2 * taken)


@given(TIMES, TIMES, st.sampled_from((30.0, 120.0)))
def test_partners_are_the_cheapest_of_all_matchings(
    onsets: np.ndarray, reference: np.ndarray, most: float
) -> None:
    found = _matched(onsets, reference, most)

    taken = found[found >= 0].tolist()
    assert taken == sorted(set(taken))
    assert cost(onsets, reference, most, found) == pytest.approx(cheapest(onsets, reference, most))


def test_notes_go_to_those_of_the_reference_and_others_move_between_them() -> None:
    onsets = np.array([100.0, 400.0, 560.0, 720.0, 2_500.0])
    placed = to_reference(onsets, np.array([110.0, 430.0, 740.0]), RATE_HZ, 60.0, 1.0)

    assert placed.places.tolist() == [0, 1, -1, 2, -1]
    assert placed.shifts_samples.tolist() == [10.0, 30.0, 25.0, 20.0, 0.0]


def test_strength_is_how_far_they_go() -> None:
    onsets, reference = np.array([100.0, 300.0]), np.array([120.0, 290.0])

    assert to_reference(onsets, reference, RATE_HZ, 60.0, 0.5).shifts_samples.tolist() == [10.0, -5.0]
    assert to_reference(onsets, reference, RATE_HZ, 5.0, 1.0).shifts_samples.tolist() == [0.0, 0.0]


def test_nothing_has_no_partner() -> None:
    assert to_reference(np.zeros(0), np.array([1.0]), RATE_HZ, 60.0, 1.0).shifts_samples.shape == (0,)
    assert to_reference(np.array([1.0]), np.zeros(0), RATE_HZ, 60.0, 1.0).shifts_samples.tolist() == [0.0]


def test_partners_are_where_those_of_the_notes_around_are() -> None:
    onsets = 300.0 * np.arange(10)
    reference = np.sort(np.append(onsets + 50.0, onsets[5] - 5.0)).astype(np.float64)

    placed = to_reference(onsets, reference, RATE_HZ, 120.0, 1.0)

    assert placed.shifts_samples.tolist() == [50.0] * 10


def test_passages_apart_are_matched_by_themselves() -> None:
    rng = np.random.default_rng(3)
    phrases = [at + np.sort(rng.uniform(0.0, 900.0, 12)) for at in range(0, 60_000, 2_000)]
    reference = np.concatenate(phrases)
    onsets = np.sort(reference + rng.normal(0.0, 15.0, len(reference)))[rng.random(len(reference)) < 0.9]

    whole = partners_of(onsets, reference, 60.0)

    for at_once in (60, 200):
        assert np.array_equal(partners_of(onsets, reference, 60.0, at_once), whole)
