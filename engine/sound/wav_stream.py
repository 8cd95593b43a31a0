"""Read and write WAV through pipes, which cannot seek and may have an unknown length.

Programs that write WAV to a pipe cannot go back and fill in the length: ffmpeg writes 2**32 - 1, sox and
arecord write about 2**31, others 0. Such a stream ends where its samples end.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from io import BufferedIOBase

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.wording import reason_of
from engine.sound.file_part import LEAST_UNKNOWN_BYTES
from engine.sound.opening import refused_rate_or_channels
from engine.sound.reader import LOUDEST
from engine.sound.writer import bits_of, integers

_PIECE_BYTES = 1 << 16
_UNKNOWN_BYTES = 2**32 - 1
_LEAST_UNKNOWN_LONG_BYTES = 2**63
"""Lengths of RF64 from here on are unknown: writers store -1."""
_PLAIN_BYTES, _EXTENSIBLE_BYTES = 16, 40
_EXTENSIBLE = 0xFFFE
_CONVERT = "convert it, for example with ffmpeg -i FILE -c:a pcm_s16le -f wav -"


class Encoding(Enum):
    """How a sample is stored, by libsndfile's names."""

    PCM_16 = "PCM_16"
    PCM_24 = "PCM_24"
    PCM_32 = "PCM_32"
    FLOAT = "FLOAT"
    DOUBLE = "DOUBLE"

    @property
    def sample_bytes(self) -> int:
        """Bytes of one sample."""
        return bits_of(self.value) // 8


_INTEGERS, _FLOATS = 1, 3
_ENCODINGS = {
    (_INTEGERS, 16): Encoding.PCM_16,
    (_INTEGERS, 24): Encoding.PCM_24,
    (_INTEGERS, 32): Encoding.PCM_32,
    (_FLOATS, 32): Encoding.FLOAT,
    (_FLOATS, 64): Encoding.DOUBLE,
}
_NUMPY_TYPES = {
    Encoding.PCM_16: "<i2",
    Encoding.PCM_24: "<i4",  # in its upper three bytes
    Encoding.PCM_32: "<i4",
    Encoding.FLOAT: "<f4",
    Encoding.DOUBLE: "<f8",
}


@dataclass(frozen=True, slots=True)
class WavFormat:
    """Format of a WAV stream.

    Attributes
    ----------
    chunk : content of its `fmt` chunk
    frames : samples per channel; None if the header does not state it
    """

    rate_hz: int
    channels: int
    encoding: Encoding
    chunk: bytes
    frames: int | None

    @property
    def frame_bytes(self) -> int:
        """Bytes of one sample of each channel."""
        return self.channels * self.encoding.sample_bytes

    def head(self) -> bytes:
        """Return the header of a WAV stream of this format."""
        fmt = b"fmt " + struct.pack("<I", len(self.chunk)) + self.chunk
        size = _UNKNOWN_BYTES if self.frames is None else self.frames * self.frame_bytes
        whole = 4 + len(fmt) + 8 + size + size % 2
        if whole >= _UNKNOWN_BYTES:
            size = whole = _UNKNOWN_BYTES
        return b"RIFF" + struct.pack("<I", whole) + b"WAVE" + fmt + b"data" + struct.pack("<I", size)

    def tail(self) -> bytes:
        """Return the bytes after the last sample: a byte of padding if the length is known and not even."""
        return b"" if self.frames is None else bytes(self.frames * self.frame_bytes % 2)


class WavStreamReader:
    """Reads the samples of a WAV stream as they come in.

    Attributes
    ----------
    format : of the stream
    frames : read so far

    Raises
    ------
    SourceError : the stream is empty, not WAV, or of a format that is not read
    """

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self.format = self._read_head()
        self.frames = 0
        self._spare = b""

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield samples, shape (n, channels), full scale at 1.0, as soon as they arrive.

        Invalid samples are zeros, as in files.

        Raises
        ------
        SourceError : the stream cannot be read
        """
        form = self.format
        left = None if form.frames is None else form.frames * form.frame_bytes
        spare = b""
        while left is None or left > 0:
            piece = self._read(_PIECE_BYTES if left is None else min(_PIECE_BYTES, left), at_once=True)
            if not piece:
                break
            left = None if left is None else left - len(piece)
            come = spare + piece
            whole = len(come) // form.frame_bytes * form.frame_bytes
            spare = come[whole:]
            if whole:
                self.frames += whole // form.frame_bytes
                yield _decoded(come[:whole], form)
        self._spare = spare

    def fault(self) -> str:
        """Return a sentence about an end that came too early; empty if the stream was whole."""
        form = self.format
        if not self.frames:
            return "The WAV stream holds no samples: check the program that writes it."
        length = f"{self.frames / form.rate_hz:.2f} s"
        if form.frames is not None and self.frames < form.frames:
            promised = f"{form.frames / form.rate_hz:.2f} s"
            return f"The WAV stream ended after {length} of {promised}: the output ends there, too."
        # sox pads streams of unknown, odd length.
        is_padding = self._spare == b"\0" and self.frames * form.frame_bytes % 2 == 1
        if self._spare and not is_padding:
            return f"The WAV stream ended within a frame after {length}: its last bytes were left out."
        return ""

    def _read_head(self) -> WavFormat:
        head = self._read(12)
        if not head:
            raise SourceError("The WAV stream is empty: pipe sound into it, as from ffmpeg -i FILE -f wav -.")
        if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
            raise SourceError(f"The stream is not WAV: {_CONVERT}.")
        chunk, long_bytes = b"", 0
        while True:
            name_and_size = self._read(8)
            if len(name_and_size) < 8:
                raise SourceError("The WAV stream ended within its head: check the program that writes it.")
            name, size = name_and_size[:4], int.from_bytes(name_and_size[4:], "little")
            if name == b"data":
                if size == _UNKNOWN_BYTES and 0 < long_bytes < _LEAST_UNKNOWN_LONG_BYTES:
                    return _format(chunk, long_bytes)
                return _format(chunk, size if 0 < size < LEAST_UNKNOWN_BYTES else None)
            content = self._read(min(size, _EXTENSIBLE_BYTES))
            self._skip(size + size % 2 - len(content))
            if name == b"fmt ":
                chunk = content
            elif name == b"ds64":  # the length of RF64, which 32 bits do not hold
                long_bytes = int.from_bytes(content[8:16], "little")

    def _skip(self, count: int) -> None:
        while count > 0 and (piece := self._read(min(count, _PIECE_BYTES))):
            count -= len(piece)

    def _read(self, count: int, *, at_once: bool = False) -> bytes:
        """Return the next bytes: all of them, or with `at_once` those that have arrived."""
        try:
            return self._stream.read1(count) if at_once else self._stream.read(count)
        except OSError as error:
            raise SourceError(f"The WAV stream cannot be read: {reason_of(error)}.") from error


def encoded(samples: NDArray[np.float32], encoding: Encoding) -> tuple[bytes, int]:
    """Return samples, shape (n, channels), as bytes, and the number of clipped ones."""
    dtype = _NUMPY_TYPES[encoding]
    if encoding in (Encoding.FLOAT, Encoding.DOUBLE):
        return samples.astype(dtype).tobytes(), 0
    numbers, clipped = integers(samples, 8 * encoding.sample_bytes)
    data = numbers.astype(dtype)
    if encoding is Encoding.PCM_24:
        return data.view(np.uint8).reshape(-1, 4)[:, 1:].tobytes(), clipped
    return data.tobytes(), clipped


def _decoded(data: bytes, form: WavFormat) -> NDArray[np.float32]:
    dtype = _NUMPY_TYPES[form.encoding]
    if form.encoding in (Encoding.FLOAT, Encoding.DOUBLE):
        floats = np.frombuffer(data, dtype)
        samples = np.where(np.abs(floats) <= LOUDEST, floats, 0.0).astype(np.float32)
    elif form.encoding is Encoding.PCM_24:
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        wide[:, 1:] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        samples = wide.reshape(-1).view(dtype).astype(np.float32) / np.float32(2**31)
    else:
        full_scale = np.float32(2 ** (8 * form.encoding.sample_bytes - 1))
        samples = np.frombuffer(data, dtype).astype(np.float32) / full_scale
    return samples.reshape(-1, form.channels)


def _format(chunk: bytes, data_bytes: int | None) -> WavFormat:
    """Return the format that a `fmt` chunk states, with the length of the `data` chunk if it is known."""
    if len(chunk) < _PLAIN_BYTES:
        raise SourceError(f"The WAV stream does not state its format: {_CONVERT}.")
    tag, channels, rate_hz, _rate, frame_bytes, bits = struct.unpack_from("<HHIIHH", chunk)
    is_extensible = tag == _EXTENSIBLE and len(chunk) >= _EXTENSIBLE_BYTES
    if is_extensible:
        (tag,) = struct.unpack_from("<H", chunk, 24)
    encoding = _ENCODINGS.get((tag, bits))
    if encoding is None or not channels or frame_bytes != channels * encoding.sample_bytes:
        raise SourceError(
            "The WAV stream holds neither integers of 16, 24 or 32 bits nor floats of 32 or 64 bits: "
            f"{_CONVERT}."
        )
    if problem := refused_rate_or_channels(rate_hz, channels):
        raise SourceError(f"The WAV stream {problem}")
    size = _EXTENSIBLE_BYTES if is_extensible else _PLAIN_BYTES
    frames = None if data_bytes is None else data_bytes // frame_bytes
    return WavFormat(rate_hz, channels, encoding, chunk[:size], frames)
