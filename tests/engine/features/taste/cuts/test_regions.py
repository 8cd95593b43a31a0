"""The choice of what to cut, against trying every assignment of every small case."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.analysis import ScoreCurve
from engine.features.taste.cuts.profile import smooth
from engine.features.taste.cuts.regions import CutRules, DecidedSpans, Regions, best_runs, cuts_at

RULES = CutRules(minimum_kept=8, minimum_cut=2, leftover=2, moved=1, cost_per_cut=0.3)
NONE = np.zeros((0, 2), np.int64)


def regions(lengths, gains, fixed=None) -> Regions:
    """Regions of the given lengths; `fixed` holds "k" (must stay), "c" (must go) or "." for each."""
    fixed = fixed or "." * len(lengths)
    borders = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    may_keep, may_cut = np.array([f != "c" for f in fixed]), np.array([f != "k" for f in fixed])
    return Regions(borders, np.array(gains, float), may_keep, may_cut)


def pieces(labels) -> list[tuple[int, int, bool]]:
    """Group equal neighbours: (first, last, is cut)."""
    flips = [0, *(i for i in range(1, len(labels)) if labels[i] != labels[i - 1]), len(labels)]
    return [(a, b, labels[a]) for a, b in pairwise(flips)]


def worth(labels, around: Regions) -> tuple[int, float] | None:
    """How good an assignment is: few pieces that are too short, then the gain; None where it is forbidden."""
    if not np.where(labels, around.may_cut, around.may_keep).all():
        return None
    whole = not any(labels)
    short, gain = 0, 0.0
    for first, last, is_cut in pieces(labels):
        length = around.borders[last] - around.borders[first]
        if is_cut:
            gain += around.gains[first:last].sum() - RULES.cost_per_cut
            if length < RULES.minimum_cut and around.may_keep[first:last].all():
                return None
        elif length < RULES.minimum_kept and not whole:
            short += 1
    return -short, gain


def chosen(around: Regions) -> tuple[bool, ...]:
    labels = [False] * len(around.gains)
    for first, last in best_runs(around, RULES):
        labels[first:last] = [True] * (last - first)
    return tuple(labels)


@given(
    st.integers(1, 9).flatmap(
        lambda n: st.tuples(
            st.lists(st.integers(1, 12), min_size=n, max_size=n),
            st.lists(st.floats(-3, 3).map(lambda x: round(x, 2)), min_size=n, max_size=n),
            st.text("....kc", min_size=n, max_size=n),
        )
    )
)
def test_the_choice_is_as_good_as_the_best_of_all(case):
    around = regions(*case)
    every = [worth(labels, around) for labels in product((False, True), repeat=len(around.gains))]
    best = max(value for value in every if value is not None)
    found = worth(chosen(around), around)
    assert found is not None
    assert found[0] == best[0]
    assert found[1] == pytest.approx(best[1], abs=1e-9)


def test_a_short_piece_goes_with_its_neighbours_or_saves_them_whichever_costs_less():
    # Three good samples between two bad stretches: cutting them costs 1, saving the lesser cut 2 or 0.5.
    assert chosen(regions([10, 5, 3, 5, 10], [-5, 2, -1, 3, -5])) == (False, True, True, True, False)
    assert chosen(regions([10, 5, 3, 5, 10], [-5, 0.5, -1, 3, -5])) == (False, False, False, True, False)


def test_nothing_is_cut_for_less_than_a_seam_costs():
    assert chosen(regions([10, 5, 10], [-5, 0.29, -5])) == (False, False, False)
    assert chosen(regions([10, 5, 10], [-5, 0.31, -5])) == (False, True, False)


def test_a_rejected_cut_inside_a_bad_stretch_is_kept_with_enough_around_it():
    scores = np.where((np.arange(600) > 100) & (np.arange(600) < 500), 0.9, 0.1).astype(np.float32)
    curve = ScoreCurve(np.arange(600) * 100 + 50, scores, "m")
    profile = smooth(curve, length_samples=60_000, rate_hz=1000)
    rejected = np.array([[30_000, 33_000]], np.int64)
    rules = CutRules(8000, 500, 2000, 1000, 1.0)
    spans = cuts_at(profile, 0.5, DecidedSpans(NONE, rejected), rules)
    assert len(spans) == 2
    assert spans[0, 1] <= 30_000
    assert spans[1, 0] >= 33_000
    assert spans[1, 0] - spans[0, 1] == 8000


def test_what_sticks_out_of_a_nudged_cut_is_not_asked_about_again():
    scores = np.where((np.arange(600) > 200) & (np.arange(600) < 300), 0.9, 0.1).astype(np.float32)
    curve = ScoreCurve(np.arange(600) * 100 + 50, scores, "m")
    profile = smooth(curve, length_samples=60_000, rate_hz=1000)
    rules = CutRules(8000, 500, 2000, 1000, 1.0)
    assert len(cuts_at(profile, 0.5, DecidedSpans(NONE, NONE), rules)) == 1
    nudged = np.array([[21_500, 28_500]], np.int64)
    for answered in (DecidedSpans(nudged, NONE), DecidedSpans(NONE, nudged)):
        assert len(cuts_at(profile, 0.5, answered, rules)) == 0


@pytest.mark.parametrize("length_samples", [1, 7, 99, 100, 101, 5000, 60_001])
def test_the_cells_of_a_profile_tile_the_recording(length_samples, rng):
    curve = ScoreCurve(np.arange(5) * 190, rng.random(5).astype(np.float32), "m")
    profile = smooth(curve, length_samples=length_samples, rate_hz=1000)
    assert profile.edges_samples[0] == 0
    assert profile.length_samples == length_samples
    assert (np.diff(profile.edges_samples) > 0).all()
    assert len(profile.scores) == len(profile.edges_samples) - 1
    assert curve.scores.min() <= profile.scores.min()
    assert profile.scores.max() <= curve.scores.max()


def test_areas_and_peaks_equal_plain_sums(rng):
    curve = ScoreCurve(np.arange(100) * 190, rng.random(100).astype(np.float32), "m")
    profile = smooth(curve, length_samples=19_000, rate_hz=1000)
    plain = np.repeat(profile.scores, np.diff(profile.edges_samples))
    spans = np.sort(rng.choice(19_000, (50, 2)), axis=1)
    spans[:, 1] += 1
    scores, _ = profile.peaks(spans[:, 0], spans[:, 1])
    areas = profile.areas(spans[:, 0], spans[:, 1])
    for k, (start, stop) in enumerate(spans):
        assert areas[k] == pytest.approx(plain[start:stop].sum())
        assert scores[k] == plain[start:stop].max()
