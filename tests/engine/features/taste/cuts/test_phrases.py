"""Default cuts of speech hold whole phrases, each with evidence of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import LONG_PAUSE, RESTART, Listening, ScoreCurve
from engine.features.taste.cuts.propose import WITHOUT_PULSE_S, shortest_piece_s
from tests.engine.features.taste.cuts.test_evidence import FAMILIAR, ODD
from tests.engine.features.taste.cuts.test_propose import RATE_HZ, grid_of, plan_of, spans_of, steps

HOP = 512
LENGTH_S = 80.0
PHRASES_S = [(4.0 * number, 4.0 * number + 3.4) for number in range(20)]


def speech(*, noise_db: float = -60.0) -> Listening:
    """Phrases of 3.4 s with pauses of 0.6 s."""
    levels = np.full(round(LENGTH_S * RATE_HZ / HOP), noise_db, np.float32)
    times_s = np.arange(len(levels)) * HOP / RATE_HZ
    for start_s, stop_s in PHRASES_S:
        levels[(times_s >= start_s) & (times_s < stop_s)] = -20.0
    return Listening(loudness_db=levels, hop_samples=HOP)


def blurred(start_s: float, stop_s: float, fault_s: tuple[float, float]) -> ScoreCurve:
    """A curve that is odd for longer than its kind of fault lasts; the highest of the edits is 2."""
    curve = steps((start_s, FAMILIAR), (stop_s - start_s, ODD), (LENGTH_S - stop_s, FAMILIAR))
    times_s = curve.times_samples / RATE_HZ
    parts = np.where((times_s >= fault_s[0]) & (times_s < fault_s[1]), 3.0, 0.0)[:, None]
    return replace(
        curve,
        part_names=("noise",),
        parts=parts.astype(np.float32),
        part_limits=np.array([2.0], np.float32),
    )


def spans_s(plan) -> np.ndarray:
    return np.array(spans_of(plan)) / RATE_HZ


@pytest.mark.parametrize(("start_s", "stop_s"), [(30.6, 37.0), (26.0, 41.0), (32.1, 35.3)])
def test_the_phrase_with_the_fault_is_cut_and_its_neighbours_stay(start_s: float, stop_s: float) -> None:
    plan = plan_of(blurred(start_s, stop_s, PHRASES_S[8]), LENGTH_S, speech())
    (only,) = spans_s(plan)
    assert only == pytest.approx(PHRASES_S[8], abs=0.25)
    assert only[0] <= PHRASES_S[8][0]
    assert only[1] >= PHRASES_S[8][1]


def test_two_phrases_with_faults_are_one_cut() -> None:
    (only,) = spans_s(plan_of(blurred(31.0, 41.0, (32.0, 39.4)), LENGTH_S, speech()))
    assert only == pytest.approx((32.0, 39.4), abs=0.25)


def test_a_fault_inside_one_phrase_is_cut_out_of_it() -> None:
    (only,) = spans_s(plan_of(blurred(32.8, 34.4, (32.5, 35.0)), LENGTH_S, speech()))
    assert only[0] > 32.2
    assert only[1] < 35.2


def test_a_threshold_of_the_user_needs_no_phrases() -> None:
    curve = blurred(26.0, 41.0, PHRASES_S[8])
    (only,) = spans_s(plan_of(curve, LENGTH_S, speech(), threshold_mode="score", score=0.9))
    assert only == pytest.approx((26.0, 41.0), abs=1.0)


def test_a_rule_gives_the_edges_of_a_part_of_a_cut() -> None:
    curve = replace(
        blurred(32.0, 37.0, (0.0, 0.0)),
        faults_samples=np.array([[32.0, 36.0]], np.int64) * RATE_HZ,
        fault_kinds=(RESTART,),
    )
    (only,) = spans_s(plan_of(curve, LENGTH_S, speech()))
    assert only == pytest.approx((32.0, 36.0), abs=0.15)


@pytest.mark.parametrize(("beats", "is_music"), [(22, False), (40, False), (60, True)])
def test_a_few_beats_in_a_row_are_no_pulse(beats: int, is_music: bool) -> None:
    grid = grid_of(0.5 * beats)
    assert (shortest_piece_s(grid) > WITHOUT_PULSE_S) == is_music
    apart = grid_of(2000.0)
    scattered = replace(grid, beats_samples=apart.beats_samples[np.arange(4000) % 200 < 20])
    assert shortest_piece_s(scattered) == WITHOUT_PULSE_S


@pytest.mark.parametrize(("times", "like_rest", "count"), [(2.5, False, 1), (2.5, True, 0), (1.5, False, 0)])
def test_a_foreign_voice_is_evidence_unless_the_recording_has_it_again(
    times: float, like_rest: bool, count: int
) -> None:
    curve = blurred(30.6, 37.0, (0.0, 0.0))
    odd = np.where(curve.scores > FAMILIAR, 2.0 * times, 0.0).astype(np.float32)
    parts = np.stack([odd, odd, 0.0 * odd if like_rest else odd], axis=1)
    names, limits = ("unlike-kept", "unusual-mix", "unlike-rest"), np.full(3, 2.0, np.float32)
    curve = replace(curve, part_names=names, parts=parts, part_limits=limits)
    assert len(plan_of(curve, LENGTH_S, speech()).proposals) == count


def test_of_a_long_pause_a_usual_one_stays() -> None:
    listening = speech()
    quiet = slice(round(31.4 * RATE_HZ / HOP), round(36.0 * RATE_HZ / HOP))
    listening.loudness_db[quiet] = -60.0
    pause_s = (31.4, 36.0)
    curve = replace(
        blurred(*pause_s, (0.0, 0.0)),
        faults_samples=np.rint(np.array([pause_s]) * RATE_HZ).astype(np.int64),
        fault_kinds=(LONG_PAUSE,),
    )
    ((start_s, stop_s),) = spans_s(plan_of(curve, LENGTH_S, listening))
    assert pause_s[1] - pause_s[0] - (stop_s - start_s) == pytest.approx(0.4, abs=0.15)
    assert start_s - pause_s[0] == pytest.approx(pause_s[1] - stop_s, abs=0.02)
