"""Onsets found while a recording streams past, against those found in all of it at once."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from engine.analysis.signal.loudness import HopEnergy
from engine.analysis.signal.onsets import SEGMENT_S, Framing, OnsetStream, pick_onsets, refine_onsets

RATE_HZ = 22_050
FRAMING = Framing(RATE_HZ)
HOP = 11


def flux_and_attack(rng, length_s: float) -> tuple[np.ndarray, np.ndarray]:
    """Made-up traces of a recording: noise with hits of any strength, and a passage that is much quieter."""
    frames = round(length_s * FRAMING.frames_per_s)
    flux = rng.gamma(1.0, 0.3, frames).astype(np.float32)
    flux[rng.integers(0, frames, frames // 30)] += 5.0
    flux[frames // 3 : frames // 2] *= 0.01
    attack = rng.gamma(0.3, 1.0, round(length_s * RATE_HZ / HOP)).astype(np.float32)
    return flux, attack


def at_once(flux: np.ndarray, attack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    strength = np.concatenate([np.zeros(FRAMING.late_frames, np.float32), flux])[: len(flux)]
    frames = pick_onsets(strength, FRAMING)
    near = FRAMING.onset_samples(frames)
    positions, first = np.unique(refine_onsets(near, attack, HOP, RATE_HZ), return_index=True)
    return positions, strength[frames[first]]


@pytest.mark.parametrize("length_s", [0.0, 0.01, 1.0, 7.9, SEGMENT_S, 2 * SEGMENT_S + 8.0, 400.0])
@pytest.mark.parametrize("piece", [1_000, 5_161])
def test_a_stream_finds_what_is_found_at_once(rng, length_s, piece):
    flux, attack = flux_and_attack(rng, length_s)
    stream = OnsetStream(FRAMING, HOP)
    hops_per_frame = FRAMING.hop_samples / HOP
    known = 0
    for start in range(0, len(flux), piece):
        upto = round((start + 2 * piece) * hops_per_frame)
        stream.push(flux[start : start + piece], attack[known:upto])
        known = max(known, min(upto, len(attack)))
    stream.push(flux[:0], attack[known:])
    found = stream.finish()
    positions, strengths = at_once(flux, attack)
    np.testing.assert_array_equal(found.positions_samples, positions)
    np.testing.assert_array_equal(found.strengths, strengths)
    assert len(positions) > 2 * length_s - 2


def test_minutes_are_held_however_long_it_streams(rng):
    flux, attack = flux_and_attack(rng, 60.0)
    stream = OnsetStream(FRAMING, HOP)
    held_bytes = []
    tracemalloc.start()
    for _ in range(10):
        stream.push(flux, attack)
        held_bytes.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    grown = held_bytes[-1] - held_bytes[2]
    assert grown < 0.2 * (flux.nbytes + attack.nbytes)  # of seven minutes, and most of it onsets


def test_energies_that_were_taken_are_those_of_all_at_once(rng):
    samples = rng.standard_normal(10_000).astype(np.float32)
    whole, pieces = HopEnergy(11, differenced=True), HopEnergy(11, differenced=True)
    whole.push(samples)
    taken = []
    for start in range(0, len(samples), 777):
        pieces.push(samples[start : start + 777])
        taken.append(pieces.take())
    np.testing.assert_array_equal(np.concatenate([*taken, pieces.finish()]), whole.finish())
