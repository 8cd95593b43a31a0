"""Cuts inside songs, and cuts shorter than any of the user's: left out by default if the user makes none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.timebase import outside
from engine.document.analysis import BeatGrid, Listening
from engine.features.taste.anomaly.cut_habits import RecordingCuts
from engine.features.taste.cuts.default_cuts import cuts_of_recording, inside_songs
from tests.engine.features.taste.cuts.test_propose import HOP, RATE_HZ, grid_of, plan_of, spans_of, steps

LENGTH_S = 120.0
BETWEEN, INSIDE = (50.0, 60.0), (85.0, 95.0)
FAMILIAR, ODD = 0.4, 0.99
TWO_FAULTS = steps((50, FAMILIAR), (10, ODD), (25, FAMILIAR), (10, ODD), (25, FAMILIAR))


def samples(*spans_s: tuple[float, float]) -> np.ndarray:
    return np.rint(np.array(spans_s).reshape(-1, 2) * RATE_HZ).astype(np.int64)


def two_songs() -> BeatGrid:
    """Beats of two songs with other sound from 50 to 60 s."""
    grid = grid_of(LENGTH_S)
    plays = (grid.beats_samples < 50 * RATE_HZ) | (grid.beats_samples >= 60 * RATE_HZ)
    return replace(grid, beats_samples=grid.beats_samples[plays], bar_positions=grid.bar_positions[plays])


def heard(*soft: tuple[float, float, float]) -> Listening:
    """Levels of music, with spans of other levels."""
    levels_db = np.full(round(LENGTH_S * RATE_HZ) // HOP, -20.0, np.float32)
    levels_db[: 3 * RATE_HZ // HOP] = -70.0
    for start_s, stop_s, level_db in soft:
        levels_db[round(start_s * RATE_HZ / HOP) : round(stop_s * RATE_HZ / HOP)] = level_db
    return Listening(loudness_db=levels_db, hop_samples=HOP)


def test_a_cut_lies_inside_a_song_if_its_pulse_goes_on() -> None:
    spans = samples(BETWEEN, INSIDE, (30.0, 49.0), (60.0, 70.0), (0.0, 20.0), (100.0, LENGTH_S))
    found = inside_songs(spans, two_songs(), heard(), RATE_HZ)
    assert found.tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("soft", "is_inside"),
    [
        ((90.0, 91.0, -68.0), False),
        ((95.2, 96.0, -68.0), False),
        ((90.0, 90.3, -68.0), True),
        ((85.0, 95.0, -36.0), True),
        ((97.5, 99.0, -68.0), True),
    ],
)
def test_a_pause_ends_a_song_and_fewer_or_softer_players_do_not(
    soft: tuple[float, float, float], is_inside: bool
) -> None:
    assert inside_songs(samples(INSIDE), two_songs(), heard(soft), RATE_HZ).tolist() == [is_inside]


def test_talk_that_pauses_for_moments_ends_a_song() -> None:
    words = [(start_s, start_s + 0.35, -68.0) for start_s in (88.0, 88.8, 89.6, 90.4)]
    assert inside_songs(samples(INSIDE), two_songs(), heard(*words), RATE_HZ).tolist() == [False]


def test_without_beats_or_levels_no_cut_is_known_to_lie_inside_a_song() -> None:
    for grid, listening in ((None, heard()), (two_songs(), None)):
        assert not inside_songs(samples(INSIDE), grid, listening, RATE_HZ).any()
    empty = replace(two_songs(), beats_samples=np.zeros(0, np.int64), bar_positions=np.zeros(0, np.int64))
    assert not inside_songs(samples(INSIDE), empty, heard(), RATE_HZ).any()
    assert inside_songs(samples(), two_songs(), heard(), RATE_HZ).shape == (0,)


def test_a_recording_shows_its_cuts() -> None:
    found = cuts_of_recording(
        samples(BETWEEN, (20.0, 20.2)),
        samples(INSIDE),
        round(LENGTH_S * RATE_HZ),
        RATE_HZ,
        two_songs(),
        heard(),
    )
    assert found == RecordingCuts((10.0,), 0, 1, LENGTH_S)
    none = samples()
    assert cuts_of_recording(none, none, 100, RATE_HZ, None, None) == RecordingCuts(recorded_s=100 / RATE_HZ)


def test_a_user_who_keeps_songs_is_proposed_no_cut_inside_one() -> None:
    known = replace(TWO_FAULTS, keeps_songs=True)
    plain, kept = (plan_of(one, LENGTH_S, heard(), two_songs()) for one in (TWO_FAULTS, known))
    assert len(plain.proposals) == 2
    assert spans_of(kept) == spans_of(plain)[:1]
    assert kept.kept_samples == sum(np.diff(outside(np.array(spans_of(kept)), 0, round(LENGTH_S * RATE_HZ))))


def test_cuts_much_shorter_than_any_of_the_user_are_not_proposed() -> None:
    for shortest_s, count in ((0.0, 2), (8.0, 2), (15.0, 0)):
        curve = replace(TWO_FAULTS, shortest_cut_s=shortest_s)
        assert len(plan_of(curve, LENGTH_S, heard(), two_songs()).proposals) == count


@pytest.mark.parametrize(
    "mode", [{"threshold_mode": "score", "score": 0.9}, {"threshold_mode": "keep", "keep": 0.8}]
)
def test_thresholds_of_the_user_cut_as_before(mode: dict[str, object]) -> None:
    known = replace(TWO_FAULTS, keeps_songs=True, shortest_cut_s=30.0)
    plain, kept = (plan_of(one, LENGTH_S, heard(), two_songs(), **mode) for one in (TWO_FAULTS, known))
    assert spans_of(kept) == spans_of(plain)
