"""The sound of one take, mono and at one rate: files that follow each other and parallel ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
import soxr
from numpy.typing import NDArray

from engine.core.timebase import convert_samples
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead
from engine.sound.convert_rate import REACH_SAMPLES, converted
from engine.sound.reader import SourceReader

Floats = NDArray[np.float32]

_MOST_AT_A_TIME = 4
"""Parallel files that are mixed; more of them cost time and add little."""
_BLOCK_SAMPLES = 1 << 18
_CONVERTED_BLOCK = 1 << 16


@dataclass(slots=True)
class _File:
    """An open file, and its place in the take at the common rate."""

    reader: SourceReader
    start_samples: int
    length_samples: int


class TakeSound:
    """Random access to the sound of a take, folded to mono; a context manager, for one thread at a time.

    Parameters
    ----------
    media : the file to read instead of one of `heads`, such as its decoded copy
    rate_hz : of the samples that are returned

    Raises
    ------
    SourceError : a file cannot be read
    """

    def __init__(
        self, take: Take, heads: Sequence[FileHead], rate_hz: int, media: Mapping[Path, Path] | None = None
    ) -> None:
        self.rate_hz = rate_hz
        self._files: list[_File] = []
        with ExitStack() as opened:
            for index, start in _few_at_a_time(take):
                path = heads[index].path
                reader = opened.enter_context(SourceReader((media or {}).get(path, path)))
                length = convert_samples(reader.frames, reader.rate_hz, rate_hz)
                self._files.append(
                    _File(reader, convert_samples(start, take.rate_hz or rate_hz, rate_hz), length)
                )
            self._opened = opened.pop_all()
        self.length_samples = max(file.start_samples + file.length_samples for file in self._files)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def read(self, start: int, stop: int) -> Floats:
        """Return the samples [start, stop), shape (stop - start,); zeros outside of the take."""
        mixed = np.zeros(stop - start, np.float32)
        for file in self._files:
            first, last = max(start, file.start_samples), min(stop, file.start_samples + file.length_samples)
            if first < last:
                mixed[first - start : last - start] += _converted_span(
                    file.reader, first - file.start_samples, last - file.start_samples, self.rate_hz
                )
        return mixed

    def blocks(self) -> Iterator[Floats]:
        """Yield all of its samples in order."""
        streams = [(file, _Stream(file.reader, self.rate_hz, file.length_samples)) for file in self._files]
        for start in range(0, self.length_samples, _BLOCK_SAMPLES):
            stop = min(start + _BLOCK_SAMPLES, self.length_samples)
            mixed = np.zeros(stop - start, np.float32)
            for file, stream in streams:
                first = max(start, file.start_samples)
                piece = stream.take(stop - first) if first < stop else np.zeros(0, np.float32)
                mixed[first - start : first - start + len(piece)] += piece
            yield mixed


class _Stream:
    """A file read once, mono and at another rate, in pieces of any length."""

    def __init__(self, reader: SourceReader, rate_hz: int, length_samples: int) -> None:
        mono = (block.mean(axis=1, keepdims=True) for block in reader.blocks(_CONVERTED_BLOCK))
        self._blocks = converted(mono, reader.rate_hz, rate_hz, channels=1)
        self._rest = np.zeros(0, np.float32)
        self._left = length_samples

    def take(self, count: int) -> Floats:
        """Return the next samples, fewer at the end."""
        count = min(count, self._left)
        pieces, has = [self._rest], len(self._rest)
        while has < count:
            block = next(self._blocks, None)
            if block is None:
                break
            pieces.append(block[:, 0])
            has += len(block)
        whole = np.concatenate(pieces)
        self._rest = whole[count:]
        self._left -= min(count, len(whole))
        return whole[:count]


def _few_at_a_time(take: Take) -> Iterator[tuple[int, int]]:
    """Yield files with their starts, up to `_MOST_AT_A_TIME` of those that begin together."""
    begun: dict[int, int] = {}
    for index, start in zip(take.files, take.starts_samples, strict=True):
        begun[start] = begun.get(start, 0) + 1
        if begun[start] <= _MOST_AT_A_TIME:
            yield index, start


def _converted_span(reader: SourceReader, start: int, stop: int, rate_hz: int) -> Floats:
    """Return a span of a file, mono, counted and sampled at another rate."""
    own_hz = reader.rate_hz
    if own_hz == rate_hz:
        mono: Floats = reader.read(start, stop).mean(axis=1)
        return mono
    divisor = int(np.gcd(own_hz, rate_hz))
    unit, own_unit = rate_hz // divisor, own_hz // divisor  # so many samples of each last equally long
    first = (start // unit) * unit - unit * -(-REACH_SAMPLES * 4 // min(unit, own_unit))
    own_first = first // unit * own_unit
    own_stop = -(-(stop - first) * own_unit // unit) + own_first + 4 * REACH_SAMPLES
    heard = reader.read(own_first, own_stop).mean(axis=1)
    resampled = soxr.resample(heard, own_hz, rate_hz, quality="VHQ")
    piece = resampled[start - first : stop - first]
    out = np.zeros(stop - start, np.float32)
    out[: len(piece)] = piece
    return out
