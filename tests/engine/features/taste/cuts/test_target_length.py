"""Cuts of a wished-for length: against every choice of small cases, and at the length of real recordings."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.analysis import BeatGrid, Listening
from engine.document.proposals import Verdict
from engine.features.taste.cuts.edges import ATTACK_S, TATUM_S, candidates, divided
from engine.features.taste.cuts.profile import smooth
from engine.features.taste.cuts.regions import CutRules, DecidedSpans, Regions
from engine.features.taste.cuts.target_length import SLACK, cuts_for_target, runs_by_price, runs_of_length
from tests.engine.features.taste.cuts.test_propose import (
    RATE_HZ,
    curve_of,
    grid_of,
    kept_of,
    plan_of,
    smooth_noise,
    spans_of,
)
from tests.engine.features.taste.cuts.test_regions import pieces, regions

RULES = CutRules(minimum_kept=8, minimum_cut=2, leftover=2, moved=1, cost_per_cut=0.3)
NONE = DecidedSpans(np.zeros((0, 2), np.int64), np.zeros((0, 2), np.int64))
HOP = 200


def is_allowed(labels: tuple[bool, ...], around: Regions) -> bool:
    """The rules in their plainest words."""
    if not np.where(labels, around.may_cut, around.may_keep).all():
        return False
    borders = around.borders
    accepted = np.concatenate([[True], ~around.may_keep, [True]])  # the ends count as one
    for first, last, is_cut in pieces(labels):
        length = borders[last] - borders[first]
        if is_cut and length < RULES.minimum_cut and around.may_keep[first:last].all():
            return False
        left_no_choice = accepted[first] and accepted[last + 1]
        if not is_cut and length < RULES.minimum_kept and not left_no_choice:
            return False
    return True


def worth(labels: tuple[bool, ...], around: Regions) -> float:
    cuts = sum(is_cut for _, _, is_cut in pieces(labels))
    return float(around.gains[list(labels)].sum()) - RULES.cost_per_cut * cuts


def labelled(runs: list[tuple[int, int]], count: int) -> tuple[bool, ...]:
    labels = [False] * count
    for first, last in runs:
        labels[first:last] = [True] * (last - first)
    return tuple(labels)


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(
            st.lists(st.integers(1, 12), min_size=n, max_size=n),
            st.lists(st.floats(0, 1).map(lambda x: round(x, 2)), min_size=n, max_size=n),
            st.text("....kc", min_size=n, max_size=n),
        )
    ),
    st.floats(0, 1),
)
def test_no_other_choice_is_better_or_nearer_to_the_length(case, share):
    lengths, scores, decided = case
    around = regions(lengths, np.multiply(lengths, scores).tolist(), decided)
    lengths = np.diff(around.borders)
    total = int(lengths.sum())
    best: dict[int, float] = {}
    for labels in product((False, True), repeat=len(lengths)):
        if is_allowed(labels, around):
            cut = int(lengths[list(labels)].sum())
            best[cut] = max(best.get(cut, float("-inf")), worth(labels, around))
    if len(best) > 1:
        best.pop(total, None)  # something is kept wherever it may be
    wish = round(share * total)
    found = labelled(runs_of_length(around, wish, RULES).runs, len(lengths))
    cut = int(lengths[list(found)].sum())
    assert is_allowed(found, around)
    assert worth(found, around) == pytest.approx(best[cut], abs=1e-9)
    slack = max(2, round(SLACK * total), 2 * round(float(np.median(lengths))))
    near = {one: value for one, value in best.items() if abs(one - wish) <= slack} or best
    missed = {one: value - abs(one - wish) for one, value in near.items()}
    assert missed[cut] == pytest.approx(max(missed.values()), abs=1e-9)


def test_a_choice_that_a_threshold_cannot_make():
    # Cutting the two worst stretches would leave three samples between them: of that length an end is best.
    around = regions([10, 5, 3, 5, 10], [0.5, 1.5, 0.1, 1.5, 1.0])
    assert runs_of_length(around, 10, RULES).runs == [(4, 5)]
    assert runs_of_length(around, 13, RULES).runs == [(1, 4)]


def test_a_length_that_few_cuts_miss_by_little_is_not_met_by_many():
    """Two events of 4.1 s, places every half second: 8.2 s are 8 s, or a dozen scraps that are rounded."""
    length_s, events_s = 61, ((10.2, 14.3), (40.4, 44.5))
    times_s = np.arange(0.0, length_s, 0.2)
    odd = np.any([(times_s >= start) & (times_s < stop) for start, stop in events_s], axis=0)
    plan = plan_of(
        curve_of(odd.astype(float)), length_s, threshold_mode="keep", keep=1 - 8.2 / 61, minimum_kept_s=2
    )
    assert len(plan.proposals) == 2
    for (start, stop), (first_s, last_s) in zip(spans_of(plan), events_s, strict=True):
        assert start / RATE_HZ == pytest.approx(first_s, abs=0.75)
        assert stop / RATE_HZ == pytest.approx(last_s, abs=0.75)


def problem(seed: int, length_s: int, decided: DecidedSpans = NONE) -> tuple[Regions, CutRules]:
    profile = smooth(smooth_noise(seed, length_s, 20), length_samples=length_s * RATE_HZ, rate_hz=RATE_HZ)
    rules = CutRules(8 * RATE_HZ, RATE_HZ // 2, 2 * RATE_HZ, RATE_HZ, float(profile.scores.std()) * RATE_HZ)
    places = candidates(length_s * RATE_HZ, None, grid_of(length_s), RATE_HZ, snap=True)
    return divided(profile, places, decided, rules), rules


def gained(around: Regions, runs: list[tuple[int, int]], rules: CutRules) -> float:
    total = np.concatenate([[0.0], np.cumsum(around.gains)])
    return sum(float(total[b] - total[a]) - rules.cost_per_cut for a, b in runs)


@pytest.mark.parametrize("keep", [0.25, 0.5, 0.9])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_price_of_length_finds_nearly_what_the_exact_search_finds(seed, keep):
    around, rules = problem(seed, 40 * 60)
    length = int(around.borders[-1])
    wish = length - round(keep * length)
    exact = runs_of_length(around, wish, rules)
    priced = runs_by_price(around, wish, rules)
    runs, price = priced.runs, priced.price
    cut = sum(int(around.borders[b] - around.borders[a]) for a, b in runs)
    assert cut == pytest.approx(wish, abs=0.001 * length)
    # What a second more or less is worth is taken out of the comparison.
    beyond = price * (cut - sum(int(around.borders[b] - around.borders[a]) for a, b in exact.runs))
    assert gained(around, runs, rules) - beyond >= 0.995 * gained(around, exact.runs, rules)
    assert price == pytest.approx(exact.price, abs=0.05)
    assert all(later[0] - earlier[1] > 0 for earlier, later in pairwise(runs))
    kept = kept_of([(around.borders[a], around.borders[b]) for a, b in runs], length)
    assert all(piece >= rules.minimum_kept for piece in kept)


def test_hours_that_score_the_same_are_cut_to_length_all_the_same():
    length_s = 3 * 3600
    plan = plan_of(curve_of(np.full(length_s * 5, 0.5)), length_s, threshold_mode="keep", keep=0.3)
    assert plan.kept_share == pytest.approx(0.3, abs=0.005)


A, U = Verdict.ACCEPTED, Verdict.UNDECIDED


@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([0.3, 0.6, 0.85]), st.data())
def test_accepting_some_of_a_plan_leaves_the_rest_of_it(seed, with_grid, keep, data):
    curve, grid = smooth_noise(seed, 300, 25), grid_of(300) if with_grid else None
    plan = plan_of(curve, 300, None, grid, threshold_mode="keep", keep=keep)
    count = len(plan.proposals)
    verdicts = data.draw(st.lists(st.sampled_from([A, U]), min_size=count, max_size=count))
    decided = tuple((*span, verdict) for span, verdict in zip(spans_of(plan), verdicts, strict=True))
    again = plan_of(curve, 300, None, grid, decided, threshold_mode="keep", keep=keep)
    undecided = [span for span, verdict in zip(spans_of(plan), verdicts, strict=True) if verdict is U]
    assert spans_of(again) == undecided
    assert again.kept_samples == plan.kept_samples


def test_a_nudged_cut_gets_no_sliver_beside_it_and_the_wish_is_met():
    curve, grid = smooth_noise(4, 300, 25), grid_of(300)
    plan = plan_of(curve, 300, None, grid, threshold_mode="keep", keep=0.6)
    start, stop = spans_of(plan)[1]
    nudged = (start + RATE_HZ // 3, stop - RATE_HZ // 3)
    again = plan_of(curve, 300, None, grid, ((*nudged, A),), threshold_mode="keep", keep=0.6)
    assert all(abs(edge - one) >= 2 * RATE_HZ for span in spans_of(again) for edge in span for one in nudged)
    assert again.kept_share == pytest.approx(0.6, abs=0.005)


def test_every_edge_is_on_a_beat():
    grid = grid_of(300, beat_s=0.6)
    plan = plan_of(smooth_noise(1, 300, 25), 300, None, grid, threshold_mode="keep", keep=0.5)
    beats = grid.beats_samples - round(ATTACK_S * RATE_HZ)
    edges = {edge for span in spans_of(plan) for edge in span} - {0, 300 * RATE_HZ}
    assert len(edges) > 10
    assert edges <= set(beats.tolist())
    ways = {a.label for p in plan.proposals for a in p.alternatives}
    assert "Not snapped" in ways


def test_places_are_beats_and_between_them_a_tatum_near_attacks_and_pauses():
    attack = round(ATTACK_S * RATE_HZ)
    beats = np.concatenate([np.arange(20, 30), np.arange(40, 60)]) * RATE_HZ
    grid = BeatGrid(beats, np.arange(30) % 4 + 1, 60.0, 1.0, "beats 1")
    loudness = np.full(70 * RATE_HZ // HOP, -20, np.float32)
    quiet = round(5.1 * RATE_HZ) // HOP
    loudness[quiet] = -50
    onset = round(10.1 * RATE_HZ)
    ears = Listening(np.array([onset]), loudness, HOP, "ears 1")
    places = candidates(70 * RATE_HZ, ears, grid, RATE_HZ, snap=True)
    assert (np.diff(places) > 0).all()
    assert (places[0], places[-1]) == (0, 70 * RATE_HZ)
    assert set((beats - attack).tolist()) <= set(places.tolist())
    assert onset - attack in places
    assert quiet * HOP + HOP // 2 in places
    assert np.diff(places).max() <= RATE_HZ  # a beat; between 30 and 40 s, and around all of them, a tatum
    plain = candidates(70 * RATE_HZ, ears, grid, RATE_HZ, snap=False)
    np.testing.assert_array_equal(plain, np.arange(0, 70 * RATE_HZ + 1, round(TATUM_S * RATE_HZ)))
    for length in (1, 7, 4000, 4001):
        assert candidates(length, ears, grid, RATE_HZ, snap=True)[-1] == length


def test_the_threshold_told_is_the_score_of_what_was_only_just_cut():
    length_s = 600
    profile = smooth(
        curve_of(np.linspace(0.0, 1.0, length_s * 5)), length_samples=length_s * RATE_HZ, rate_hz=RATE_HZ
    )
    rules = CutRules(8 * RATE_HZ, RATE_HZ // 2, 2 * RATE_HZ, RATE_HZ, 0.0)
    places = candidates(length_s * RATE_HZ, None, None, RATE_HZ, snap=False)
    cuts = cuts_for_target(profile, 0.7, NONE, rules, places)
    assert cuts.spans.tolist() == [[420 * RATE_HZ, 600 * RATE_HZ]]
    assert cuts.threshold == pytest.approx(0.7, abs=0.02)
