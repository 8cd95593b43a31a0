"""Samples of 24 bits in a WAV file, converted by numpy: libsndfile takes five times as long."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.sound.file_part import Stated, sample_chunk

_BYTES = 3
_AT_ONCE = 1 << 14  # numbers and bytes stay in the first two caches
_UPPER_BYTES = np.int32(-256)
_SCALE = np.float32(2.0**-31)


class Pcm24File:
    """The samples of an open file; used by one thread at a time.

    Parameters
    ----------
    start : of the samples in the file, in bytes
    """

    def __init__(self, path: Path, start: int, channels: int) -> None:
        self._stream = path.open("rb", buffering=0)
        self._start, self._channels = start, channels
        self._held = bytearray(1 + _BYTES * _AT_ONCE)
        self._numbers = np.empty(_AT_ONCE, np.int32)

    @classmethod
    def of(cls, path: Path, frames: int, channels: int) -> Self | None:
        """Open a file; None if its samples are not in three bytes each, the lowest first.

        Parameters
        ----------
        frames : as libsndfile counts them, which shows how many bytes a sample has

        Raises
        ------
        OSError : the file cannot be read
        """
        found = sample_chunk(path)
        if found is None or found.stated is not Stated.RIGHT or found.head:
            return None
        with path.open("rb") as stream:
            is_little = stream.read(4) in (b"RIFF", b"RF64")
        whole = min(found.promised_bytes, found.present_bytes) // (_BYTES * channels)
        return cls(path, found.start, channels) if is_little and whole == frames else None

    def read(self, first: int, out: NDArray[np.float32]) -> int:
        """Fill an array, shape (n, channels), from a frame on; return how many frames the file has of it."""
        samples, done = out.reshape(-1), 0
        self._stream.seek(self._start + _BYTES * self._channels * first)
        while done < len(samples):
            wanted = min(_AT_ONCE, len(samples) - done)
            count = self._stream.readinto(memoryview(self._held)[1 : 1 + _BYTES * wanted]) // _BYTES
            # Each number begins with the last byte of the one before, which is masked.
            stored: NDArray[Any] = np.ndarray((count,), "<i4", self._held, 0, (_BYTES,))
            numbers = np.bitwise_and(stored, _UPPER_BYTES, out=self._numbers[:count])
            np.multiply(numbers, _SCALE, samples[done : done + count], dtype=np.float32, casting="unsafe")
            done += count
            if count < wanted:
                break
        return done // self._channels

    def close(self) -> None:
        """Close the file."""
        self._stream.close()
