"""Sound for a browser: WAV files of 16 bits that are made while they are read, and waveforms."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray
from starlette.responses import Response, StreamingResponse

from engine.features.repair.separation.windows import gate
from engine.sound.pictures.peaks import Columns, sample_columns
from engine.web.session import OpenRecording, Result

MOST_COLUMNS = 4_000
_EXACT_BELOW = 512
"""Columns of fewer samples are drawn from the samples themselves."""
_DECIMALS = 4
_PATIENCE_S = 1.0


def outline(
    recording: OpenRecording, start_s: float, stop_s: float, columns: int
) -> dict[str, list[float]] | None:
    """Return a waveform between two times: `minimum`, `maximum` and `rms`, each of `columns` values.

    None where the recording is still being read for it, which of many hours takes minutes.
    """
    reader = recording.reader
    start, each = start_s * reader.rate_hz, (stop_s - start_s) * reader.rate_hz / columns
    found: list[Columns]
    if each < _EXACT_BELOW:
        first = int(start)
        with recording.lock:
            samples = reader.read(first, int(stop_s * reader.rate_hz) + 1)
        found = [sample_columns(one, first, start, each, columns) for one in samples.T]
    else:
        peaks = recording.peaks(_PATIENCE_S)
        if peaks is None:
            return None
        found = [peaks.columns(channel, start, each, columns) for channel in range(peaks.channels)]
    return {
        "minimum": _rounded(np.min([one.minimum for one in found], axis=0)),
        "maximum": _rounded(np.max([one.maximum for one in found], axis=0)),
        "rms": _rounded(np.max([one.rms for one in found], axis=0)),
    }


def _rounded(values: NDArray[np.float32]) -> list[float]:
    rounded: list[float] = np.round(values.astype(np.float64), _DECIMALS).tolist()
    return rounded


Samples = NDArray[np.float32]
HEAD_BYTES = 44
_MOST_BYTES = 1 << 20
"""More than this is asked for again; a browser does so as it plays."""
_LARGEST = 2**32 - 2**16
_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})")


@dataclass(frozen=True, slots=True, eq=False)
class Playable:
    """Something to listen to.

    Attributes
    ----------
    read : returns samples [start, stop), shape (stop - start, channels)
    """

    read: Callable[[int, int], Samples]
    rate_hz: int
    channels: int
    frames: int


def whole_recording(recording: OpenRecording) -> Playable:
    """Return a recording as it is."""
    reader = recording.reader

    def read(start: int, stop: int) -> Samples:
        with recording.lock:
            samples: Samples = reader.read(start, stop)
        return samples

    return Playable(read, reader.rate_hz, reader.channels, reader.frames)


def downloaded_result(result: Result) -> Playable:
    """Return the downloadable audio."""
    return whole_recording(result.written)


def separated_target(result: Result) -> Playable:
    """Return the named sound inside the windows, and silence elsewhere."""
    before, after = whole_recording(result.of), whole_recording(result.written)

    def read(start: int, stop: int) -> Samples:
        if not result.keeps:
            return before.read(start, stop) - after.read(start, stop)
        playable = np.zeros((stop - start, before.channels), np.float32)
        for first, last in result.windows:
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                curve = gate(last - first, result.fade_samples, begin - first, end - first)[:, None]
                playable[begin - start : end - start] = curve * after.read(begin, end)
        return playable

    return Playable(read, before.rate_hz, before.channels, before.frames)


def separated_remainder(result: Result) -> Playable:
    """Return the recording without the named sound."""
    before, target = whole_recording(result.of), separated_target(result)

    def read(start: int, stop: int) -> Samples:
        return before.read(start, stop) - target.read(start, stop)

    return Playable(read, before.rate_hz, before.channels, before.frames)


def wave_response(playable: Playable, byte_range: str | None) -> Response:
    """Return the part of the file in the header ``Range``; all of it without one.

    More than two channels are mixed to mono.
    """
    channels = playable.channels if playable.channels <= 2 else 1
    frames = min(playable.frames, (_LARGEST - HEAD_BYTES) // (2 * channels))
    size = HEAD_BYTES + frames * 2 * channels
    piece = partial(_piece, playable, channels, frames)
    if byte_range is None:
        pieces = (piece(at, min(size, at + _MOST_BYTES)) for at in range(0, size, _MOST_BYTES))
        headers = {"accept-ranges": "bytes", "content-length": str(size)}
        return StreamingResponse(pieces, 200, headers, "audio/wav")
    found = _RANGE.fullmatch(byte_range)
    first = int(found[1]) if found else size
    stop = min(int(found[2]) + 1 if found and found[2] else size, size, first + _MOST_BYTES)
    if stop <= first:
        return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
    headers = {"accept-ranges": "bytes", "content-range": f"bytes {first}-{stop - 1}/{size}"}
    return Response(piece(first, stop), 206, headers, "audio/wav")


def _piece(playable: Playable, channels: int, frames: int, first: int, stop: int) -> bytes:
    """Return the bytes [first, stop) of the file."""
    frame_bytes = 2 * channels
    head = _head(playable.rate_hz, channels, frames * frame_bytes)[first:stop]
    at, end = max(0, first - HEAD_BYTES), max(0, stop - HEAD_BYTES)
    begin = at // frame_bytes
    samples = playable.read(begin, -(-end // frame_bytes))
    if channels != playable.channels:
        samples = samples.mean(axis=1, keepdims=True)
    scaled = np.clip(np.rint(samples * 32768.0), -32768, 32767)
    numbers = bytes(scaled.astype("<i2").tobytes())
    return head + numbers[at - begin * frame_bytes : end - begin * frame_bytes]


def _head(rate_hz: int, channels: int, data_bytes: int) -> bytes:
    frame_bytes = 2 * channels
    form = struct.pack("<IHHIIHH", 16, 1, channels, rate_hz, rate_hz * frame_bytes, frame_bytes, 16)
    begin = b"RIFF" + struct.pack("<I", HEAD_BYTES - 8 + data_bytes)
    return begin + b"WAVEfmt " + form + b"data" + struct.pack("<I", data_bytes)
