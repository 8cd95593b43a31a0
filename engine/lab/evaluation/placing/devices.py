"""Recorders, cameras, phones and laptops that record a stage: microphones, clocks, headers and file dates.

Nothing here is shared with the product: headers are written byte by byte, from EBU Tech 3285 and with FFmpeg.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import soxr
from numpy.typing import NDArray
from scipy.signal import butter, fftconvolve, sosfiltfilt

Sound = NDArray[np.float32]

STAGE_HZ = 48_000
ZONE = timedelta(hours=2)
"""From UTC to the local time of the made days."""
_FIRST_ECHO_S, _ROOM_S = 0.003, 0.5
_PEAK = 0.7
_CARD_S = 2.0
"""Cards are formatted as FAT, which counts two seconds."""


@dataclass(frozen=True, slots=True)
class Device:
    """One device.

    Attributes
    ----------
    ppm : how much its clock counts too fast
    band_hz : frequencies that its microphone picks up
    noise_db : its noise relative to the sound
    direct_db : level of the direct sound above that of the room
    clock_off : difference of its clock from the true local time
    header : "bext" with a time reference, "origination" without, "mp4" for AAC, or "" for a plain WAV
    """

    rate_hz: int = 48_000
    ppm: float = 0.0
    band_hz: tuple[float, float] = (60.0, 16_000.0)
    noise_db: float = -45.0
    direct_db: float = 6.0
    clock_off: timedelta = timedelta()
    header: str = "bext"


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file and its true place.

    Attributes
    ----------
    start_s, stop_s : on the stage
    ppm : of its device
    level : "sample" if its sound is in other files, "second" if its header gives the place, else "unknown"
    """

    path: Path
    start_s: float
    stop_s: float
    ppm: float
    level: str = "sample"


def picked_up(stage: Sound, start_s: float, stop_s: float, device: Device, rng: np.random.Generator) -> Sound:
    """Return the samples that a microphone and a clock make of a span of the stage, without delay."""
    heard = stage[round(start_s * STAGE_HZ) : round(stop_s * STAGE_HZ)].astype(np.float64)
    low, high = device.band_hz
    wet = sosfiltfilt(butter(1, [low, min(high, 0.45 * STAGE_HZ)], "band", fs=STAGE_HZ, output="sos"), heard)
    room = wet + 10 ** (-device.direct_db / 20.0) * fftconvolve(wet, _echo(rng))[: len(wet)]
    room += rng.standard_normal(len(room)) * room.std() * 10 ** (device.noise_db / 20.0)
    counted = soxr.resample(room, STAGE_HZ, device.rate_hz * (1.0 + device.ppm / 1e6), quality="VHQ")
    return np.asarray(_PEAK * counted / max(1e-9, np.abs(counted).max()), np.float32)


def _echo(rng: np.random.Generator) -> NDArray[np.float64]:
    """Return the response of a room after the direct sound, of power 1."""
    count = round(_ROOM_S * STAGE_HZ)
    decaying = rng.standard_normal(count) * 10 ** (-3.0 * np.arange(count) / count)
    decaying[: round(_FIRST_ECHO_S * STAGE_HZ)] = 0.0
    found: NDArray[np.float64] = decaying / np.sqrt(np.sum(decaying**2))
    return found


def written(path: Path, samples: Sound, start: datetime, device: Device) -> Path:
    """Write a file with its header; its file date is the end of the recording by the clock of the device.

    Parameters
    ----------
    start : true local time of its first sample
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    shown = start + device.clock_off
    if device.header == "mp4":
        _write_aac(path, samples, shown - ZONE, device.rate_hz)
    else:
        _write_wav(path, samples, shown, device)
    end = shown - ZONE + timedelta(seconds=len(samples) / device.rate_hz)
    return with_date(path, end + timedelta(seconds=-end.timestamp() % _CARD_S))


def with_date(path: Path, moment_utc: datetime) -> Path:
    """Set the date of a file."""
    seconds = moment_utc.replace(tzinfo=UTC).timestamp()
    os.utime(path, (seconds, seconds))
    return path


def _write_wav(path: Path, samples: Sound, shown: datetime, device: Device) -> None:
    rate_hz = device.rate_hz
    data = np.rint(samples * 32_767.0).astype("<i2").tobytes()
    chunks = _chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, rate_hz, 2 * rate_hz, 2, 16))
    if device.header:
        midnight = shown.replace(hour=0, minute=0, second=0, microsecond=0)
        since = round((shown - midnight).total_seconds() * rate_hz) if device.header == "bext" else 0
        date, moment = shown.strftime("%Y-%m-%d"), shown.strftime("%H:%M:%S")
        texts = struct.pack("<256s32s32s", b"", b"Recorder", b"") + (date + moment).encode()
        chunks = _chunk(b"bext", texts + struct.pack("<QH254x", since, 1)) + chunks
    body = b"WAVE" + chunks + _chunk(b"data", data)
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _write_aac(path: Path, samples: Sound, created_utc: datetime, rate_hz: int) -> None:
    with av.open(str(path), "w", format="mp4") as out:
        out.metadata["creation_time"] = f"{created_utc:%Y-%m-%dT%H:%M:%S}.000000Z"
        stream = out.add_stream("aac", rate=rate_hz, layout="mono")
        stream.bit_rate = 128_000
        for start in range(0, len(samples), 1024):
            piece = np.ascontiguousarray(samples[None, start : start + 1024])
            frame = av.AudioFrame.from_ndarray(piece, "fltp", "mono")
            frame.sample_rate, frame.pts, frame.time_base = rate_hz, start, Fraction(1, rate_hz)
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
