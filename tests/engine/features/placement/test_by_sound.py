"""Places by sound: any start, partial overlap, drift, other rates; loops and strangers are not certain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soxr
from numpy.typing import NDArray

from engine.features.placement.by_sound import SoundMatch, match_sounds
from engine.features.placement.sounds import TakeSound, envelope_of
from engine.recordings.stated.continuations import takes_and_guesses
from engine.recordings.stated.file_head import read_heads
from tests.engine.analysis.signal.test_second_recorder import RATE_HZ, performance
from tests.engine.features.placement.files import wav

Sound = NDArray[np.float32]


def by_other_microphone(sound: Sound, seed: int) -> Sound:
    noise = np.random.default_rng(seed).standard_normal(len(sound))
    return (0.3 * sound + 0.02 * sound.std() * noise).astype(np.float32)


def matched(folder: Path, near: Sound, far: Sound, far_hz: int = RATE_HZ) -> SoundMatch | None:
    paths = [wav(folder / "near.wav", near, rate_hz=RATE_HZ), wav(folder / "far.wav", far, rate_hz=far_hz)]
    heads = read_heads(paths)
    (one, other), _ = takes_and_guesses(heads)
    with TakeSound(one, heads, RATE_HZ) as first, TakeSound(other, heads, RATE_HZ) as second:
        envelopes = (envelope_of(first.blocks(), RATE_HZ), envelope_of(second.blocks(), RATE_HZ))
        return match_sounds(first, second, envelopes)


@pytest.fixture(scope="module")
def day() -> Sound:
    return performance(1, 120.0)


@pytest.mark.parametrize(
    ("start_s", "stop_s"), [(10.0, 50.0), (-0.0, 120.0), (70.0, 120.0), (100.0, 114.0), (55.0, 62.0)]
)
def test_a_part_is_found_to_the_sample(tmp_path: Path, day: Sound, start_s: float, stop_s: float) -> None:
    start, stop = round(start_s * RATE_HZ) + 3, round(stop_s * RATE_HZ)
    found = matched(tmp_path, day, by_other_microphone(day[start:stop], 5))
    assert found is not None
    assert found.is_certain
    assert abs(found.best.relation.offset_samples + start) <= 0.5
    assert found.best.relation.drift_ppm == 0.0


def test_recordings_that_overlap_at_their_ends(tmp_path: Path, day: Sound) -> None:
    split = 70 * RATE_HZ
    found = matched(tmp_path, day[:split], by_other_microphone(day[split - 20 * RATE_HZ - 7 :], 6))
    assert found is not None
    assert found.is_certain
    assert abs(found.best.relation.offset_samples + 50 * RATE_HZ - 7) <= 0.5


@pytest.mark.parametrize("ppm", [-80.0, 35.0, 250.0])
def test_drift_is_measured(tmp_path: Path, day: Sound, ppm: float) -> None:
    start = 9 * RATE_HZ + 11
    far = soxr.resample(by_other_microphone(day[start:], 7), 1e6, 1e6 + ppm, quality="VHQ")
    found = matched(tmp_path, day, far.astype(np.float32))
    assert found is not None
    relation = found.best.relation
    assert relation.drift_ppm == pytest.approx(ppm, abs=1.0)
    assert relation.offset_samples / (1.0 + relation.drift_ppm / 1e6) == pytest.approx(-start, abs=1.0)


def test_another_rate_is_no_obstacle(tmp_path: Path, day: Sound) -> None:
    start, far_hz = 30 * RATE_HZ + 1, 11_025
    far = soxr.resample(by_other_microphone(day[start : start + 40 * RATE_HZ], 8), RATE_HZ, far_hz)
    found = matched(tmp_path, day, far.astype(np.float32), far_hz)
    assert found is not None
    assert abs(found.best.relation.offset_samples + start) <= 0.5


def test_rises_alone_place_it_to_some_hundredths_of_a_second(tmp_path: Path) -> None:
    """As in a room far away, where no waveform is left; that is never certain."""
    rng, moves = np.random.default_rng(11), np.zeros(60 * RATE_HZ)
    moves[rng.integers(0, len(moves), 150)] = rng.uniform(0.2, 1.0, 150)
    moves = np.convolve(moves, np.exp(-np.arange(4_000) / 1_500.0))[: len(moves)]
    far = moves * rng.standard_normal(len(moves))
    near = (0.2 * moves * rng.standard_normal(len(moves))).astype(np.float32)
    found = matched(tmp_path, near, (0.2 * far[10 * RATE_HZ : 50 * RATE_HZ]).astype(np.float32))
    assert found is not None
    assert (found.is_certain, found.best.agreeing) == (False, 0)
    assert found.best.confidence >= 0.5
    assert abs(found.best.relation.offset_samples + 10 * RATE_HZ) <= 0.03 * RATE_HZ


def test_a_loop_is_ambiguous_and_its_places_are_alternatives(tmp_path: Path) -> None:
    bar = performance(3, 4.0)
    loops = np.tile(bar, 15)
    found = matched(tmp_path, loops, by_other_microphone(loops[8 * len(bar) : 12 * len(bar)], 9))
    assert found is not None
    assert not found.is_certain
    assert found.others
    places = [one.relation.offset_samples / len(bar) for one in (found.best, *found.others)]
    assert all(abs(place - round(place)) < 0.01 for place in places)


def test_a_sample_that_one_plays_twice_is_no_place(tmp_path: Path) -> None:
    """One place agrees in all of its short overlap, the other one in a fifth of a long one."""
    jingle = performance(3, 6.0)
    near = np.concatenate([jingle, performance(7, 12.0), jingle, performance(8, 30.0)])
    far = by_other_microphone(np.concatenate([performance(9, 30.0), jingle]), 1)
    for one, other in ((near, far), (far, near)):
        found = matched(tmp_path, one, other)
        assert found is not None
        assert found.best.agreeing >= 4
        assert not found.is_certain


def test_strangers_are_not_certain(tmp_path: Path, day: Sound) -> None:
    noise = np.random.default_rng(4).standard_normal(30 * RATE_HZ).astype(np.float32) * 0.1
    for other in (performance(2, 60.0), noise, np.zeros(30 * RATE_HZ, np.float32), day[:RATE_HZ] * 0):
        found = matched(tmp_path, day, other)
        assert found is None or not found.is_certain


def test_blocks_and_reads_are_the_same_sound(tmp_path: Path, day: Sound) -> None:
    heads = read_heads([wav(tmp_path / "a.wav", day[: 20 * RATE_HZ], rate_hz=RATE_HZ)])
    for rate_hz in (RATE_HZ, 11_025):
        with TakeSound(takes_and_guesses(heads)[0][0], heads, rate_hz) as sound:
            whole = np.concatenate(list(sound.blocks()))
            assert len(whole) == sound.length_samples
            start, stop = 5 * rate_hz + 17, 6 * rate_hz
            np.testing.assert_allclose(sound.read(start, stop), whole[start:stop], atol=2e-3)
            assert not sound.read(-100, 0).any()


@pytest.mark.parametrize("lost_s", [0.03, 0.012, -0.02])
def test_a_recorder_that_loses_samples_is_found_as_a_step(tmp_path: Path, day: Sound, lost_s: float) -> None:
    """A negative amount is played twice."""
    far = by_other_microphone(day, 5)
    middle, count = 64 * RATE_HZ, round(lost_s * RATE_HZ)
    found = matched(tmp_path, day, np.concatenate([far[:middle], far[middle + count :]]))
    assert found is not None
    assert not found.is_certain
    assert found.best.step is not None
    at_s, by_s = found.best.step
    assert at_s == pytest.approx(64.0, abs=3.0)
    assert by_s == pytest.approx(-lost_s, abs=5e-4)
    assert found.best.relation.offset_samples == pytest.approx(0.0, abs=0.5)
    assert found.best.relation.drift_ppm == 0.0


@pytest.mark.parametrize("ppm", [20.0, 70.0, -250.0])
def test_one_clock_has_no_step(tmp_path: Path, day: Sound, ppm: float) -> None:
    far = soxr.resample(by_other_microphone(day, 5), 1e6, 1e6 + ppm).astype(np.float32)
    found = matched(tmp_path, day, far)
    assert found is not None
    assert found.best.step is None
