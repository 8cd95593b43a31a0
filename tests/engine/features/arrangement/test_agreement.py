"""How alike two orders are: cuts, jumps, plays and order, each by a plain computation."""

from __future__ import annotations

from itertools import combinations, permutations

import numpy as np
import pytest

from engine.features.arrangement.alike import (
    RightOrder,
    Traits,
    Weighed,
    agreed_cuts,
    agreement,
    by_expected_loss,
    f_of_places,
    jump_f,
)
from engine.features.arrangement.steps import Order, order_of, order_or_all, spans_of

N = 12


def drawn(rng: np.random.Generator, n: int = N) -> Order:
    """Return an order of up to four spans."""
    starts = rng.integers(0, n - 1, rng.integers(1, 5)).tolist()
    return order_of([(first, int(rng.integers(first + 1, n + 1))) for first in starts])


def most_matched(found: list[float], right: list[float], within: float) -> int:
    """Return the largest number of pairs within a tolerance, by trying every assignment."""
    if len(found) > len(right):
        found, right = right, found
    return max(
        sum(abs(a - b) <= within for a, b in zip(found, chosen, strict=True))
        for chosen in permutations(right, len(found))
    )


def ordered_alike(found: Order, right: Order) -> float:
    """Return the share of pairs of common steps with the same first order, pair by pair."""
    some, others = found.tolist(), right.tolist()
    common = sorted(set(some) & set(others))
    pairs = list(combinations(common, 2))
    same = [(some.index(a) < some.index(b)) == (others.index(a) < others.index(b)) for a, b in pairs]
    return sum(same) / len(same) if same else 0.0


@pytest.mark.parametrize("seed", range(30))
def test_the_greedy_match_of_places_is_the_largest_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, right = (np.sort(rng.integers(0, 12, rng.integers(1, 6))).astype(float) for _ in range(2))
    wanted = 2.0 * most_matched(found.tolist(), right.tolist(), 1.0) / (len(found) + len(right))
    assert f_of_places(found, right, 1.0) == pytest.approx(wanted)


def test_no_places_in_both_are_alike_and_in_one_are_not() -> None:
    none = np.zeros(0)
    assert f_of_places(none, none, 1.0) == 1.0
    assert f_of_places(none, np.array([3.0]), 1.0) == 0.0
    assert f_of_places(np.array([3.0]), none, 1.0) == 0.0


@pytest.mark.parametrize("seed", range(20))
def test_agreement_is_the_weighted_sum_of_its_four_parts(seed: int) -> None:
    rng = np.random.default_rng(seed)
    found, right = drawn(rng), drawn(rng)
    counts = [np.minimum(np.bincount(one, minlength=N), 4) for one in (found, right)]
    shared = np.minimum(*counts).sum() / np.maximum(*counts).sum()
    cuts = [sorted(edge for span in spans_of(one) for edge in span if 0 < edge < N) for one in (found, right)]
    f = f_of_places(*(np.array(one, float) for one in cuts), 1.0)
    wanted = 0.35 * f + 0.25 * jump_f(found, right) + 0.2 * shared + 0.2 * ordered_alike(found, right)
    assert agreement(found, right, N) == pytest.approx(wanted)
    assert agreement(right, found, N) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(5))
def test_an_order_agrees_wholly_with_itself_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    order = np.concatenate([[0, 1], drawn(rng)])
    assert agreement(order, order, N) == pytest.approx(1.0)
    right = RightOrder(order, N)
    assert right.agreement_of(spans_of(order)) == pytest.approx(1.0)
    assert right.agreement_of([]) == pytest.approx(agreement(order_or_all([], N), order, N))
    assert agreement(np.arange(N), order_of([(3, 9)]), N) < 1.0


def test_orders_without_a_common_pair_of_steps_lose_that_part() -> None:
    assert agreement(order_of([(0, 6)]), order_of([(6, 12)]), N) == pytest.approx(0.35 + 0.25)
    assert agreement(order_of([(4, 5)]), order_of([(4, 5)]), N) == pytest.approx(0.8)
    nothing = order_of([])
    assert agreement(nothing, nothing, N) == pytest.approx(0.35 + 0.25)


def test_traits_hold_cuts_within_the_recording_jumps_and_first_places() -> None:
    traits = Traits.of(order_of([(4, 8), (0, 3), (4, 8), (4, 8), (4, 8), (4, 8)]), 10)
    assert traits.played.tolist() == [1, 1, 1, 0, 4, 4, 4, 4, 0, 0]  # more than four times count as four
    assert traits.cuts.tolist() == [3.0, 4.0, 4.0, 4.0, 4.0, 4.0, 8.0, 8.0, 8.0, 8.0, 8.0]
    assert traits.jumps == ((8, 0), (3, 4), (8, 4), (8, 4), (8, 4))
    assert traits.first_places.tolist() == [4, 5, 6, -1, 0, 1, 2, 3, -1, -1]


def test_a_jump_is_right_if_both_ends_are_within_a_step_and_counts_once() -> None:
    right = order_of([(0, 4), (8, 12)])  # from 4 to 8
    assert jump_f(order_of([(0, 5), (7, 12)]), right) == 1.0
    assert jump_f(order_of([(0, 4), (6, 12)]), right) == 0.0
    twice = order_of([(0, 4), (8, 12), (0, 4), (8, 12)])  # 4 to 8, 12 to 0, 4 to 8
    assert jump_f(twice, right) == pytest.approx(2 / 4)
    assert jump_f(np.arange(4), np.arange(7)) == 1.0
    assert jump_f(np.arange(4), right) == 0.0


def test_the_nearest_jumps_are_matched_first() -> None:
    found = order_of([(0, 4), (8, 9), (3, 5), (9, 12)])  # 4 to 8, 9 to 3, 5 to 9
    right = order_of([(0, 4), (8, 12)])
    assert jump_f(found, right) == pytest.approx(2 / 4)
    one_off = order_of([(0, 5), (9, 12)])
    assert jump_f(found, one_off) == pytest.approx(2 / 4)


@pytest.mark.parametrize("seed", range(8))
def test_orders_come_by_their_agreement_with_all_by_their_shares(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = [(drawn(rng), float(weight)) for weight in rng.uniform(0.1, 2.0, 6)]
    made.append((made[2][0].copy(), 0.5))  # the same order again
    found = by_expected_loss(made, N)
    total = sum(weight for _, weight in made)
    assert sum(one.share for one in found) == pytest.approx(1.0)
    assert (
        len({one.order.tobytes() for one in found}) == len(found) == len({one.tobytes() for one, _ in made})
    )
    for one in found:
        own = sum(weight for order, weight in made if np.array_equal(order, one.order))
        assert one.share == pytest.approx(own / total)
    values = [sum(w * agreement(one.order, order, N) for order, w in made) / total for one in found]
    np.testing.assert_array_less(np.diff(values), 1e-12)


def test_a_single_order_has_all_of_the_share() -> None:
    (one,) = by_expected_loss([(np.array([1, 2]), 0.25)], 4)
    assert (one.order.tolist(), one.share) == ([1, 2], 1.0)


def test_a_cut_is_agreed_on_from_four_fifths_of_the_shares_on() -> None:
    weighed = [
        Weighed(np.array([0, 1]), 0.5),
        Weighed(np.array([1, 2]), 0.3125),
        Weighed(np.array([1, 3]), 0.1875),
    ]
    # left out: step 0 by 0.5, 1 by none, 2 by 0.6875, 3 by 0.8125, 4 by all
    assert agreed_cuts(weighed, 5).tolist() == [False, False, False, True, True]
    assert agreed_cuts([], 2).tolist() == [False, False]
