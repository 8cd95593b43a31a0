"""Soft passages, fades and rests, as normal parts of music in the training data.

A network trained at one level only takes every soft passage for a fault. Rests are few, since pauses indicate
broken-off attempts.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import butter, sosfilt

from engine.anomaly.faults.breaking_off import quiet_room, ringing
from engine.anomaly.faults.material import Material, Samples

_SOFT_SHARE, _FADE_SHARE, _REST_SHARE = 0.6, 0.3, 0.12
_SOFT_DB, _SOFT_S, _RAMP_S = (-28.0, -6.0), (2.0, 14.0), (0.05, 3.0)
_DULL_HZ = (500.0, 6000.0)
_FADE_S, _AT_END = (1.5, 10.0), 0.7
_MOST_RESTS, _REST_S, _RINGS = 2, (0.3, 2.2), 0.7


def with_dynamics(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return mono audio, shape (n,), more often than not with a soft passage, a fade or a rest in it."""
    if rng.random() < _SOFT_SHARE:
        audio = _softened(audio, rate_hz, rng)
    if rng.random() < _FADE_SHARE:
        audio = _faded(audio, rate_hz, rng)
    return _rested(audio, rate_hz, rng) if rng.random() < _REST_SHARE else audio


def _softened(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio with a passage that is played softly: quieter, and half of the time duller as well."""
    length = min(len(audio) // 2, round(rng.uniform(*_SOFT_S) * rate_hz))
    start = int(rng.integers(-length // 2, len(audio) - length // 2))
    ramp = rng.uniform(*_RAMP_S) * rate_hz
    at = np.arange(len(audio))
    share = np.clip(np.minimum(at - start, start + length - at) / ramp, 0.0, 1.0).astype(np.float32)
    gain = np.float32(10.0 ** (rng.uniform(*_SOFT_DB) / 20.0))
    soft = audio
    if rng.random() < 0.5:
        soft = sosfilt(butter(1, rng.uniform(*_DULL_HZ), fs=rate_hz, output="sos"), audio)
    return np.asarray(audio + share * (gain * soft - audio), np.float32)


def _faded(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio that fades out at its end, or now and then in at its start."""
    length = min(len(audio) // 2, round(rng.uniform(*_FADE_S) * rate_hz))
    ramp = np.linspace(1.0, 0.0, length, dtype=np.float32) ** np.float32(rng.uniform(1.0, 3.0))
    out = audio.copy()
    if rng.random() < _AT_END:
        out[len(out) - length :] *= ramp
    else:
        out[:length] *= ramp[::-1]
    return out


def _rested(audio: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return audio with one or two general pauses, mostly with the ringing of the music before."""
    music = Material(audio[:, None], rate_hz, {})
    count = int(rng.integers(1, _MOST_RESTS + 1))
    places = np.sort(rng.integers(len(audio) // 8, 7 * len(audio) // 8, count))
    pieces: list[Samples] = []
    for piece in np.split(audio, places)[:-1]:
        rest = quiet_room(music, round(rng.uniform(*_REST_S) * rate_hz), rng)[:, 0]
        if rng.random() < _RINGS and len(piece) > rate_hz:
            ring = ringing(music, piece[:, None], rng)[len(piece) :, 0][: len(rest)]
            rest[: len(ring)] += ring
        pieces += [piece, rest]
    return np.concatenate([*pieces, audio[places[-1] :]])
