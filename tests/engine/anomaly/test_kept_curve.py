"""How much kept audio scores above a limit: exact on few numbers, on average never too little; in words."""

from __future__ import annotations

import numpy as np
import pytest

from engine.anomaly.kept_curve import BLOCK_S, MOST_CUT, KeptCurve, expectation, kept_curve
from engine.anomaly.threshold import HIGHEST_LIMIT, USUAL_LIMIT, as_cuts_see, score_of

HOP_S = 0.16


def curve_of(*recordings: np.ndarray, hop_s: float = BLOCK_S) -> KeptCurve:
    return kept_curve([one[:, None] for one in recordings], hop_s)


def test_p_values_are_the_share_of_kept_blocks_that_score_as_much_and_of_the_new_one() -> None:
    curve = curve_of(np.full(9, 0.2), np.full(3, 0.5), np.full(19, 0.8))
    assert curve.blocks.tolist() == [9, 3, 19]
    exact = [1.0, 1.0, (0.1 + 1.0 + 1.0) / 3, (0.1 + 0.25 + 1.0) / 3, (0.1 + 0.25 + 0.05) / 3]
    np.testing.assert_allclose(curve.p_values(np.array([0.1, 0.2, 0.5, 0.8, 0.81])), exact)
    rising = curve_of(np.arange(128) / 128.0)  # which float32 holds exactly
    counted = (1 + np.array([128, 64, 16, 1])) / 129.0
    found = rising.p_values(np.array([0.0, 64.0, 112.0, 127.0]) / 128.0)
    assert (counted - 1e-9 <= found).all()  # rounded to the next quantile, never below
    assert (found <= counted + np.array([0.0, 0.012, 0.006, 0.001])).all()


def test_the_expected_share_counts_all_blocks_and_leads_back_to_its_limit() -> None:
    curve = curve_of(np.arange(300) / 300.0, np.arange(99) / 300.0)
    assert curve.is_sufficient
    assert curve.expected_cut_share(2.0) == pytest.approx(1.0 / 400.0)
    assert curve.expected_cut_share(-1.0) == pytest.approx(1.0)
    for share in (0.5, 0.1, MOST_CUT, 0.006):
        limit = curve.limit_for(share)
        assert curve.expected_cut_share(limit) <= share
        below = np.unique(curve.scores[:, 0][curve.scores[:, 0] < limit])
        assert not len(below) or curve.expected_cut_share(float(below[-1])) > share


def test_by_default_one_block_is_above_the_limit_or_a_hundredth_of_many() -> None:
    few = curve_of(np.arange(32) / 33.0)
    assert not few.is_sufficient
    assert few.default_limit == pytest.approx(31.0 / 33.0)
    assert curve_of(np.arange(32) / 99.0).default_limit == score_of(USUAL_LIMIT)
    assert curve_of(np.ones(32)).default_limit == HIGHEST_LIMIT
    many = curve_of(np.arange(1024) / 1100.0)
    assert many.is_sufficient
    assert (np.arange(1024) / 1100.0 >= many.default_limit).mean() == pytest.approx(MOST_CUT, abs=0.003)
    assert MOST_CUT <= many.expected_cut_share(many.default_limit) <= 1.1 * MOST_CUT


@pytest.mark.parametrize("blocks", [30, 150, 400])
def test_of_exchangeable_audio_no_more_is_cut_on_average_than_is_stated(blocks: int) -> None:
    """A thousand draws of edits and one new recording, with blocks that are drawn alike."""
    rng = np.random.default_rng(7)
    steps = round(BLOCK_S / HOP_S)
    cut, stated, at_most = [], [], []
    for _ in range(1000):
        level = rng.normal(0.0, 1.0, (blocks + 20, 1)) + 0.1 * rng.normal(0.0, 1.0, (blocks + 20, steps))
        curve = curve_of(level[:blocks].ravel(), hop_s=HOP_S)
        limit = curve.limit_for(0.05)
        cut.append((level[blocks:] >= limit).mean())
        stated.append(curve.expected_cut_share(limit))
        at_most.append(curve.p_values(level[blocks:, 0]) <= 0.05)
    assert np.mean(cut) <= np.mean(stated) <= max(0.05, 1.0 / (blocks + 1))
    assert np.mean(at_most) <= 0.05


def test_scores_are_smoothed_by_a_triangle_of_two_seconds() -> None:
    impulse = np.zeros((101, 1))
    impulse[50] = 1.0
    found = as_cuts_see(impulse, 1.0 / 11.0)[:, 0]
    np.testing.assert_allclose(found[39:62], (11 - np.abs(np.arange(-11, 12))) / 121.0, atol=1e-9)
    assert found.sum() == pytest.approx(1.0)


def test_a_sentence_says_what_is_known() -> None:
    many, few = curve_of(np.arange(400) / 400.0), curve_of(np.arange(5) / 5.0)
    assert expectation(None, 0.9) == ""
    assert "too short" in expectation(few, 0.9)
    assert f"{100 * many.expected_cut_share(0.99):.1f} %" in expectation(many, 0.99)
