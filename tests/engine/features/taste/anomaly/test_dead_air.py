"""Dead air beside a taste: what is left of it, and what is raised."""

from __future__ import annotations

import numpy as np

from engine.analysis.signal.dead_air import DeadAir
from engine.features.taste.anomaly.threshold import SURELY_ODD, longer_than, raised_in

RATE_HZ = 1000


def spans_of(*spans):
    return np.array(spans, np.int64).reshape(-1, 2)


def test_only_what_is_clearly_longer_than_what_was_kept_is_left():
    levels = np.array([-60, -70, -80], np.float32)
    dead = DeadAir(spans_of((0, 4_000), (9_000, 14_000), (20_000, 25_001)), ("hiss", "hum", "room"), levels)
    left = longer_than(dead, 4.0, RATE_HZ)
    assert (left.spans.tolist(), left.kinds, left.levels_db.tolist()) == (
        [[20_000, 25_001]],
        ("room",),
        [-80.0],
    )
    assert longer_than(dead, 0.0, RATE_HZ).kinds == dead.kinds
    assert longer_than(dead, 60.0, RATE_HZ).spans.shape == (0, 2)


def test_scores_are_raised_in_dead_air_and_never_lowered():
    dead = DeadAir(spans_of((10, 20)), ("hiss",), np.zeros(1, np.float32))
    scores = np.array([0.1, 0.2, 0.99, 0.3], np.float32)
    raised = raised_in(scores, np.array([9.0, 10.0, 15.0, 20.0]), dead)
    np.testing.assert_allclose(raised, [0.1, SURELY_ODD, 0.99, 0.3], rtol=1e-6)
    assert scores[1] == np.float32(0.2)
