"""Hours of recording that take little disk: sparse WAV files with a burst of sound every few seconds."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_BURST_S = 0.1
_EVERY_S = 10
_SAMPLE_BYTES = 2


def write_sparse(path: Path, length_s: int, rate_hz: int, seed: int) -> Path:
    """Write a mono recording; what lies between the bursts is silence that the file system does not store."""
    data_bytes = length_s * rate_hz * _SAMPLE_BYTES
    header = struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + data_bytes,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate_hz,
        rate_hz * _SAMPLE_BYTES,
        _SAMPLE_BYTES,
        8 * _SAMPLE_BYTES,
        b"data",
        data_bytes,
    )
    rng = np.random.default_rng(seed)
    burst_samples = round(_BURST_S * rate_hz)
    with path.open("wb") as stream:
        stream.write(header)
        for start_s in range(0, length_s, _EVERY_S):
            stream.seek(len(header) + start_s * rate_hz * _SAMPLE_BYTES)
            stream.write(rng.integers(-12_000, 12_000, burst_samples, dtype="<i2").tobytes())
        stream.truncate(len(header) + data_bytes)
    return path
