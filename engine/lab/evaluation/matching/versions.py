"""Processing of an edited file before delivery: coding, mastering, noise."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.signal import lfilter, sosfilt

Samples = NDArray[np.float32]

_HEADROOM = 0.9
_NOISE_DB = -20.0


def clean(samples: Samples, _rate_hz: int, _rng: np.random.Generator) -> Samples:
    """Return the samples rounded to 24 bits."""
    whole: Samples = (np.rint(samples.astype(np.float64) * 2**23) / 2**23).astype(np.float32)
    return whole


def coded(samples: Samples, rate_hz: int, _rng: np.random.Generator) -> Samples:
    """Return the samples after MP3 at 128 kbit/s."""
    peak = float(np.max(np.abs(samples), initial=1e-9))
    loudest = min(1.0, _HEADROOM / peak)
    file = io.BytesIO()
    soundfile.write(
        file,
        samples * loudest,
        rate_hz,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=_level_of(128, rate_hz),
        bitrate_mode="CONSTANT",
    )
    file.seek(0)
    decoded = soundfile.read(file, dtype="float32", always_2d=True)[0]
    return _of_length(decoded, len(samples))


def _level_of(kbit_s: int, rate_hz: int) -> float:
    most, least = (320, 32) if rate_hz >= 32_000 else (160, 8)
    return (most - kbit_s) / (most - least)


def mastered(samples: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return it after an equaliser of three bells, a gain that is ridden, and a limiter."""
    x = samples.astype(np.float64)
    for centre_hz in (120.0, 1200.0, 6000.0):
        gain_db, width = rng.uniform(-5.0, 5.0), rng.uniform(0.6, 1.5)
        x = sosfilt(_bell(centre_hz * np.exp(rng.uniform(-0.5, 0.5)), gain_db, width, rate_hz), x, axis=0)
    points = np.arange(0, len(x) + 4 * rate_hz, 4 * rate_hz)
    ride = np.interp(np.arange(len(x)), points, rng.uniform(-4.0, 4.0, len(points)))
    x *= 10.0 ** (ride / 20.0)[:, None]
    return _limited(x, rate_hz).astype(np.float32)


def _bell(centre_hz: float, gain_db: float, width: float, rate_hz: int) -> NDArray[np.float64]:
    """Return a peaking filter (R. Bristow-Johnson, Audio EQ Cookbook), shape (1, 6)."""
    a, w = 10.0 ** (gain_db / 40.0), 2.0 * np.pi * centre_hz / rate_hz
    alpha = np.sin(w) / 2.0 * width
    row = np.array(
        [1 + alpha * a, -2 * np.cos(w), 1 - alpha * a, 1 + alpha / a, -2 * np.cos(w), 1 - alpha / a]
    )
    section: NDArray[np.float64] = (row / row[3])[None]
    return section


def _limited(x: NDArray[np.float64], rate_hz: int) -> NDArray[np.float64]:
    """Limit at a level that takes some 4 dB off the peaks, released over 80 ms."""
    envelope = np.max(np.abs(x), axis=1)
    ceiling = 0.6 * float(np.max(envelope, initial=1e-9))
    wanted = np.log(np.minimum(1.0, ceiling / np.maximum(envelope, 1e-9)))
    ahead = rate_hz // 500
    held = -np.lib.stride_tricks.sliding_window_view(np.pad(-wanted, (ahead, ahead)), 2 * ahead + 1).max(
        axis=1
    )
    decay = np.exp(-1.0 / (0.08 * rate_hz))
    slow = lfilter([1.0 - decay], [1.0, -decay], held)
    gain = np.minimum(np.convolve(held, np.ones(ahead) / ahead, "same"), slow)
    limited: NDArray[np.float64] = x * np.exp(gain)[:, None] * min(1.0, _HEADROOM / ceiling)
    return limited


def noisy(samples: Samples, rate_hz: int, rng: np.random.Generator) -> Samples:
    """Return it with pink noise 20 dB below it."""
    white = np.fft.rfft(rng.standard_normal(samples.shape), axis=0)
    hz = np.fft.rfftfreq(len(samples), 1.0 / rate_hz)
    pink = np.fft.irfft(white / np.sqrt(np.maximum(hz, 20.0))[:, None], len(samples), axis=0)
    level = np.sqrt(np.mean(np.square(samples, dtype=np.float64)) / np.mean(pink**2))
    found: Samples = (samples + pink * level * 10.0 ** (_NOISE_DB / 20.0)).astype(np.float32)
    return found


def _of_length(samples: Samples, length: int) -> Samples:
    padded = np.zeros((length, samples.shape[1]), np.float32)
    padded[: min(length, len(samples))] = samples[:length]
    return padded


VERSIONS: Mapping[str, Callable[[Samples, int, np.random.Generator], Samples]] = MappingProxyType(
    {"clean": clean, "coded": coded, "mastered": mastered, "noisy": noisy}
)
