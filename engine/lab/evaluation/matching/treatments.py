"""Treatments of a finished edit for the rows of foreign sound: 16 bits, MP3, mastering, noise and hum."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

Samples = NDArray[np.float32]
Treatment = Callable[[Samples, int, np.random.Generator], Samples]

_MP3_LEVEL = 0.5
_RATIO, _THRESHOLD_DB = 3.0, -12.0
_FOLLOWS_S = 0.03
_SHELVES_DB = (-4.0, 4.0)
_NOISE_DB, _HUM_DB, _HUM_HZ = -20.0, -26.0, 50.0


def in_16_bits(samples: Samples, _rate_hz: int, rng: np.random.Generator) -> Samples:
    """Quantise to 16 bits with triangular dither."""
    dither = rng.random(samples.shape) - rng.random(samples.shape)
    steps = np.rint(samples.astype(np.float64) * 2**15 + dither)
    whole: Samples = (np.clip(steps, -(2**15), 2**15 - 1) / 2**15).astype(np.float32)
    return whole


def mp3(samples: Samples, rate_hz: int, _rng: np.random.Generator) -> Samples:
    """Encode as MP3 of variable rate and decode again."""
    file = io.BytesIO()
    soundfile.write(
        file,
        samples * np.float32(0.8),
        rate_hz,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE",
        compression_level=_MP3_LEVEL,
    )
    file.seek(0)
    decoded = soundfile.read(file, dtype="float32", always_2d=True)[0][: len(samples)]
    return np.pad(decoded, ((0, len(samples) - len(decoded)), (0, 0)))


def mastered(samples: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Tilt the spectrum with two shelves, compress by 3:1 and saturate."""
    spectrum = np.fft.rfft(samples, axis=0)
    hz = np.fft.rfftfreq(len(samples), 1.0 / rate_hz)
    low_db, high_db = rng.uniform(*_SHELVES_DB, 2)
    shelves_db = low_db / (1.0 + (hz / 200.0) ** 2) + high_db / (1.0 + (4000.0 / np.maximum(hz, 1.0)) ** 2)
    tilted = np.fft.irfft(spectrum * 10.0 ** (shelves_db / 20.0)[:, None], len(samples), axis=0)
    power = uniform_filter1d(np.mean(tilted**2, axis=1), round(_FOLLOWS_S * rate_hz), mode="nearest")
    level_db = 10.0 * np.log10(np.maximum(power, 1e-12))
    threshold_db = float(np.percentile(level_db, 90)) + _THRESHOLD_DB
    down_db = np.maximum(0.0, level_db - threshold_db) * (1.0 - 1.0 / _RATIO)
    pressed = tilted * 10.0 ** (-down_db / 20.0)[:, None]
    loud = float(np.percentile(np.abs(pressed), 99.9)) + 1e-12
    found: Samples = (0.9 * np.tanh(pressed / loud)).astype(np.float32)
    return found


def with_noise_and_hum(samples: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Add brownish noise 20 dB and hum 26 dB below the level of the whole edit."""
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
    white = np.fft.rfft(rng.standard_normal(samples.shape), axis=0)
    hz = np.fft.rfftfreq(len(samples), 1.0 / rate_hz)
    noise = np.fft.irfft(white / np.maximum(hz, 60.0)[:, None] ** 0.7, len(samples), axis=0)
    noise *= level * 10.0 ** (_NOISE_DB / 20.0) / np.sqrt(np.mean(noise**2))
    at_s = np.arange(len(samples)) / rate_hz
    hum = sum(np.sin(2 * np.pi * _HUM_HZ * k * at_s + k) / k for k in (1, 2, 3, 5))
    hum = hum * (level * 10.0 ** (_HUM_DB / 20.0) / np.sqrt(np.mean(np.square(hum))))
    noisy: Samples = (samples + noise + hum[:, None]).astype(np.float32)
    return noisy


TREATMENTS: Mapping[str, Treatment] = MappingProxyType(
    {"clean": in_16_bits, "coded": mp3, "mastered": mastered, "noisy": with_noise_and_hum}
)
