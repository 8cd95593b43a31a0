"""Which beats of a grid are drawn: those of music, not the few that a tracker finds in talk."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.document.grid.edits import MAKER
from engine.document.grid.steady import beat_at, has_music, steady_beats

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
    assert steady_beats(grid((0, 3), (20, 40), confidence=0.2, maker=MAKER)).all()


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
