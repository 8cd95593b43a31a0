"""What is weighed of a proposal, against plain loops over the same figures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.review.calibration import (
    NEAR_S,
    TOUCHING_S,
    surprises_alike,
    surprises_beside,
    surprises_touching,
)
from engine.review.evidence import OWN, Analyses, evidence
from tests.engine.review.calibration.material import RATE_HZ, document


def spans_of(count: int) -> np.ndarray:
    starts = np.arange(count) * 10 * RATE_HZ
    return np.stack([starts, starts + 4 * RATE_HZ], axis=1)


def column(name: str, spans: np.ndarray, heard: Analyses) -> np.ndarray:
    found = evidence(spans, np.full(len(spans), 0.8), RATE_HZ, heard)
    return found.rows[:, found.names.index(name)]


def test_every_column_has_a_name_and_is_finite() -> None:
    _, heard = document(6)
    found = evidence(spans_of(6), np.array([0.0, 0.2, 0.5, 0.9, 1.0, 1.0]), RATE_HZ, heard)
    assert found.names == (*OWN, "part far", "peak far", "part rebuilt", "peak rebuilt")
    assert found.rows.shape == (6, len(found.names))
    assert np.isfinite(found.rows).all()
    assert (np.diff(found.rows[:, 0]) >= 0).all(), "the odds rise with the score"


def test_parts_are_means_and_peaks() -> None:
    _, heard = document(5)
    curve, spans = heard.curve, spans_of(5)
    assert curve is not None
    for place, (start, stop) in enumerate(spans.tolist()):
        inside = (curve.times_samples >= start) & (curve.times_samples < stop)
        bent = np.arcsinh(curve.parts[inside, 1] / 2.0)
        assert column("part rebuilt", spans, heard)[place] == pytest.approx(bent.mean(), abs=1e-5)
        peak = min(3.0, bent.max() - bent.mean())
        assert column("peak rebuilt", spans, heard)[place] == pytest.approx(peak, abs=1e-5)


def test_the_shape_of_the_score_is_told() -> None:
    times = np.arange(0, 40 * RATE_HZ, 800, dtype=np.int64)
    inside = (times >= 10 * RATE_HZ) & (times < 14 * RATE_HZ)
    curve = ScoreCurve(times, np.where(inside, 0.9, 0.5).astype(np.float32), "m")
    span, heard = np.array([[10 * RATE_HZ, 14 * RATE_HZ]]), Analyses(curve)
    found = evidence(span, np.array([0.9]), RATE_HZ, heard)
    odds = np.log(0.9 / 0.1)
    assert found.rows[0, OWN.index("lasting")] == pytest.approx(0.0, abs=1e-4), "as high throughout"
    assert found.rows[0, OWN.index("standing out")] == pytest.approx(odds / 2, abs=1e-4), (
        "0.5 around: no odds"
    )
    higher = evidence(span, np.array([0.95]), RATE_HZ, heard)
    assert higher.rows[0, OWN.index("lasting")] == pytest.approx(odds - np.log(0.95 / 0.05), abs=1e-4)


def test_loudness_is_told_against_the_recording() -> None:
    _, heard = document(6)
    found = column("loudness", spans_of(6), heard)
    np.testing.assert_allclose(found[::2] - found[1::2], 1.5, atol=0.1)


@pytest.mark.parametrize(
    ("span", "off_beat", "downbeats"),
    [
        ((0, 16_000), 0.0, 1.0),
        ((4000, 16_000), 0.0, 0.5),
        ((2000, 18_000), 1.0, 0.0),
        ((1000, 16_000), 0.25, 0.5),
    ],
)
def test_edges_are_told_against_the_beats(span: tuple[int, int], off_beat: float, downbeats: float) -> None:
    beats = np.arange(0, 80_000, 4000, dtype=np.int64)  # two a second, bars of two seconds
    heard = Analyses(grid=BeatGrid(beats, np.arange(20) % 4 + 1, 120.0, 1.0, "offcut"))
    assert column("off beat", np.array([span]), heard)[0] == pytest.approx(off_beat)
    assert column("downbeats", np.array([span]), heard)[0] == pytest.approx(downbeats)


def test_what_was_not_heard_says_nothing() -> None:
    found = evidence(spans_of(2), np.array([0.5, 0.5]), RATE_HZ, Analyses())
    assert found.names == OWN
    for name in set(OWN) - {"score", "length"}:
        np.testing.assert_array_equal(found.rows[:, OWN.index(name)], 0.0)
    nothing = Analyses(
        ScoreCurve(np.zeros(0, np.int64), np.zeros(0, np.float32), ""),
        Listening(),
        BeatGrid(np.zeros(0, np.int64), np.zeros(0, np.int64), 0.0, 0.0, ""),
    )
    np.testing.assert_array_equal(
        evidence(spans_of(2), np.array([0.5, 0.5]), RATE_HZ, nothing).rows, found.rows
    )
    assert evidence(np.zeros((0, 2), np.int64), np.zeros(0), RATE_HZ, document(2)[1]).rows.shape == (
        0,
        len(OWN) + 4,
    )


def test_a_span_shorter_than_a_hop_takes_the_nearest_moment() -> None:
    _, heard = document(4)
    short = np.array([[2010, 2011], [39_999, 40_000]])
    assert np.isfinite(evidence(short, np.array([0.5, 0.5]), RATE_HZ, heard).rows).all()


def test_neighbours_in_time_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(3)
    starts = np.sort(rng.integers(0, 900 * RATE_HZ, 40))
    spans = np.stack([starts, starts + rng.integers(RATE_HZ, 9 * RATE_HZ, 40)], axis=1)
    spans = spans[np.argsort(spans.sum(axis=1) // 2)]
    middles = spans.sum(axis=1) // 2
    decided = rng.random(40) < 0.5
    surprises = np.where(decided, rng.uniform(-1, 1, 40), 0.0)
    beside = surprises_beside(spans, decided, surprises, RATE_HZ)
    touching = surprises_touching(spans, decided, surprises, RATE_HZ)

    def apart(one: int, other: int) -> float:
        (start, stop), (other_start, other_stop) = spans[one], spans[other]
        return float(max(start - other_stop, other_start - stop, 0)) / RATE_HZ

    for place in range(40):
        known = [k for k in range(40) if decided[k] and k != place]
        asked = [k for k in known if k < place][-4:] + [k for k in known if k > place][:4]
        near = {k: np.exp(-abs(middles[k] - middles[place]) / (NEAR_S * RATE_HZ)) for k in asked}
        touch = {k: np.exp(-((apart(place, k) / TOUCHING_S) ** 2)) for k in asked}
        for found, weights, reserve in ((beside, near, 0.5), (touching, touch, 1.0)):
            expected = sum(w * surprises[k] for k, w in weights.items()) / (reserve + sum(weights.values()))
            assert found[place] == pytest.approx(expected)


def test_neighbours_in_sound_are_those_of_plain_loops() -> None:
    rng = np.random.default_rng(4)
    rows = rng.normal(size=(30, 5))
    decided = rng.random(30) < 0.6
    surprises = np.where(decided, rng.uniform(-1, 1, 30), 0.0)
    found = surprises_alike(rows, decided, surprises)
    for place in range(30):
        weights = [
            np.exp(-((rows[place] - rows[k]) ** 2).sum() / 5) if decided[k] and k != place else 0.0
            for k in range(30)
        ]
        assert found[place] == pytest.approx(np.dot(weights, surprises) / (0.5 + sum(weights)), abs=1e-4)


def test_an_answer_never_vouches_for_itself() -> None:
    decided = np.array([False, True, False])
    surprises = np.array([0.0, 0.8, 0.0])
    spans = np.array([[0, 5], [5, 15], [15, 20]])
    for of in (surprises_beside, surprises_touching):
        assert of(spans, decided, surprises, RATE_HZ)[1] == 0.0
        assert of(spans, decided, surprises, RATE_HZ)[0] > 0.3
    assert surprises_alike(np.zeros((3, 2)), decided, surprises)[1] == 0.0
    assert surprises_alike(np.zeros((3, 2)), decided, surprises)[0] > 0.5
