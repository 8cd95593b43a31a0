"""Figures of takes from stored analyses: level, tuning, faults, scores, music in common."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.document import Document
from engine.document.proposals import Evidence, Proposal
from engine.features.day.figures import (
    Faults,
    StoredResults,
    a4_hz,
    faults_of_takes,
    matched_gains_db,
    mean_scores,
    shares_in_common,
    tempi_bpm,
    tempo_bpm,
    tuning_differences_cents,
)
from engine.features.day.suggest import suggestions
from engine.features.takes.features import frames_of, tuning_cents
from engine.recordings.channel_faults import CLIPPING, DEAD_CHANNEL
from tests.engine.features.day.made import LENGTH_S, RATE_HZ, TAKES_S, day_of

DAY = day_of("")
HOP = 1_024


def _loudness(*levels_db: float) -> Listening:
    """Return stored loudness with a level for each take, and silence between them."""
    loudness = np.full(LENGTH_S * RATE_HZ // HOP, -120.0, np.float32)
    for (start, stop), level_db in zip(DAY.spans_samples.tolist(), levels_db, strict=True):
        loudness[start // HOP : stop // HOP + 1] = level_db
    return Listening(loudness_db=loudness, hop_samples=HOP)


def test_louder_takes_are_turned_down_to_the_softest_complete_one() -> None:
    gains_db = matched_gains_db(DAY, _loudness(-20.0, -14.0, -25.0, -40.0))
    np.testing.assert_allclose(gains_db, [0.0, -6.0, 0.0, 0.0], atol=1e-6)
    assert matched_gains_db(DAY, _loudness(-50.0, -10.0, -20.0, -20.0))[1] == -12.0
    assert np.isnan(matched_gains_db(DAY, None)).all()
    alone = replace(DAY, songs=np.array([0, 1, 1, 1]))
    assert np.isnan(matched_gains_db(alone, _loudness(-20.0, -14.0, -25.0, -30.0))[0])


@pytest.mark.parametrize("cents", [-45.0, -12.0, 0.0, 20.0])
def test_tuning_is_measured_within_two_cents(cents: float) -> None:
    at_s = np.arange(8 * RATE_HZ) / RATE_HZ
    tones_hz = [a4_hz(cents) * 2.0 ** (note / 12.0) for note in (-12, -8, -5, 0, 4)]
    chord = sum(np.sin(2 * np.pi * k * hz * at_s) / k for hz in tones_hz for k in (1, 2, 3))
    frames = frames_of([(0.05 * chord).astype(np.float32)], RATE_HZ)
    assert tuning_cents(frames, 1.0, 7.0) == pytest.approx(cents, abs=2.0)


def test_noise_has_no_tuning(rng: np.random.Generator) -> None:
    frames = frames_of([(0.1 * rng.standard_normal(8 * RATE_HZ)).astype(np.float32)], RATE_HZ)
    assert tuning_cents(frames, 0.0, 8.0) is None
    assert tuning_cents(frames, 20.0, 30.0) is None


def test_tunings_differ_by_less_than_half_a_semitone() -> None:
    assert np.isnan(DAY.tunings_cents).tolist() == [True] * 4
    tuned = replace(DAY, tunings_cents=np.array([-10.0, 5.0, 45.0, -45.0]))
    assert tuning_differences_cents(tuned).tolist() == [0.0, 15.0, 0.0, 10.0]


def test_faults_inside_takes_are_counted(document: Path) -> None:
    with Document.open(document, to_read=True) as opened:
        track = opened.state.tracks[0].id
        within, between = 2 * RATE_HZ, round(6.5 * RATE_HZ)
        listening = Listening(
            channel_fault_samples=np.array([[at, at + 1_000] for at in (within, between, 13 * RATE_HZ)]),
            channel_fault_kinds=(CLIPPING, CLIPPING, DEAD_CHANNEL),
            channel_fault_tracks=(track,) * 3,
            faulty_channels=np.zeros(3, np.int64),
            channel_fault_counts=np.array([4, 9, 1]),
        )
        repair = Proposal("p1", "repair", 8 * RATE_HZ, 9 * RATE_HZ, 0.9, "", Evidence.STRONG, "repair")
        state = replace(opened.state, proposals={"p1": repair})
        found = faults_of_takes(DAY, StoredResults(state, listening=listening))
    assert found == (Faults(clips=4), Faults(repairs=1), Faults(dead=1), Faults())
    assert Faults(clips=1, dead=2).words == ("1 × clipped", "2 dead channels")


def test_the_median_tempo_needs_beats() -> None:
    grid = BeatGrid(np.arange(20) * RATE_HZ // 2, np.ones(20, np.int64), 120.0, 1.0, "test")
    assert tempo_bpm(grid, (0, 5 * RATE_HZ), RATE_HZ) == pytest.approx(120.0)
    assert tempo_bpm(grid, (0, 7 * RATE_HZ // 2), RATE_HZ) is None
    assert tempo_bpm(None, (0, 5 * RATE_HZ), RATE_HZ) is None


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_takes_of_a_song_have_their_tempo_in_one_octave(factor: float) -> None:
    """The first take, a false start, is counted twice as fast as the second, or half as fast."""
    spans = np.array([(0, 9), (10, 24), (25, 44), (45, 46)], np.int64) * RATE_HZ
    day = replace(
        DAY, spans_samples=spans, songs=np.array([0, 0, 1, 1]), speeds=np.array([1.1, 1.0, 1.0, 1.0])
    )
    first = np.arange(0.0, 9.0, 0.5 / 1.1 / factor)
    beats_s = np.concatenate([first, np.arange(10.0, 24.0, 0.5), np.arange(25.0, 44.0, 0.3)])
    beats = np.rint(beats_s * RATE_HZ).astype(np.int64)
    grid = BeatGrid(beats, np.ones(len(beats), np.int64), 120.0, 1.0, "test")
    tempi = tempi_bpm(day, grid, RATE_HZ)
    np.testing.assert_allclose(tempi[:3], [132.0, 120.0, 200.0], rtol=0.01)
    assert np.isnan(tempi[3]), "the second song has its tempo from its own takes, and a second has none"
    assert np.isnan(tempi_bpm(day, None, RATE_HZ)).all()


def _curve(*scores: float) -> ScoreCurve:
    """Return a curve with one score in the middle of each take."""
    times = np.rint(np.mean(TAKES_S, axis=1) * RATE_HZ).astype(np.int64)
    return ScoreCurve(times, np.array(scores, np.float32), "test")


def _common(*spans_s: tuple[float, float]) -> FoundTakes:
    takes = tuple(Take(start_s, stop_s, True, 0, 1.0, 0.0, 1.0) for start_s, stop_s in spans_s)
    return FoundTakes((TakeGroup("passage", takes),))


def test_scores_and_common_music_of_takes() -> None:
    np.testing.assert_allclose(mean_scores(DAY, _curve(0.4, 0.6, 0.5, 0.5)), [0.4, 0.6, 0.5, 0.5])
    assert np.isnan(mean_scores(DAY, None)).all()
    shares = shares_in_common(DAY, _common((1.0, 5.0), (8.0, 10.0), (13.0, 14.0)), RATE_HZ)
    np.testing.assert_allclose(shares, [0.8, 0.5, np.nan, np.nan])


def test_taste_and_common_music_lead_to_a_suggestion(document: Path) -> None:
    with Document.open(document, to_read=True) as opened:
        state = opened.state

    def best(results: StoredResults) -> tuple[int, tuple[str, ...]]:
        found = next(suggestions(DAY, results))
        return found.row, found.reasons

    assert best(StoredResults(state)) == (1, ("the last one",))
    typical = _curve(0.4, 0.6, 0.5, 0.5)
    assert best(StoredResults(state, curve=typical)) == (0, ("closest to the taste",))
    assert best(StoredResults(state, curve=_curve(0.50, 0.52, 0.5, 0.5))) == (1, ("the last one",))
    takes = _common((1.0, 5.0), (8.0, 10.0))
    both = ("closest to the taste", "most in common with the others")
    assert best(StoredResults(state, curve=typical, takes=takes)) == (0, both)
