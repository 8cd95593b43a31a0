"""A dog that barks once in faint noise, for what takes sounds out or names them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

DOG = "1-100032-A-0.flac"


def barking(data_dir: Path, rate_hz: int) -> NDArray[np.float32]:
    """Return eight seconds of stereo noise in which a dog barks from second 3 to 4, shape (samples, 2)."""
    rng = np.random.default_rng(4)
    bark, own_rate_hz = soundfile.read(data_dir / "esc50" / "audio" / DOG, dtype="float32")
    bark = soxr.resample(bark[2 * own_rate_hz : 3 * own_rate_hz], own_rate_hz, rate_hz)
    samples = 0.002 * rng.standard_normal((8 * rate_hz, 2)).astype(np.float32)
    samples[3 * rate_hz : 3 * rate_hz + len(bark)] += 0.3 * bark[:, None]
    return samples
