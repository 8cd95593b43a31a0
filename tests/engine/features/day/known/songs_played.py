"""Songs that are played again: fingerprints of them, from notes drawn at random."""

from __future__ import annotations

from functools import cache

import numpy as np

from engine.features.day.known.fingerprints import Fingerprint
from engine.features.takes.features import frames_of
from tests.engine.features.takes.playing import RATE_HZ, Sound, passage

LENGTH_S = 40.0


def fingerprint(sound: Sound) -> Fingerprint:
    return Fingerprint.of(frames_of([sound], RATE_HZ, len(sound)))


@cache
def played(seed: int, semitones: int = 0, speed: float = 1.0) -> Fingerprint:
    """Return the fingerprint of a song, played in another key or at another tempo."""
    return fingerprint(passage(seed, LENGTH_S, semitones=semitones, speed=speed))


def through_a_phone(sound: Sound) -> Sound:
    """Return what a phone across the room records: no bass and no treble, an echo, noise, another level."""
    spectrum = np.fft.rfft(sound)
    hz = np.fft.rfftfreq(len(sound), 1.0 / RATE_HZ)
    filtered = np.fft.irfft(spectrum * ((hz > 200.0) & (hz < 3400.0)), len(sound))
    late = round(0.045 * RATE_HZ)
    filtered[late:] += 0.5 * filtered[:-late]
    noise = np.random.default_rng(5).standard_normal(len(sound))
    return (0.1 * filtered + 0.002 * noise).astype(np.float32)
