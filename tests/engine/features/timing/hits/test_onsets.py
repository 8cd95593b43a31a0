"""Rises of one microphone, to the sample."""

from __future__ import annotations

import numpy as np
import pytest

from engine.analysis.signal.loudness import Octaves, octave_energies
from engine.features.timing.hits.candidates import find_rises


@pytest.mark.parametrize("rate_hz", [8_000, 22_050, 44_100, 48_000, 96_000])
def test_a_rise_is_found_to_a_tenth_of_a_millisecond(rate_hz: int) -> None:
    rng = np.random.default_rng(1)
    sound = rng.standard_normal(rate_hz) * 1e-4
    at = round(0.4137 * rate_hz)
    length = rate_hz // 4
    sound[at : at + length] += (
        rng.standard_normal(length) * np.exp(-np.arange(length) / (0.03 * rate_hz)) * 0.5
    )
    samples = sound.astype(np.float32)
    octaves = Octaves(rate_hz)
    rises = find_rises(samples, octave_energies(samples, octaves), octaves)
    strongest = rises.positions_samples[rises.strengths_db.argmax()]
    assert abs(strongest - at) <= max(2, 0.0001 * rate_hz)
    assert rises.rises_db.shape == (len(rises.positions_samples), octaves.count)


def test_a_low_tone_that_rings_on_does_not_rise() -> None:
    """A square of it would swing twice in each period."""
    rate_hz = 44_100
    tone = (0.5 * np.sin(2 * np.pi * 60 * np.arange(rate_hz) / rate_hz)).astype(np.float32)
    octaves = Octaves(rate_hz)
    energies = octave_energies(tone, octaves)[:, 50:-50]
    assert energies[-1].std() < 0.02 * energies[-1].mean()


@pytest.mark.parametrize("count", [0, 1, 15, 16, 17, 100])
def test_any_length(count: int) -> None:
    octaves = Octaves(44_100)
    samples = np.ones(count, np.float32)
    energies = octave_energies(samples, octaves)
    assert energies.shape == (octaves.count, count // octaves.hop_samples)
    assert not len(find_rises(samples, energies, octaves).positions_samples)
