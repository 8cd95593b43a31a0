"""Loudness is the plain RMS of each hop, whatever the blocks."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from engine.analysis.signal.loudness import HopEnergy, Loudness, level_of, playing_level_db


def loudness_of(samples, hop, sizes):
    loudness = Loudness(hop)
    start = 0
    while start < len(samples):
        size = sizes[start % len(sizes)]
        loudness.push(samples[start : start + size])
        start += size
    return loudness.finish()


@pytest.mark.parametrize("length", [1, 1023, 1024, 1025, 5000])
@pytest.mark.parametrize("sizes", [(1,), (7, 1000, 64), (100_000,)])
def test_loudness_equals_the_plain_one(rng, length, sizes):
    samples = rng.standard_normal(length).astype(np.float32)
    hops = [samples[start : start + 1024].astype(float) for start in range(0, length, 1024)]
    plain = [20 * np.log10(np.sqrt(np.mean(hop**2))) for hop in hops]
    np.testing.assert_allclose(loudness_of(samples, 1024, sizes), plain, atol=1e-4)


def test_silence_is_the_floor_and_nothing_is_nothing():
    assert loudness_of(np.zeros(3000, np.float32), 1024, (512,)).tolist() == [-120.0] * 3
    assert loudness_of(np.zeros(0, np.float32), 1024, (512,)).shape == (0,)
    assert loudness_of(np.full(1024, 1e-9, np.float32), 1024, (512,)).min() == -120.0


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_silence(rng, bad):
    samples = rng.standard_normal(20_000).astype(np.float32)
    spoilt, silenced = samples.copy(), samples.copy()
    spoilt[5_000:9_000], silenced[5_000:9_000] = bad, 0.0
    blocks = [spoilt[at : at + 3_000] for at in range(0, 20_000, 3_000)]
    assert level_of(blocks) == playing_level_db(loudness_of(silenced, 1024, (20_000,)))
    assert not np.isfinite(spoilt[5_000])  # the caller's samples are left as they are


def test_differences_run_across_blocks(rng):
    samples = rng.standard_normal(1000).astype(np.float32)
    energy = HopEnergy(10, differenced=True)
    for start in range(0, 1000, 7):
        energy.push(samples[start : start + 7])
    plain = np.diff(samples, prepend=np.float32(0)).reshape(-1, 10) ** 2
    np.testing.assert_allclose(energy.finish(), plain.mean(axis=1), rtol=1e-5)


def test_what_is_measured_is_never_held_twice() -> None:
    block = np.ones(48_000, np.float32)
    tracemalloc.start()
    attack = HopEnergy(4, differenced=True)
    for _ in range(200):
        attack.push(block)
    measured = attack.finish()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(measured) == 200 * 48_000 // 4
    assert taken < 1.25 * measured.nbytes
