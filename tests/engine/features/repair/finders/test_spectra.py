"""Levels in bands before and after a repair."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from engine.document.kinds.spectra import band_edges_hz, band_middles_hz
from engine.features.repair.finders.spectra import band_energies, spectra_db


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100, 48_000, 192_000])
def test_a_tone_is_at_its_level_in_its_band_however_it_is_divided(rate_hz: int) -> None:
    t = np.arange(8 * rate_hz)[:, None] / rate_hz
    tone = np.float32(0.5) * np.sin(2 * np.pi * 1_000.0 * t).astype(np.float32)
    tone = np.repeat(tone, 2, axis=1)
    edges = np.linspace(0, len(tone), 3).astype(int)
    pieces = [
        band_energies(tone[first:last], 0.25 * tone[first:last], rate_hz) for first, last in pairwise(edges)
    ]
    before_db, after_db = np.array(spectra_db(pieces, len(tone)))
    middles_hz = band_middles_hz(len(before_db))
    assert middles_hz[np.argmax(before_db)] == 1_000.0
    assert before_db.max() == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.3)
    assert after_db.max() == pytest.approx(before_db.max() - 12.0, abs=0.15)
    assert band_edges_hz(rate_hz)[-1] <= min(rate_hz / 2, 17_000.0)


def test_noise_that_is_lowered_is_lower_in_every_band() -> None:
    noise = np.random.default_rng(3).normal(0, 0.1, (16_000 * 20, 1)).astype(np.float32)
    before_db, after_db = np.array(spectra_db([band_energies(noise, 0.5 * noise, 16_000)], len(noise)))
    np.testing.assert_allclose(before_db - after_db, 6.02, atol=0.11)
    per_octave_db = np.polyfit(np.arange(len(before_db)) / 6, before_db, 1)[0]
    assert per_octave_db == pytest.approx(3.0, abs=0.3)


def test_silence_and_a_moment_have_levels() -> None:
    silent = np.zeros((3, 1), np.float32)
    assert set(np.ravel(spectra_db([band_energies(silent, silent, 48_000)], 3))) == {-140.0}
