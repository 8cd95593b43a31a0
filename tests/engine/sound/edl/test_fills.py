"""What is made up in gaps: a decay goes on, a stretched sound keeps its pitch, silence stays silence."""

from __future__ import annotations

import numpy as np
import pytest

from engine.document.kinds.operations import Fill
from engine.sound.edl.fills import burg, continued, stretched
from engine.sound.edl.slices import Gap, Piece
from engine.sound.edl.tracks.patches import Patches
from tests.engine.sound.edl.performed import RATE_HZ, noise, played, slices


def ringing(frames: int, frequency_hz: float = 190.0, rate_hz: int = 48_000) -> np.ndarray:
    at = np.arange(frames) / rate_hz
    return np.sin(at * 2 * np.pi * frequency_hz) * np.exp(-at * 12)


def test_a_ring_goes_on_as_it_rings() -> None:
    sound = ringing(6_000)
    found = continued(sound[:5_000], 1_000)
    error = np.sqrt(np.mean(np.square(found - sound[5_000:])) / np.mean(np.square(sound[5_000:])))
    assert error < 0.1


def test_noise_goes_on_fading_as_fast_and_in_its_colour() -> None:
    rng = np.random.default_rng(3)
    white = rng.standard_normal(60_000)
    sound = np.convolve(white, [1.0, 0.9, 0.5], "same") * np.exp(-np.arange(60_000) / 3_000)
    found, true = continued(sound[:9_000], 1_500), sound[9_000:10_500]
    assert 20 * np.log10(np.std(found) / np.std(true)) == pytest.approx(0.0, abs=2.0)
    colours = [np.corrcoef(one[1:], one[:-1])[0, 1] for one in (found, true)]
    assert colours[0] == pytest.approx(colours[1], abs=0.15)


AT = np.arange(5_000)


@pytest.mark.parametrize(
    "sound",
    [
        np.zeros(5_000),
        np.zeros(3),
        np.zeros(0),
        np.full(5_000, 0.5),
        np.sin(AT * 0.002),
        np.sin(AT * 0.05) * np.exp(AT / 1_000),
        AT / 5_000,
        np.cumsum(np.random.default_rng(6).standard_normal(5_000)),
        1e-300 * np.cos(AT),
    ],
)
def test_nothing_goes_on_louder_than_it_was(sound: np.ndarray) -> None:
    for length in (800, 30_000):
        found = continued(sound, length)
        assert found.shape == (length,)
        assert np.isfinite(found).all()
        assert np.abs(found).max() <= np.abs(sound).max(initial=0.0) * (1 + 1e-9)


def test_burg_finds_the_poles_it_was_given() -> None:
    rng, truth = np.random.default_rng(4), np.array([1.0, -1.6, 0.9])
    sound = np.zeros(40_000)
    for at, driven in enumerate(rng.standard_normal(40_000)):
        sound[at] = driven - truth[1] * sound[at - 1] - truth[2] * sound[at - 2]
    np.testing.assert_allclose(burg(sound, 2), truth, atol=0.02)


def test_a_stretched_sound_keeps_its_level_at_every_sample() -> None:
    steady = np.full((4_800, 2), 0.5)
    for length in (1_000, 4_800, 7_321):
        np.testing.assert_allclose(stretched(steady, length, 48_000), 0.5, atol=1e-12)


def test_a_stretched_sound_keeps_its_pitch_and_its_length() -> None:
    sound = np.sin(np.arange(9_600) * 2 * np.pi * 300 / 48_000)[:, None]
    for length in (0, 5, 900, 9_600, 12_345, 20_000):
        found = stretched(sound, length, 48_000)
        assert found.shape == (length, 1)
    spectrum = np.abs(np.fft.rfft(found[:, 0] * np.hanning(length)))
    assert np.argmax(spectrum) * 48_000 / length == pytest.approx(300, abs=3)
    assert np.std(found) == pytest.approx(np.std(sound), rel=0.1)
    assert stretched(sound[:3], 50, 48_000).shape == (50, 1)


@pytest.mark.parametrize("fill", [Fill.DECAY, Fill.STRETCH])
def test_a_fill_ends_before_the_attack_and_leaves_the_rest(fill: Fill) -> None:
    onsets, moves = [4_000, 5_200, 6_400], [0.0, 150.0, 0.0]
    sound = noise()
    patches = Patches.of(slices(onsets, moves, fill), RATE_HZ)
    gaps = [one for one in patches.operations if isinstance(one, Piece) and isinstance(one.sound, Gap)]
    assert [one.sound.fill for one in gaps if isinstance(one.sound, Gap)] == [fill]
    assert gaps[0].stop_samples <= 5_350 - 8
    heard = played(sound, slices(onsets, moves, fill))
    np.testing.assert_array_equal(heard[5_350 - 8 : 6_300], sound[5_200 - 8 : 6_150])
    np.testing.assert_array_equal(heard[:4_160], sound[:4_160])
    np.testing.assert_array_equal(heard[6_400:], sound[6_400:])
    np.testing.assert_array_equal(played(sound, slices(onsets, moves, fill), 333), heard)


@pytest.mark.parametrize("fill", [Fill.DECAY, Fill.STRETCH])
def test_a_hit_that_goes_hours_away_leaves_silence_and_no_fill_of_hours(fill: Fill) -> None:
    sound, edits = noise(), slices([4_000, 5_200, 6_400], [0.0, -4.8e10, 0.0], fill)
    pieces = [one for one in Patches.of(edits, RATE_HZ).operations if isinstance(one, Piece)]
    assert not any(isinstance(one.sound, Gap) for one in pieces)
    heard = played(sound, edits)
    np.testing.assert_array_equal(heard[6_400:], sound[6_400:])
