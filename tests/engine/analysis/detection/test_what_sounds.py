"""Names of detected sounds: one that the network cannot tell from other sounds names the group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import analysed_versions, detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import GROUPS, named_events, sounds_in

RATE_HZ = MEL.rate_hz


def dropped_plate(seed: int) -> NDArray[np.float32]:
    """Return quiet room noise of 10 s with a plate that falls and bounces after 4 s: partials that ring."""
    rng = np.random.default_rng(seed)
    sound = 0.002 * rng.standard_normal(10 * RATE_HZ)
    at_s, level = 4.0, 0.4
    times_s = np.arange(RATE_HZ) / RATE_HZ
    for _ in range(5):
        lowest_hz = rng.uniform(1800.0, 3000.0)
        partials_hz = np.minimum(lowest_hz * np.concatenate([[1.0], rng.uniform(1.3, 6.0, 7)]), 7600.0)
        ring = sum(np.sin(2 * np.pi * hz * times_s) * np.exp(-times_s / 0.06) for hz in partials_hz) / 8.0
        ring[:160] += rng.standard_normal(160) * np.linspace(0.5, 0.0, 160)
        first = round(at_s * RATE_HZ)
        sound[first : first + len(ring)] += level * ring
        at_s, level = at_s + rng.uniform(0.05, 0.13), level * 0.8
    room = rng.standard_normal(RATE_HZ // 4) * np.exp(-times_s[: RATE_HZ // 4] / 0.06)
    room[0] = 6.0
    return (np.convolve(sound, room)[: len(sound)] / 6.0).astype(np.float32)


def test_a_dropped_plate_is_clatter_or_glass() -> None:
    """The network alone is as sure of glass as where glass breaks."""
    sound = dropped_plate(5)
    (alone,) = named_events(detector(), analysed_versions(detector(), [sound]), RATE_HZ, len(sound))
    assert alone.word == "glass breaking"
    assert alone.likelihood > 0.8
    found = sounds_in(detector(), [sound], RATE_HZ, len(sound))
    named = [word for word in found.words if "glass" in word]
    assert named == [GROUPS["glass breaking"]]
    assert "clatter" in named[0]
