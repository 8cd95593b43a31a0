"""Which beats of a grid are drawn: those of music, not the few that a tracker finds in talk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.errors import UsageError
from engine.document.analysis import HAND, BeatGrid
from engine.document.grid_edits import doubled, halved, steady, with_beat_at, with_downbeat, with_pulse
from engine.document.grid_readings import LEVELS
from engine.document.pulse import beat_at, free_notice, has_music, is_free, steady_beats, tempo_at

RATE_HZ = 1_000


def grid(*runs: tuple[float, int], confidence: float = 0.9, maker: str = "test") -> BeatGrid:
    """Runs of beats half a second apart, each from a time in seconds on."""
    beats = np.concatenate([(start_s + 0.5 * np.arange(count)) * RATE_HZ for start_s, count in runs])
    return BeatGrid(beats.astype(np.int64), np.arange(len(beats)) % 4 + 1, 120.0, confidence, maker)


def test_short_runs_beside_a_song_are_not_of_music() -> None:
    kept = steady_beats(grid((0, 5), (20, 60), (90, 15)))
    assert np.flatnonzero(kept).tolist() == list(range(5, 65))


@pytest.mark.parametrize(("confidence", "is_kept"), [(0.9, True), (0.4, False)])
def test_a_short_recording_has_a_grid_where_that_is_likely(confidence: float, is_kept: bool) -> None:
    assert steady_beats(grid((0, 8), confidence=confidence)).tolist() == [is_kept] * 8


def test_a_grid_of_low_confidence_is_not_of_music_unless_the_user_made_it() -> None:
    assert not steady_beats(grid((0, 40), confidence=0.2)).any()
    assert steady_beats(grid((0, 3), (20, 40), confidence=0.2, maker=HAND)).all()


@pytest.mark.parametrize("count", [0, 1, 2])
def test_grids_of_few_beats_are_taken(count: int) -> None:
    assert steady_beats(grid((0, count))).tolist() == [True] * count


def test_no_beat_is_counted_in_talk_and_between_songs() -> None:
    two_songs = grid((0, 5), (20, 60), (90, 60))
    at_s = (1.0, 19.0, 20.2, 51.4, 60.0, 95.1)
    assert [beat_at(two_songs, round(at * RATE_HZ)) for at in at_s] == [None, None, 5, 64, None, 75]
    assert has_music(two_songs)
    assert not has_music(grid((0, 40), confidence=0.2))
    assert not has_music(None)
    assert beat_at(None, 0) is None


def test_the_tempo_is_that_around_a_position() -> None:
    beats = np.concatenate([500 * np.arange(40), 20_000 + 800 * np.arange(40)])
    two = BeatGrid(beats, np.arange(80) % 4 + 1, 92.0, 0.9, "test")
    found = [tempo_at(two, at, RATE_HZ) for at in (10, 9_000, 40_000, 51_300)]
    assert found == [120.0, 120.0, 75.0, 75.0]
    assert tempo_at(two, 90_000, RATE_HZ) == 92.0, "no music plays there"
    assert tempo_at(grid((0, 40), confidence=0.2), 1_000, RATE_HZ) == 0.0
    assert tempo_at(None, 0, RATE_HZ) == 0.0


def _with_free(*spans_s: tuple[float, float]) -> BeatGrid:
    free = np.array(spans_s) * RATE_HZ
    return replace(grid((0, 100)), free_samples=free.astype(np.int64))


def test_no_beat_is_counted_in_a_free_passage_and_edits_of_the_count_leave_it() -> None:
    found = _with_free((10.0, 20.0))
    assert np.flatnonzero(~steady_beats(found)).tolist() == list(range(20, 40))
    assert beat_at(found, 15_100) is None
    for edited in (doubled(found), halved(found), with_downbeat(found, 500), LEVELS["3/2"].count(found)):
        assert edited.free_samples.tolist() == [[10_000, 20_000]]
        assert not steady_beats(edited)[is_free(edited, edited.beats_samples)].any()


def test_beats_by_hand_count_as_a_pulse() -> None:
    found = _with_free((10.0, 20.0), (30.0, 34.0))
    assert with_beat_at(found, 24, 12_100, RATE_HZ).free_samples.tolist() == [[30_000, 34_000]]
    assert not len(steady(120.0, 0.0, rate_hz=RATE_HZ, length_samples=50_000).free_samples)
    put = with_pulse(found, 15_000)
    assert put.free_samples.tolist() == [[30_000, 34_000]]
    assert np.array_equal(put.beats_samples, found.beats_samples)
    with pytest.raises(UsageError, match="not in a passage"):
        with_pulse(put, 15_000)


def test_a_gap_gets_even_beats() -> None:
    found = grid((0, 20), (19.5, 20))
    put = with_pulse(replace(found, free_samples=np.array([[9_600, 19_400]])), 12_000)
    assert np.array_equal(put.beats_samples, 500 * np.arange(59))
    assert put.bar_positions[:22].tolist() == [1, 2, 3, 4] * 5 + [1, 2]
    assert put.bar_positions[-20:].tolist() == found.bar_positions[-20:].tolist()


def test_the_notice_names_the_passages_with_hits() -> None:
    found = _with_free((10.0, 20.0), (30.0, 34.0))
    assert free_notice(found, [31_000, 45_000], RATE_HZ, "hits") == (
        "0:30 to 0:34 has no steady pulse: hits there are not moved."
    )
    assert free_notice(found, [5_000, 45_000], RATE_HZ, "hits") == ""


def test_one_more_passage_without_a_pulse_is_one() -> None:
    spans = [(10.0 * number, 10.0 * number + 5.0) for number in range(1, 7)]
    at = np.array([round((start + 1) * RATE_HZ) for start, _ in spans])
    notices = [free_notice(_with_free(*spans[:count]), at[:count], RATE_HZ, "hits") for count in (5, 6)]
    assert "1 more passage " in notices[0]
    assert "2 more passages " in notices[1]
