"""What is left of rises that are likely hits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.analysis import Role
from engine.features.timing.hits.candidates import Candidates
from engine.features.timing.hits.drums import Drum
from engine.features.timing.hits.strokes import Struck, doubting_bleed, numbered_in_order, without_doubles

RATE_HZ = 44_100
DRUMS = (Drum(Role.SNARE, (0,)), Drum(Role.OVERHEAD, (1,)))


def candidates(at_ms: list[float], tracks: list[int], levels_db: list[float]) -> Candidates:
    count = len(at_ms)
    heard = np.tile(np.array(levels_db, np.float32)[:, None, None], (1, 2, 5))
    return Candidates(
        positions_samples=np.round(np.array(at_ms) / 1000.0 * RATE_HZ).astype(np.int64),
        tracks=np.array(tracks, np.int16),
        rises_db=np.full((count, 5), 20.0, np.float32),
        levels_db=heard,
        before_db=np.full_like(heard, -120.0),
        strengths_db=np.full((count, 2), 20.0, np.float32),
        lags_samples=np.zeros((count, 2), np.float32),
        peaks=(10.0 ** (np.array(levels_db) / 20.0)).astype(np.float32),
    )


def struck(drums: list[int], likelihoods: tuple[float, ...] = ()) -> Struck:
    likely = np.array(likelihoods or [0.9] * len(drums), np.float32)
    return Struck(np.arange(len(drums)), np.array(drums), likely)


def kept(
    at_ms: list[float], levels_db: list[float], likelihoods: tuple[float, ...] = ()
) -> NDArray[np.int64]:
    snare = [0] * len(at_ms)
    every = candidates(at_ms, snare, levels_db)
    return without_doubles(struck(snare, likelihoods), every, DRUMS, RATE_HZ).rows


def test_a_rattle_is_no_hit_and_a_grace_note_is() -> None:
    assert list(kept([100.0, 110.0], [-20.0, -20.0])) == [0]
    assert list(kept([100.0, 110.0], [-20.0, -12.0])) == [0, 1]
    assert list(kept([100.0, 120.0], [-20.0, -20.0])) == [0, 1]


def test_what_is_hardly_a_hit_takes_none_away() -> None:
    assert list(kept([100.0, 110.0], [-20.0, -20.0], (0.2, 0.9))) == [0, 1]


def test_a_cymbal_that_bleed_would_explain_is_doubted() -> None:
    heard = candidates([100.0, 103.6, 300.0, 400.0, 403.6], [0, 1, 1, 0, 1], [-20.0] * 5)
    above_db = np.array([40.0, 1.0, 1.0, 40.0, 10.0], np.float32)
    told = doubting_bleed(struck([0, 1, 1, 0, 1]), above_db, np.zeros(5, np.float32), heard, DRUMS, RATE_HZ)
    assert list(told.likelihoods >= 0.5) == [True, False, True, True, True]


def test_a_faint_sound_in_the_overheads_is_doubted() -> None:
    """A beater bounces 234 ms after the kick, 32 to 40 dB below its loud rises."""
    heard = candidates([100.0, 334.0, 600.0], [0, 1, 1], [-20.0] * 3)
    above_db, below_db = np.full(3, 15.0, np.float32), np.array([0.0, -32.0, -12.0], np.float32)
    told = doubting_bleed(struck([0, 1, 1]), above_db, below_db, heard, DRUMS, RATE_HZ)
    assert list(told.likelihoods >= 0.5) == [True, False, True]


def test_strokes_never_step_back() -> None:
    assert list(numbered_in_order(np.array([0, 0, 2, 1, 2, 4], np.int32))) == [0, 0, 1, 1, 1, 2]
    assert not len(numbered_in_order(np.zeros(0, np.int32)))
