"""Music whose pulse changes: passages without one, beats left out, and keys that correct a grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.document.analysis import BeatGrid, Role
from engine.document.grid_edits import halved, with_downbeat
from engine.lab.evaluation.timing.pulse.keys import keys_to_bars, keys_to_level
from engine.lab.evaluation.timing.pulse.metres import with_metres
from engine.lab.evaluation.timing.pulse.passages import KINDS, Kind, with_passage
from engine.lab.evaluation.timing.recordings import Recording
from engine.lab.simulated.performances.displacement import Displaced
from engine.lab.simulated.performances.kits import Kit, Shot
from engine.lab.simulated.performances.pieces import Piece
from engine.lab.simulated.performances.scores import Score
from engine.lab.simulated.performances.takes import Take, take_of

RATE_HZ, BEATS = 8_000, 96


@pytest.fixture
def take() -> Take:
    """A stroke on each beat of 24 bars at 120 BPM."""
    shot = Shot(np.ones((1, 8), np.float32), 0)
    kit = Kit("kick", {"Kick": Role.KICK}, {Piece.KICK: 0}, {Piece.KICK: 1}, lambda *_: shot, rate_hz=RATE_HZ)
    lines, none = np.arange(BEATS), np.zeros(BEATS, np.int8)
    pieces, loud = (Piece.KICK,) * BEATS, np.full(BEATS, 0.5, np.float32)
    score = Score("kicks", 0.5, 4, 1, lines, np.zeros(BEATS), pieces, loud, none, lines * 0.5)
    return take_of(kit, Displaced(score, lines * 0.5, none.astype(bool), np.zeros(0), none), 0.5, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_passage_is_played_freely(take: Take, kind: Kind, rng: np.random.Generator) -> None:
    freed = with_passage(take, kind, rng)
    moved_s = freed.take.first_beat_s + freed.take.played.times_s
    gaps_s = np.diff(np.sort(moved_s))
    inside = (np.sort(moved_s)[1:] > freed.start_s) & (np.sort(moved_s)[:-1] < freed.stop_s)
    assert 9.0 < freed.stop_s - freed.start_s < 30.0
    assert np.sum(~inside) > 30
    np.testing.assert_allclose(gaps_s[~inside], 0.5)
    assert np.std(gaps_s[inside]) > 0.02


def test_beats_are_left_out_with_what_was_played_on_them(take: Take, rng: np.random.Generator) -> None:
    three = with_metres(take, "section in three", rng)
    two = with_metres(take, "bars of two", rng)
    assert three is not None
    assert two is not None
    assert sorted(set(np.round(np.diff(three.downbeats_s), 6))) == [1.5, 2.0]
    assert sorted(set(np.round(np.diff(two.downbeats_s), 6))) == [1.0, 2.0]
    for counted in (three, two):
        played_s = counted.take.first_beat_s + counted.take.played.times_s
        np.testing.assert_allclose(played_s, counted.beats_s)
    assert (len(three.beats_s), len(two.beats_s)) == (BEATS - 8, BEATS - 4)


def test_keys_that_correct_a_grid_are_counted() -> None:
    beats = np.arange(64) * RATE_HZ // 2
    right = BeatGrid(beats, np.arange(64) % 4 + 1, 120.0, 1.0, "m")
    song = Recording("song", np.zeros(0, np.float32), RATE_HZ, 120.0, beats / RATE_HZ, beats[::4] / RATE_HZ)
    later = with_downbeat(right, int(beats[1]))
    found = [right, later, halved(right), halved(later), halved(halved(halved(right)))]
    assert [keys_to_level(song, grid) for grid in found] == [0, 0, 1, 1, None]
    assert [keys_to_bars(song, grid) for grid in found] == [0, 1, 1, 2, None]
    assert keys_to_level(replace(song, tempo_bpm=180.0), right) == 2, "double, then the next level"
