"""Hours of recording that take little disk: sparse WAV files with a short burst of sound every second."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

_BURST_BYTES = 4096  # one block of the file system
_LOUDEST = 30_000
_SAMPLE_BYTES = 2


def write_sparse(path: Path, length_s: int, rate_hz: int, seed: int) -> Path:
    """Write a mono recording; the silence between the bursts is sparse in the file system.

    The loudness changes between bursts, so that a waveform of hours is not a plain bar.
    """
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
    with path.open("wb") as stream:
        stream.write(header)
        for start_s in range(length_s):
            place = len(header) + start_s * rate_hz * _SAMPLE_BYTES
            stream.seek(-(-place // _BURST_BYTES) * _BURST_BYTES)
            loudest = int(_LOUDEST * (0.55 + 0.45 * np.sin(seed + start_s / 37)))
            stream.write(rng.integers(-loudest, loudest, _BURST_BYTES // _SAMPLE_BYTES, "<i2").tobytes())
        stream.truncate(len(header) + data_bytes)
    return path
