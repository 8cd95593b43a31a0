"""What is painted on masks: how far it reaches, and that it changes its window alone."""

from __future__ import annotations

from math import inf

import numpy as np
import pytest

from engine.features.repair.separation.paint import (
    LEAST_REACH_HZ,
    LEAST_REACH_S,
    Dab,
    Range,
    Stroke,
    on_track,
    painted,
)
from engine.features.repair.separation.plain import SubtractionSeparator
from engine.features.repair.separation.separate import Asked, Recording, separate
from engine.features.repair.separation.separator import Mode

RATE_HZ = 48_000
AT, HZ = np.arange(0.0, 100.0), np.arange(0.0, 1000.0, 10.0)


def test_a_dab_covers_its_middle_whole_and_nothing_beyond_its_edge() -> None:
    covered = Stroke((Dab(50.0, 10.0, 300.0, 400.0, 600.0),)).coverage(AT, HZ)
    assert covered[50, 40] == 1.0
    assert covered[50, 50] == 1.0, "half of the way up"
    assert covered[50, 30] == covered[50, 60] == covered[40, 40] == covered[60, 40] == 0.0
    for moment in (0, 39, 61):
        assert not covered[moment].any()
    slow = np.zeros_like(covered)
    for i, at in enumerate(AT):
        for j, hz in enumerate(HZ):
            height = 200.0 if hz >= 400.0 else 100.0
            away = np.hypot((at - 50.0) / 10.0, (hz - 400.0) / height)
            slow[i, j] = min(1.0, max(0.0, (1.0 - away) / 0.35))
    np.testing.assert_allclose(covered, slow, atol=1e-6)


def test_what_reaches_beyond_what_is_shown_reaches_to_the_end() -> None:
    covered = Stroke((Dab(50.0, 10.0, -inf, 100.0, inf),)).coverage(AT, HZ)
    assert (covered[50] == 1.0).all()


def test_no_dab_is_smaller_than_a_mask_can_tell() -> None:
    made = Dab.of(0.0, 1.0, (999.0, 1000.0, 1001.0), RATE_HZ)
    assert made.reach_samples == LEAST_REACH_S * RATE_HZ
    assert (made.low_hz, made.high_hz) == (1000 - LEAST_REACH_HZ, 1000 + LEAST_REACH_HZ)


def test_paint_is_laid_over_in_its_order() -> None:
    adds, takes = (Range(20, 40, 200.0, 500.0, takes) for takes in (False, True))
    shares = np.full((len(AT), len(HZ)), 0.4, np.float32)
    assert painted(shares, AT, HZ, (adds,))[30, 30] == 1.0
    assert painted(shares, AT, HZ, (takes,))[30, 30] == 0.0
    assert painted(shares, AT, HZ, (adds, takes))[30, 30] == 0.0
    assert painted(shares, AT, HZ, (takes, adds))[30, 30] == 1.0
    np.testing.assert_array_equal(painted(shares, AT, HZ, (adds, takes))[50], shares[50])
    strokes = [Stroke((Dab(at, 6.0, 100.0, 400.0, 700.0),), takes) for at, takes in ((30, False), (33, True))]
    slow = shares
    for one in strokes:
        covered = one.coverage(AT, HZ)
        slow = np.minimum(slow, 1 - covered) if one.takes else np.maximum(slow, covered)
    np.testing.assert_array_equal(painted(shares, AT, HZ, strokes), slow)
    assert on_track((adds, Range(0, 1, 0, 1, tracks=("a",))), "b") == (adds,)


@pytest.mark.parametrize("mode", list(Mode))
def test_outside_of_the_windows_every_byte_is_the_recordings(mode: Mode) -> None:
    """Even of what is painted across their edges; in stereo, on both channels, above 8 kHz too."""
    rng = np.random.default_rng(3)
    time_s = np.arange(4 * RATE_HZ) / RATE_HZ
    tone = 0.2 * np.sin(2 * np.pi * 12_000 * time_s)
    sound = (np.stack([tone, -tone], axis=1) + 0.01 * rng.standard_normal((len(tone), 2))).astype(np.float32)
    recording = Recording(lambda start, stop: sound[start:stop].copy(), len(sound), RATE_HZ)
    windows = ((RATE_HZ, 2 * RATE_HZ), (round(2.5 * RATE_HZ), 3 * RATE_HZ))
    paint = (Range(0, len(sound), 11_000.0, 13_000.0),)
    asked = Asked((), mode, paint=paint)
    heard = sound.copy()
    for piece in separate(recording, windows, asked, SubtractionSeparator()):
        heard[piece.start_samples : piece.start_samples + len(piece.samples)] = piece.samples
    inside = np.zeros(len(sound), bool)
    for start, stop in windows:
        inside[start:stop] = True
    assert heard[~inside].tobytes() == sound[~inside].tobytes()
    middle = slice(round(1.2 * RATE_HZ), round(1.8 * RATE_HZ))
    spectra = [np.abs(np.fft.rfft(each[middle], axis=0)) for each in (sound, heard)]
    at = round(12_000 * 0.6)
    kept = spectra[1][at] / spectra[0][at]
    elsewhere = np.linalg.norm(spectra[1][: at // 2]) / np.linalg.norm(spectra[0][: at // 2])
    if mode is Mode.REMOVE:
        assert (kept < 0.01).all()
        assert elsewhere == pytest.approx(1.0, abs=0.02)
    else:
        assert kept == pytest.approx(1.0, abs=0.02)
        assert elsewhere < 0.02
