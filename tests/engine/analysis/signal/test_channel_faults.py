"""Clipping is found where it was planted and not in loud music, and so is a channel that is dead."""

from __future__ import annotations

import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import soundfile

from engine.recordings.channel_faults import CLIPPING, DEAD_CHANNEL, ChannelFaultDetector

RATE_HZ = 44_100
DEMO = Path(__file__).resolve().parents[4] / "resources" / "demo" / "edited"
NOTHING = ([], ())


@cache
def music():
    """24.5 s in two channels, as loud as full scale."""
    samples, _ = soundfile.read(DEMO / "3-medley.ogg", dtype="float32", always_2d=True)
    return samples / np.abs(samples).max()


def sixteen_bits(samples):
    return (np.clip(np.rint(samples * 32_768), -32_768, 32_767) / 32_768).astype(np.float32)


def found_in(samples, rate_hz=RATE_HZ, blocks=(65_536,)):
    samples = samples.astype(np.float32)
    samples = samples if samples.ndim == 2 else samples[:, None]
    detector, at, turn = ChannelFaultDetector(rate_hz, samples.shape[1]), 0, 0
    while at < len(samples):
        size = blocks[turn % len(blocks)]
        detector.push(samples[at : at + size])
        at, turn = at + size, turn + 1
    return detector.finish()


def told(samples, **how):
    found = found_in(samples, **how)
    return found.spans.tolist(), found.kinds


def plain_flat_tops(channel, ceiling):
    """Count the runs of three or more samples at exactly plus or minus the ceiling."""
    count, length, before = 0, 0, 0.0
    for value in [*channel.tolist(), 0.0]:
        if value == before and abs(value) == ceiling:
            length += 1
        else:
            count += length >= 3
            length = int(abs(value) == ceiling)
        before = value
    return count


@pytest.mark.parametrize("turned_down", [1.0, 0.5, 0.1])
def test_clipping_is_found_where_it_is_at_any_ceiling(turned_down):
    samples = music() * np.float32(0.3)
    samples[8 * RATE_HZ : 12 * RATE_HZ, 1] *= 60
    samples = np.clip(samples, -1.0, 1.0) * np.float32(turned_down)
    found = found_in(samples)
    assert set(found.kinds) == {CLIPPING}
    assert set(found.channels.tolist()) == {1}
    assert 8 * RATE_HZ <= found.spans.min() < 9 * RATE_HZ
    assert 10 * RATE_HZ < found.spans.max() <= 12 * RATE_HZ
    assert int(found.counts.sum()) == pytest.approx(
        plain_flat_tops(samples[8 * RATE_HZ : 12 * RATE_HZ, 1], float(np.float32(turned_down))), rel=0.1
    )


def test_sixteen_bits_clip_too_and_their_two_full_scales_differ():
    samples = sixteen_bits(np.concatenate([music()[: 5 * RATE_HZ] * 3, music()[5 * RATE_HZ :] * 0.3]))
    found = found_in(samples)
    assert set(found.kinds) == {CLIPPING}
    assert set(found.channels.tolist()) == {0, 1}
    assert found.spans.max() <= 5 * RATE_HZ


def touching():
    """Music in which each hundredth of a second touches full scale, as behind a limiter that looks ahead."""
    samples = music()[: len(music()) // 441 * 441]
    peaks = np.abs(samples).reshape(-1, 441, 2).max(axis=(1, 2))
    around = np.maximum.reduce([np.roll(peaks, by) for by in (-1, 0, 1)])
    gains = np.interp(
        np.arange(len(samples)), np.arange(len(peaks)) * 441 + 220, 1 / np.maximum(around, 1e-3)
    )
    return np.clip(samples * gains[:, None], -1, 1)


def low_notes(bits):
    at_s = np.arange(20 * RATE_HZ) / RATE_HZ
    tone = np.sin(2 * np.pi * 41.2 * at_s)
    return np.rint(tone * 2 ** (bits - 1)) / 2 ** (bits - 1)


@pytest.mark.parametrize(
    "loud",
    [
        lambda: music(),
        lambda: sixteen_bits(music()),
        lambda: sixteen_bits(music() * 0.02),
        touching,
        lambda: sixteen_bits(touching()),
        lambda: np.tanh(2 * music()),
        lambda: low_notes(16),
        lambda: low_notes(8),
        lambda: np.rint(music() * 128) / 128,
        lambda: np.random.default_rng(1).integers(-1, 2, (10 * RATE_HZ, 2)) / 32_768,
        lambda: np.random.default_rng(1).uniform(-1, 1, (10 * RATE_HZ, 2)),
        lambda: np.zeros((10 * RATE_HZ, 2)),
        lambda: np.full((10 * RATE_HZ, 2), 1.0),
    ],
    ids=[
        "peak-at-full-scale", "sixteen-bits", "soft", "limited", "limited-sixteen-bits", "saturated",
        "low-note", "low-note-eight-bits", "eight-bits", "dither", "noise", "silence", "offset",
    ],
)  # fmt: skip
def test_what_is_loud_or_coarse_is_not_clipped(loud):
    assert told(loud()) == NOTHING


def test_a_few_flat_tops_are_not_told():
    samples = music() * np.float32(0.5)
    for at_s in (3, 9, 15):
        samples[at_s * RATE_HZ : at_s * RATE_HZ + 5] = 0.9
    assert told(samples) == NOTHING


@pytest.mark.parametrize("offset", [0.0, 0.25])
def test_a_channel_that_dies_is_found(offset):
    samples = music().copy()
    samples[5 * RATE_HZ : 11 * RATE_HZ, 0] = offset
    found = found_in(samples)
    assert (found.kinds, found.channels.tolist(), found.counts.tolist()) == ((DEAD_CHANNEL,), [0], [1])
    np.testing.assert_allclose(found.spans / RATE_HZ, [[5, 11]], atol=0.11)


def test_a_channel_that_is_dead_throughout_is_found_to_its_last_sample():
    samples = music()[: 2 * RATE_HZ + 7].copy()
    samples[:, 1] = 0
    assert told(samples) == ([[0, len(samples)]], (DEAD_CHANNEL,))


def one_dead_for(seconds):
    samples = music().copy()
    samples[5 * RATE_HZ : round((5 + seconds) * RATE_HZ), 0] = 0
    return samples


def both_silent():
    samples = music().copy()
    samples[5 * RATE_HZ : 15 * RATE_HZ] = 0
    samples[15 * RATE_HZ : 17 * RATE_HZ, 0] = 0
    return samples


@pytest.mark.parametrize(
    "alive", [lambda: one_dead_for(2.8), both_silent, lambda: np.concatenate([music(), music()])[:, :1] * 0]
)
def test_short_gaps_silence_in_all_channels_and_mono_are_no_dead_channel(alive):
    assert told(alive()) == NOTHING


@pytest.mark.parametrize("rate_hz", [100, 8_000, 96_000])
@pytest.mark.parametrize("length", [0, 1, 2, 5_001])
def test_next_to_nothing_holds_nothing(rate_hz, length):
    assert told(np.ones((length, 3)), rate_hz=rate_hz) == NOTHING


def test_what_is_no_number_is_silence():
    samples = music().copy()
    samples[5 * RATE_HZ : 11 * RATE_HZ, 0] = np.nan
    assert found_in(samples).kinds == (DEAD_CHANNEL,)


@pytest.mark.parametrize("blocks", [(1_000,), (7, 44_100, 1, 333), (10_000_000,)])
def test_the_blocks_change_nothing(blocks):
    samples = np.clip(one_dead_for(6) * 2, -1, 1)
    found, whole = found_in(samples, blocks=blocks), found_in(samples)
    assert found.kinds == whole.kinds
    assert set(whole.kinds) == {CLIPPING, DEAD_CHANNEL}
    for name in ("spans", "channels", "counts"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


def test_what_is_held_does_not_grow_with_how_often_it_clips():
    block = np.clip(music()[: 10 * RATE_HZ] * 20, -1, 1)
    detector = ChannelFaultDetector(RATE_HZ, 2)
    detector.push(block)
    tracemalloc.start()
    for _ in range(30):
        detector.push(block)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 30 * 10 * 2 * 1_000 + 10 * RATE_HZ  # 1 kB a second and channel
