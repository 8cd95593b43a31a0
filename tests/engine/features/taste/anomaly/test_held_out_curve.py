"""How much kept audio scores above a limit: exact on few numbers, on average never too little; in words."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.taste.anomaly.threshold import (
    BLOCK_S,
    HIGHEST_LIMIT,
    MOST_CUT,
    MOST_ODD,
    USUAL_LIMIT,
    HeldOutCurve,
    as_cuts_see,
    expectation,
    held_out_curve,
    score_of,
)

HOP_S = 0.16


def curve_of(*recordings: np.ndarray, hop_s: float = BLOCK_S) -> HeldOutCurve:
    return held_out_curve([one[:, None] for one in recordings], hop_s)


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
    cut, stated, estimated = [], [], []
    for _ in range(1000):
        level = rng.normal(0.0, 1.0, (blocks + 20, 1)) + 0.1 * rng.normal(0.0, 1.0, (blocks + 20, steps))
        curve = curve_of(level[:blocks].ravel(), hop_s=HOP_S)
        limit = curve.limit_for(0.05)
        cut.append((level[blocks:] >= limit).mean())
        stated.append(curve.expected_cut_share(limit))
        estimated.append(curve.estimated_cut_share(limit))
    assert np.mean(cut) <= np.mean(stated) <= max(0.05, 1.0 / (blocks + 1))
    assert 0.5 <= np.mean(estimated) / np.mean(cut) <= 2.0


def test_evidence_is_a_part_above_those_of_the_other_recordings() -> None:
    rng = np.random.default_rng(3)
    recordings = [rng.uniform(0.0, 2.0, (100, 3)) for _ in range(3)]
    recordings[1][40:60, 1] = 5.0  # no other recording has the like
    recordings[2][10:20, 2] = 9.0  # of a part that is not a fault
    curve = held_out_curve(recordings, BLOCK_S, [0])
    assert curve.evident is not None
    assert [bool(row[-1]) for row in curve.evident] == [False, True, False]
    assert curve.part_limits.tolist() == [5.0, 9.0]
    everything = curve.expected_cut_share(0.0)
    assert everything == pytest.approx(1.0)
    assert curve.expected_cut_share(1e-6, by_default=True) == pytest.approx(21.0 / 301.0, abs=0.01)


def test_of_one_recording_each_half_is_compared_with_the_other() -> None:
    scores = np.full((100, 2), 0.5)
    scores[60:70, 1] = 3.0
    curve = held_out_curve([scores], BLOCK_S, [0])
    assert curve.expected_cut_share(0.4, by_default=True) == pytest.approx(11.0 / 101.0, abs=0.01)
    assert curve.part_limits.tolist() == [4.5]


def test_with_evidence_the_default_limit_is_lower() -> None:
    rng = np.random.default_rng(4)
    recordings = [np.column_stack([rng.uniform(0.0, 0.9, 400), rng.uniform(0.0, 1.0, 400)]) for _ in range(3)]
    plain, evident = (held_out_curve(recordings, BLOCK_S, faults) for faults in ((), (0,)))
    scores = np.concatenate(recordings)[:, 0]
    shares = [float((scores >= one.default_limit).mean()) for one in (plain, evident)]
    assert shares[0] == pytest.approx(MOST_CUT, abs=0.004)
    assert shares[1] == pytest.approx(MOST_ODD, abs=0.004)


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
    assert f"{100 * many.estimated_cut_share(0.99):.1f} %" in expectation(many, 0.99)
