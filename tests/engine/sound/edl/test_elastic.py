"""Elastic gaps: the pitch and the level stay, attacks move as they are, and both ends meet as they did."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.kinds.operations import Fill, Slice
from engine.sound.edl.fills import elastic
from engine.sound.edl.slices import LONGEST_ELASTIC_S, NOTE_ATTACK_S
from tests.engine.sound.edl.performed import FRAMES, RATE_HZ, Sound, noise, played

ATTACK = round(NOTE_ATTACK_S * RATE_HZ)
FADE = 40
LARGEST_RISE = 0.25
"""Of the level in 6 ms, relative to the level itself."""
RATE = 44_100


def tone(pitch_hz: float, length_s: float = 0.6) -> Sound:
    at = np.arange(round(length_s * RATE)) / RATE
    harmonics = np.arange(1, 6)
    tones = np.sin(2 * np.pi * pitch_hz * np.outer(at, harmonics) + harmonics) / harmonics
    return 0.2 * tones.sum(axis=1, keepdims=True)


def cents_off(sound: Sound, pitch_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(sound[:, 0] * np.hanning(len(sound)), 1 << 20))
    return float(1200.0 * np.log2(int(spectrum.argmax()) * RATE / (1 << 20) / pitch_hz))


@pytest.mark.parametrize("pitch_hz", [55.0, 110.0, 440.0, 880.0])
@pytest.mark.parametrize("by_ms", [-40.0, -6.0, 2.0, 17.0, 40.0])
def test_pitch_and_level_stay(pitch_hz: float, by_ms: float) -> None:
    sound = tone(pitch_hz)
    found = elastic(sound, len(sound) + round(by_ms / 1000 * RATE), RATE)

    assert len(found) == len(sound) + round(by_ms / 1000 * RATE)
    assert abs(cents_off(found[2_000:-2_000], pitch_hz)) < 2.0
    window = 2_205
    level = np.sqrt(np.convolve(found[:, 0] ** 2, np.ones(window) / window, "valid"))
    assert np.abs(20 * np.log10(level / np.sqrt(np.mean(sound**2)))).max() < 0.8
    assert np.array_equal(found[:100], sound[:100])
    assert np.allclose(found[-5:], sound[-5:], atol=0.02)


@pytest.mark.parametrize("pitch_hz", [330.0, 440.0, 660.0])
def test_a_change_by_half_a_period_is_not_an_attack(pitch_hz: float) -> None:
    whole = tone(pitch_hz)
    sound, goes_on = np.split(whole, [len(whole) - 4_000])
    found = elastic(sound, len(sound) + round(RATE / pitch_hz / 2), RATE)

    played_on, window = np.concatenate([found, goes_on])[:, 0], round(0.006 * RATE)
    level = np.sqrt(np.convolve(played_on**2, np.ones(window) / window, "valid"))
    rise = level[window:] - level[:-window]
    assert rise.max() < LARGEST_RISE * np.sqrt(np.mean(sound**2))


@given(st.integers(1, 4_000), st.integers(1, 6_000), st.integers(1, 2))
def test_any_length_becomes_any_other(frames: int, length: int, channels: int) -> None:
    sound = np.random.default_rng(frames).standard_normal((frames, channels))
    found = elastic(sound, length, 8_000)

    assert found.shape == (length, channels)
    assert np.isfinite(found).all()
    assert np.abs(found).max() <= 2.0 * np.abs(sound).max()


def note(start: int, stop: int, by: float, after: float | None = None) -> Slice:
    return Slice(start, stop, (), by, 5.0, Fill.ELASTIC, float(start + 40), after)


@pytest.mark.parametrize("by", [-150.0, 90.0, 200.0])
def test_the_attack_moves_as_it_is_and_all_else_stays(by: float) -> None:
    sound = noise()
    found = played(sound, [note(8_000, 14_000, by, after=2_000.0)])

    first, last = 8_000 + FADE, 8_040 + ATTACK - FADE
    moved = int(by)
    assert np.array_equal(found[first + moved : last + moved], sound[first:last])
    before = (
        8_000 - round(LONGEST_ELASTIC_S * RATE_HZ) if 8_000 - LONGEST_ELASTIC_S * RATE_HZ > 2_000 else 2_000
    )
    assert np.array_equal(found[: before - FADE], sound[: before - FADE])
    assert np.array_equal(found[14_000 + FADE :], sound[14_000 + FADE :])


def test_notes_that_move_together_keep_what_is_between_them() -> None:
    sound = noise()
    found = played(
        sound, [note(6_000, 9_000, 120.0, after=3_000.0), note(9_000, 12_000, 120.0, after=6_040.0)]
    )

    last = 9_040 + ATTACK - FADE
    assert np.array_equal(found[6_120 + FADE : last + 120], sound[6_000 + FADE : last])


def test_blocks_of_any_size_give_the_same() -> None:
    sound = noise(channels=2)
    edits = [note(4_000, 7_000, -100.0, after=1_000.0), note(7_000, 12_000, 133.0, after=4_040.0)]
    whole = played(sound, edits)

    for block in (777, 4_096):
        assert np.array_equal(played(sound, edits, block), whole)
    assert len(whole) == FRAMES


def test_a_note_without_room_is_cut_instead() -> None:
    sound = noise()
    found = played(sound, [note(8_000, 8_200, 180.0, after=7_900.0)])

    assert np.isfinite(found).all()
    assert np.array_equal(found[: 7_900 - FADE], sound[: 7_900 - FADE])


@pytest.mark.parametrize("seed", range(12))
def test_notes_nearer_than_an_attack_are_played(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts = np.cumsum(rng.integers(120, 900, 20)).tolist()
    edits = [
        note(start, stop, float(rng.integers(-300, 300)), float(before + 40))
        for before, start, stop in zip(starts, starts[1:], starts[2:], strict=False)
    ]
    found = played(noise(), edits)

    assert np.isfinite(found).all()
