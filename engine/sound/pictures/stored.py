"""Files of pictures in the cache folder, so that a document opens without reading its audio.

A file is a fixed head and then the levels of a picture, little-endian. The head is written last, with a
checksum of the levels. Damaged or foreign files and those of another version are ignored, and made again.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.core.files.places import cache_file
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import check_room, replacing

Shapes = Sequence[tuple[int, ...]]
Levels = tuple[NDArray[Any], ...]

_CHECKED_BYTES = 1 << 18
_MAPPED_FROM_BYTES = 1 << 16
"""Smaller files are read: each mapped file stays open, and a process may open few."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """The form of the files of one sort of picture.

    Attributes
    ----------
    folder, suffix : of the files
    head : magic, version, and the numbers that describe a picture
    checksum_at : the index of the checksum among these numbers
    dtype : of the levels
    """

    folder: str
    suffix: str
    magic: bytes
    version: int
    head: struct.Struct
    checksum_at: int
    dtype: str

    def path(self, *names: object) -> Path:
        """Return the path of a picture: the names are those of its source and settings."""
        return cache_file(self.folder, f"{'-'.join(map(str, names))}-v{self.version}.{self.suffix}")

    @contextmanager
    def written(self, path: Path, shapes: Shapes) -> Iterator[BinaryIO]:
        """Give a file with room for levels of these shapes; it takes its place in the cache at the end.

        Raises
        ------
        ExportError : the cache folder cannot take it, or the disk is full
        """
        size_bytes = self.head.size + self._levels_bytes(shapes)
        check_room(path.parent, size_bytes)
        with (
            replacing(path, overwrite=True, is_own_name=True, has_checksum=True) as part,
            part.open("r+b") as stream,
        ):
            stream.truncate(size_bytes)
            yield stream

    def complete(self, stream: BinaryIO, *numbers: int) -> None:
        """Write the head of a file whose levels are written; `numbers` are all but the checksum."""
        stream.seek(self.head.size)
        checksum, at = _checksum(stream), self.checksum_at
        stream.seek(0)
        stream.write(self.head.pack(self.magic, self.version, *numbers[:at], checksum, *numbers[at:]))

    def load(self, path: Path, shapes_of: Callable[[list[int]], Shapes]) -> tuple[list[int], Levels] | None:
        """Return the numbers of a file without the checksum, and its levels; None if missing or unusable.

        Large files are memory-mapped.

        Parameters
        ----------
        shapes_of : the shapes of the levels by the numbers
        """
        with suppress(OSError, struct.error, ValueError), open_regular(path, follow_symlinks=False) as stream:
            magic, version, *numbers = self.head.unpack(stream.read(self.head.size))
            if (magic, version) != (self.magic, self.version):
                return None
            checksum, shapes = numbers.pop(self.checksum_at), shapes_of(numbers)
            levels_bytes = self._levels_bytes(shapes)
            if os.fstat(stream.fileno()).st_size != self.head.size + levels_bytes:
                return None
            if levels_bytes < _MAPPED_FROM_BYTES:
                content = stream.read()
                if zlib.crc32(content) == checksum:
                    return numbers, _parted(np.frombuffer(content, self.dtype), shapes)
            elif _checksum(stream) == checksum:
                return numbers, self.mapped(stream, shapes)
        return None

    def mapped(self, stream: BinaryIO, shapes: Shapes) -> Levels:
        """Return the levels of an open file, memory-mapped."""
        size = sum(map(prod, shapes))
        values = np.memmap(stream, self.dtype, "r", offset=self.head.size, shape=(size,))
        return _parted(np.asarray(values), shapes)

    def _levels_bytes(self, shapes: Shapes) -> int:
        return sum(map(prod, shapes)) * np.dtype(self.dtype).itemsize


def _parted(values: NDArray[Any], shapes: Shapes) -> Levels:
    pieces = np.split(values, np.cumsum([prod(shape) for shape in shapes])[:-1])
    return tuple(piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True))


def _checksum(stream: BinaryIO) -> int:
    """Return the checksum of the rest of a file; it is read in blocks, since through a map all would stay."""
    checksum, block = 0, memoryview(bytearray(_CHECKED_BYTES))
    while count := stream.readinto(block):  # type: ignore[attr-defined]
        checksum = zlib.crc32(block[:count], checksum)
    return checksum
