"""Grains of a time-stretch are one stretched piece; an editor's short cuts stay copies."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.features.match.between import Copy, are_grains
from engine.features.match.match import match_sounds
from engine.features.match.matched import Matched
from engine.features.match.sound import Samples, sound_of
from engine.features.match.stretching.lines import StretchedLine
from engine.lab.evaluation.matching.stretchers import stretched
from tests.engine.features.match.test_match import RATE_HZ, music


def cut(samples: Samples, start_s: float, length_s: float) -> Samples:
    return samples[round(start_s * RATE_HZ) : round(start_s * RATE_HZ) + round(length_s * RATE_HZ)]


def matched(raw: Samples, edited: Samples) -> Matched:
    return match_sounds((sound_of(Path("raw"), raw, RATE_HZ),), sound_of(Path("edited"), edited, RATE_HZ))


@pytest.fixture(scope="module")
def raw() -> Samples:
    song = music(41, 40.0)
    return np.concatenate([song, music(42, 10.0), song])


@pytest.mark.parametrize("speed", [1.02, 1.05, 0.9])
def test_grains_are_one_piece_at_the_speed_of_the_stretch(raw: Samples, speed: float) -> None:
    source = cut(raw, 2.0, 36.0)
    edited, late = stretched("wsola", source, RATE_HZ, speed, 0.0)
    found = matched(raw, edited)
    (only,) = found.segments
    assert only.similarity is not None
    assert only.speed == pytest.approx(speed, rel=1e-3)
    assert found.matched_share == pytest.approx(0.0, abs=0.01)
    assert found.stretched_share > 0.98
    offset_s = (only.raw_start_samples - speed * (only.edited_start_samples - late)) / RATE_HZ
    assert offset_s % 50.0 == pytest.approx(2.0, abs=0.005)


def test_short_cuts_that_vary_around_a_grid_stay_copies(raw: Samples) -> None:
    rng = np.random.default_rng(3)
    starts_s = 4.0 + 0.412 * np.arange(60) + rng.uniform(-0.05, 0.05, 60)
    edited = np.concatenate([cut(raw, float(start_s), 0.4) for start_s in starts_s])
    found = matched(raw, edited)
    assert found.matched_share > 0.9
    assert found.stretched_share == 0.0


def test_a_short_loop_stays_copies(raw: Samples) -> None:
    edited = np.concatenate([cut(raw, 5.0, 0.5)] * 24 + [cut(raw, 20.0, 6.0)])
    found = matched(raw, edited)
    assert found.matched_share > 0.95
    assert found.stretched_share == 0.0


@pytest.mark.parametrize("seed", [1, 4])
def test_cuts_in_a_loop_whose_repeats_are_alike_stay_copies(seed: int) -> None:
    """A line at another speed goes through every repeat, as alike as the repeats are to each other."""
    rng = np.random.default_rng(seed)
    loop_s = 1.76
    loop = music(60 + seed, loop_s)
    repeats = [loop + 0.25 * music(100 + 20 * seed + number, loop_s) for number in range(14)]
    edited = np.concatenate(
        [
            cut(repeats[number], float(rng.uniform(0.0, 0.3)) * loop_s, float(rng.uniform(0.5, 1.0)) * loop_s)
            for number in rng.permutation(13).tolist()
        ]
    )
    found = matched(np.concatenate(repeats), edited)
    assert found.matched_share > 0.99
    assert found.stretched_share == 0.0


def test_copies_are_grains_where_they_are_as_straight_as_grains() -> None:
    """A tenth of a second faster or slower each, they are 4 ms off the line; then 40 ms."""
    line = StretchedLine(0, 0.0, 0.0, 1.05, 0.0, 0.0, 110_250.0)
    starts = np.arange(0.0, 110_250.0, 4_410.0)
    for off_s, expected in ((0.004, True), (0.04, False)):
        signs = np.where(np.arange(len(starts)) % 2, 1.0, -1.0)
        copies = [
            Copy(0, start, start + 4_410.0, 0.05 * (start + 2_205.0) + sign * off_s * 11_025)
            for start, sign in zip(starts.tolist(), signs.tolist(), strict=True)
        ]
        assert are_grains(copies, line) is expected
    assert are_grains([], line)
