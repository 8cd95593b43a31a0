"""Fingerprints hold what a comparison needs, in a few kilobytes a minute."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.day.known.fingerprints import Fingerprint
from engine.features.takes.features import FRAMES_PER_S, frames_of
from tests.engine.features.day.known.songs_played import LENGTH_S, played
from tests.engine.features.takes.playing import RATE_HZ, passage


def test_features_come_back_within_the_rounding() -> None:
    sound = passage(1, 12.0)
    frames = frames_of([sound], RATE_HZ, len(sound))
    back = Fingerprint.from_bytes(Fingerprint.of(frames).to_bytes()).frames()
    assert len(back) == len(frames)
    assert np.abs(back.chroma - frames.chroma).max() < 0.005
    assert np.abs(back.broad - frames.broad).max() < 0.005
    assert np.abs(back.levels_db - frames.levels_db[: 2 * len(frames)]).max() <= 0.5


def test_a_minute_takes_a_few_kilobytes() -> None:
    one = played(1)
    assert len(one.to_bytes()) * 60.0 / LENGTH_S < 8000
    assert one.length_s == pytest.approx(LENGTH_S, abs=0.5)


def test_a_part_is_that_of_the_frames_of_its_span() -> None:
    sound = passage(1, 12.0)
    frames = frames_of([sound], RATE_HZ, len(sound))
    whole, part = Fingerprint.of(frames), Fingerprint.of(frames, 3.0, 8.0)
    assert len(part) == 5 * FRAMES_PER_S
    assert np.array_equal(part.rows, whole.part(3.0, 8.0).rows)
    assert np.array_equal(part.rows, whole.rows[15:40])


def test_half_a_row_is_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        Fingerprint.from_bytes(b"0" * 30)
