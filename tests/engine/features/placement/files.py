"""Real files with the headers of recorders, cameras and phones."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.sound.headers.bwf import Broadcast, append_chunks, broadcast_chunks

RATE_HZ = 16_000
NOON = datetime(2026, 5, 3, 12, 0, 0)
NOW = datetime(2026, 6, 1)


def silence(length_s: float) -> NDArray[np.float32]:
    return np.zeros(round(length_s * RATE_HZ), np.float32)


def since_midnight(start: datetime, rate_hz: int = RATE_HZ) -> int:
    """Return the time reference of a moment."""
    return round((start - datetime(start.year, start.month, start.day)) / timedelta(seconds=1) * rate_hz)


def wav(
    path: Path,
    samples: NDArray[np.float32],
    start: datetime | None = None,
    *,
    reference: int | None = None,
    rate_hz: int = RATE_HZ,
    subtype: str = "PCM_16",
) -> Path:
    """Write a WAV file, as Broadcast Wave if its start is given; its file date is then its end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype)
    if start is not None:
        counted = since_midnight(start, rate_hz) if reference is None else reference
        said = Broadcast("take", "day", counted, ("1",), origination=start)
        append_chunks(path, broadcast_chunks(said, rate_hz=rate_hz, bits=16))
        dated(path, start + timedelta(seconds=len(samples) / rate_hz))
    return path


def dated(path: Path, moment: datetime) -> Path:
    """Set the date of a file, in UTC."""
    seconds = moment.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def m4a(
    path: Path, samples: NDArray[np.float32], created_utc: datetime | None, rate_hz: int = RATE_HZ
) -> Path:
    """Write AAC in MP4, with a creation time in UTC."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with av.open(str(path), "w", format="mp4") as out:
        if created_utc is not None:
            out.metadata["creation_time"] = f"{created_utc:%Y-%m-%dT%H:%M:%S}.000000Z"
        stream = out.add_stream("aac", rate=rate_hz, layout="mono")
        for start in range(0, len(samples), 1024):
            piece = np.ascontiguousarray(samples[None, start : start + 1024], np.float32)
            frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path
