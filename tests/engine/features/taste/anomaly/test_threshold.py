"""Where odd begins: standard scores and back."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from engine.features.taste.anomaly.threshold import score_of, to_scores, to_standard


@given(st.lists(st.floats(-15.0, 15.0), min_size=1, max_size=50))
def test_scores_lead_back_to_standard_scores_and_keep_their_order(standard):
    values = np.sort(np.array(standard))
    scores = to_scores(values)
    assert ((scores > 0.0) & (scores < 1.0)).all()
    assert (np.diff(scores) >= 0.0).all()
    np.testing.assert_allclose(to_standard(scores), values, atol=1e-4)


def test_typical_of_what_was_kept_is_a_half_and_no_score_is_infinitely_odd():
    np.testing.assert_allclose([*to_scores(np.array([0.0])), score_of(0.0)], 0.5)
    assert np.isfinite(to_standard(np.array([0.0, 1.0]))).all()
