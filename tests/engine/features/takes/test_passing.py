"""Frames of what passes by are those of what is listened to for its own sake, and nothing else changes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.features.takes.features import FramesInPassing, frames_of
from engine.features.takes.find import false_starts_in, takes_in
from tests.engine.features.takes.playing import RATE_HZ, Sound, joined, passage, quiet

PIECE = passage(1, 20.0)


@pytest.mark.parametrize("pieces", [1, 7, 400])
def test_what_passes_is_as_it_came_and_frames_are_those_of_all_of_it(pieces: int) -> None:
    blocks = np.array_split(PIECE, pieces)
    passing = FramesInPassing(RATE_HZ)
    passed = list(passing.passing(blocks))
    assert all(one is other for one, other in zip(passed, blocks, strict=True))
    frames, plain = passing.frames(), frames_of(blocks, RATE_HZ)
    np.testing.assert_array_equal(frames.chroma, plain.chroma)
    np.testing.assert_array_equal(frames.levels_db, plain.levels_db)


@pytest.mark.parametrize("audio", [np.zeros(0, np.float32), np.zeros(1, np.float32), quiet(0.3)])
def test_of_hardly_anything_there_is_nothing(audio: Sound) -> None:
    passing = FramesInPassing(RATE_HZ)
    assert [len(one) for one in passing.passing([audio])] == [len(audio)]
    assert false_starts_in(passing.frames()) == ()


def test_it_holds_few_blocks_at_a_time() -> None:
    drawn = 0

    def blocks():
        nonlocal drawn
        for block in np.array_split(np.tile(PIECE, 10), 800):
            drawn += 1
            yield block

    ahead = [drawn - number for number, _ in enumerate(FramesInPassing(RATE_HZ).passing(blocks()))]
    # 0.25 s each: a minute, however long the stream is.
    assert max(ahead) <= 240


def test_hour_by_hour_is_what_is_found_in_all_of_it() -> None:
    attempts = [passage(seed, 16.0) for seed in range(20, 24)]
    audio, _ = joined(*(part for one in attempts for part in (one[: 5 * RATE_HZ], one)))
    frames = frames_of([audio], RATE_HZ)
    whole = takes_in(frames).likely_false_starts()
    by_parts = false_starts_in(frames, every_s=50.0, most_s=80.0)
    assert len(whole) == len(attempts)
    for one, other in zip(by_parts, whole, strict=True):
        places = (other.start_s, other.stop_s, other.begins_again_s)
        assert (one.start_s, one.stop_s, one.begins_again_s) == pytest.approx(places, abs=0.41)
        assert one.reason == other.reason
    assert false_starts_in(frames) == whole
