"""A review answered from the truth: what is left is ranked better than by the score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.table import table_of
from engine.lab.evaluation.simulate import hit, moments, simulate
from tests.engine.review.calibration.material import EVERY_S, RATE_HZ, document


@pytest.mark.parametrize("asked", ["time", "score", "useful", "random"])
def test_answers_better_the_ranking_of_the_rest(asked: str) -> None:
    state, heard = document(120)
    quiet = np.arange(120) % 2 == 1
    found = simulate(state, heard, quiet, asked=asked)
    assert found is not None
    assert (found.answered, found.undecided) == (20, 100)
    assert found.by_score == pytest.approx(0.5, abs=0.1)
    assert found.gain >= 0.2
    assert simulate(state, heard, quiet, asked=asked) == found


def test_a_good_score_is_not_made_worse() -> None:
    state, heard = document(120)
    oddest = np.arange(120) < 50  # the score knows it all
    found = simulate(state, heard, oddest, asked="random")
    assert found is not None
    assert found.by_score == 1.0
    assert found.by_chance > 0.97


def test_where_nothing_is_left_to_rank_there_is_no_figure() -> None:
    state, heard = document(20)
    assert simulate(state, heard, np.ones(20, bool), answers=5) is None
    assert simulate(state, heard, np.arange(20) < 3, answers=20) is None


def test_moments_tile_the_recording() -> None:
    state, heard = document(12)
    tiles = moments(heard, 12 * EVERY_S * RATE_HZ, RATE_HZ, 3.0)
    made = table_of(tiles).made
    assert len(made.ids) == 40
    np.testing.assert_array_equal(made.starts_samples[1:], made.stops_samples[:-1])
    assert ((made.scores >= 0) & (made.scores <= 1)).all()
    assert state.proposals.keys().isdisjoint(tiles.proposals)


def test_a_proposal_is_hit_where_faults_fill_most_of_it() -> None:
    state, _ = document(6)
    second = RATE_HZ
    faults = np.array([[0, 4], [11, 13], [21, 24], [38, 45]]) * second
    np.testing.assert_array_equal(hit(state, faults), [True, False, True, False, True, False])
    np.testing.assert_array_equal(hit(state, faults[::-1]), hit(state, faults))
    assert not hit(state, np.zeros((0, 2), np.int64)).any()
    assert not hit(replace(state, proposals={}), faults).any()
