"""Where odd begins: standard scores and back, what divides kept audio from faults, and the valley between."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.anomaly.threshold import LEAST_LIMIT, automatic, dividing, to_scores, to_standard

LIMIT = float(to_scores(np.array([2.0]))[0])


def scores_of(*parts: tuple[float, float, int]) -> np.ndarray:
    """Standard scores around means, with deviations, so many of each, as scores."""
    rng = np.random.default_rng(1)
    return to_scores(np.concatenate([rng.normal(mean, std, count) for mean, std, count in parts]))


@given(st.lists(st.floats(-15.0, 15.0), min_size=1, max_size=50))
def test_scores_lead_back_to_standard_scores_and_keep_their_order(standard):
    values = np.sort(np.array(standard))
    scores = to_scores(values)
    assert ((scores > 0.0) & (scores < 1.0)).all()
    assert (np.diff(scores) >= 0.0).all()
    np.testing.assert_allclose(to_standard(scores), values, atol=1e-4)


def test_typical_of_what_was_kept_is_a_half_and_no_score_is_infinitely_odd():
    np.testing.assert_allclose(to_scores(np.array([0.0])), [0.5])
    assert np.isfinite(to_standard(np.array([0.0, 1.0]))).all()


def test_what_divides_clean_from_faulty_lies_between_them():
    rng = np.random.default_rng(2)
    clean, faulty = rng.normal(0.0, 1.0, 2_000), rng.normal(5.0, 1.0, 1_000)
    assert 1.5 < dividing(clean, faulty) < 3.5
    values = np.linspace(-4.0, 9.0, 2_000)  # the slow way: every value
    worst = [(faulty < v).mean() + 3.0 * (clean >= v).mean() for v in values]
    at = dividing(clean, faulty)
    assert (faulty < at).mean() + 3.0 * (clean >= at).mean() <= min(worst) + 0.01


def test_the_threshold_is_the_valley_wherever_exactly_it_lies():
    for rubbish in (2.6, 3.2, 4.0):
        scores = scores_of((0.0, 0.4, 2_000), (rubbish + 0.4, 0.3, 2_000))
        found = float(to_standard(np.array([automatic(scores, LIMIT)]))[0])
        assert 1.2 < found < rubbish
        assert (scores[2_000:] > automatic(scores, LIMIT)).mean() > 0.95


def test_a_gap_in_the_music_is_no_valley():
    """Moments that happen to leave a narrow gap at the limit belong together; the valley is the wide one."""
    music = np.concatenate([np.linspace(-1.0, 1.7, 2_000), np.linspace(2.35, 2.5, 100)])
    scores = to_scores(np.concatenate([music, np.linspace(4.0, 5.0, 500)]))
    found = float(to_standard(np.array([automatic(scores, LIMIT)]))[0])
    assert 2.5 < found <= 3.0


@pytest.mark.parametrize("shift", [-1.0, 0.0, 0.8])
def test_a_clean_recording_is_left_alone_and_one_of_rubbish_goes(shift):
    clean = scores_of((shift, 0.5, 3_000))
    assert (clean > automatic(clean, LIMIT)).mean() < 0.01
    rubbish = scores_of((4.5 + shift, 0.8, 3_000))
    assert (rubbish > automatic(rubbish, LIMIT)).mean() > 0.95


@pytest.mark.parametrize("limit", [0.0, 0.5, 0.85, 1.0])
@pytest.mark.parametrize("count", [1, 2, 100])
def test_any_limit_and_any_length_give_a_threshold(limit, count):
    found = automatic(scores_of((0.0, 1.0, count)), limit)
    assert 0.5 < found < 1.0 or limit == 1.0
    assert automatic(scores_of((0.0, 1.0, count)), 0.0) >= float(to_scores(np.array([0.65 * LEAST_LIMIT]))[0])
