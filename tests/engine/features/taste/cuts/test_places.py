"""Recordings without a pulse and phrases: faults stand out from the rest of the recording."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import OTHER_LEVEL, Listening, ScoreCurve
from engine.features.taste.anomaly.threshold import score_of
from engine.features.taste.cuts.default_cuts import sharpened, with_own_level
from tests.engine.features.taste.cuts.test_propose import RATE_HZ, grid_of, plan_of, spans_of, steps

LENGTH_S = 90.0
RAIN = Listening(loudness_db=np.full(round(LENGTH_S * RATE_HZ / 512), -30.0, np.float32), hop_samples=512)


def rain(usual: float, fault: float, *, talk: float = 9.0) -> ScoreCurve:
    """A curve in standard deviations, with a fault from 40 to 50 s and a limit of 2; so are its parts."""
    curve = steps((40, score_of(usual)), (10, score_of(fault)), (40, score_of(usual)))
    parts = np.where(curve.scores > score_of(usual) + 1e-3, talk, usual)[:, None].astype(np.float32)
    limits = np.array([2.0], np.float32)
    return replace(curve, limit=score_of(2.0), part_names=("talk",), parts=parts, part_limits=limits)


def spans_s(curve: ScoreCurve, grid=None) -> list[list[float]]:
    return (np.array(spans_of(plan_of(curve, LENGTH_S, RAIN, grid))) / RATE_HZ).tolist()


def test_another_day_at_a_place_is_not_a_fault() -> None:
    assert spans_s(rain(2.4, 2.4, talk=2.4)) == []
    assert np.array(spans_s(rain(2.4, 6.0))) == pytest.approx(np.array([(40.0, 50.0)]), abs=0.8)


def test_a_place_like_the_edits_has_the_limits_of_the_taste() -> None:
    curve = rain(-0.5, 3.0)
    own = with_own_level(curve)
    assert own.limit == curve.limit
    assert own.part_limits.tolist() == curve.part_limits.tolist()
    assert np.array(spans_s(curve)) == pytest.approx(np.array([(40.0, 50.0)]), abs=0.8)


def test_music_with_a_pulse_has_the_limits_of_the_taste() -> None:
    assert spans_s(rain(2.4, 2.4, talk=2.4)) == []
    ((start_s, stop_s),) = spans_s(rain(2.4, 2.4, talk=2.4), grid_of(LENGTH_S))
    assert stop_s - start_s > 80.0


@pytest.mark.parametrize(("value", "has_pulse", "count"), [(2.6, False, 1), (2.6, True, 0), (1.6, False, 0)])
def test_what_stands_out_at_a_place_is_a_fault(value: float, has_pulse: bool, count: int) -> None:
    curve = replace(rain(-0.5, 6.0, talk=value), part_names=("unlike-rest",))
    assert len(spans_s(curve, grid_of(LENGTH_S) if has_pulse else None)) == count


@pytest.mark.parametrize("usual", [2.4, 3.2])
def test_faults_of_rules_stay_faults(usual: float) -> None:
    curve = rain(usual, usual, talk=usual)
    times_s = curve.times_samples / RATE_HZ
    fault = (times_s >= 60.0) & (times_s < 70.0)
    curve = replace(
        curve,
        scores=np.where(fault, np.float32(0.95), curve.scores),
        faults_samples=np.array([[60, 70]], np.int64) * RATE_HZ,
        fault_kinds=(OTHER_LEVEL,),
    )
    assert np.array(spans_s(curve)) == pytest.approx(np.array([(60.0, 70.0)]), abs=0.15)


def test_blurred_ends_are_left_out_and_exact_edges_stay() -> None:
    times = np.arange(450) * 1600
    blurred = np.interp(times / RATE_HZ, [38.5, 41.5, 48.5, 51.5], [0.0, 6.0, 6.0, 0.0])
    curve = ScoreCurve(times, np.array([score_of(one) for one in blurred], np.float32), "taste 1")
    wide = np.array([[38 * RATE_HZ + 7, 52 * RATE_HZ]])
    none = np.zeros((0, 2), np.int64)
    assert sharpened(wide, none, curve) / RATE_HZ == pytest.approx(np.array([[40.0, 50.0]]), abs=0.25)
    assert sharpened(wide, wide[:, :1], curve)[0, 0] == wide[0, 0]
    everything = np.array([[0, times[-1] + 1]])
    assert sharpened(everything, none, curve).tolist() == everything.tolist()
    assert sharpened(none, none, curve).shape == (0, 2)
