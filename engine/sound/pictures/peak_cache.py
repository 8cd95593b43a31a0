"""Store peaks in the cache folder, memory-mapped, so that a document opens without reading its audio.

A file is a fixed header and then the levels, each float32 of shape (3, channels, n), little-endian. Damaged
or foreign files and those of another version are ignored and built again.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.files.places import cache_file
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import check_room, replacing
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples
from engine.document.tracks import Source, source_length_samples
from engine.sound.conform import conform, found_conformed
from engine.sound.decoders.decoder import channel_of, file_and_track
from engine.sound.pictures.peaks import BlockReducer, PeakPyramid, level_lengths, peak_chunks
from engine.sound.reader import SourceReader

_VERSION = 2
_MAGIC = b"OFFCUTPK"
# magic, version, rate_hz, channels, checksum of the levels, frames, bad samples, place of the first
_HEAD = struct.Struct("<8sIIIIQQq")
_SCAN_FRAMES = 1 << 16
_CHECKED_BYTES = 1 << 18
_MAPPED_FROM_BYTES = 1 << 16
"""Smaller files are read: each mapped file stays open, and a process may open few."""


def source_peaks(source: Source, rate_hz: int, progress: Progress = SILENT) -> PeakPyramid:
    """Return the peaks of a source at the document's rate: from the cache, or built and stored there.

    Raises
    ------
    SourceError, ExportError, Cancelled : see `conformed_path` and `build_peaks`
    """
    cached = load_peaks(source.content_hash, rate_hz)
    if cached is not None:
        return cached
    path = found_conformed(source, rate_hz)
    if path is None:
        return _keep_while_conforming(source, rate_hz, progress)
    with SourceReader(path) as reader:
        # A conformed copy holds zeros where the source held NaN; the user is told what the source held.
        conformed_from = None if path == Path(source.path) else source
        return keep_peaks(reader, source.content_hash, progress, conformed_from)


def read_together(sources: Iterable[Source], rate_hz: int) -> list[list[Source]]:
    """Group consecutive sources by the files that are read for their peaks.

    Channels of one file are a group where the file has the document's rate; any other source is alone.
    """

    def file(source: Source) -> tuple[Path, str]:
        path = Path(source.path)
        alone = not channel_of(path) or source.rate_hz != rate_hz
        return file_and_track(path)[0], source.id if alone else ""

    return [list(group) for _file, group in groupby(sources, file)]


def keep_channels(sources: Sequence[Source], rate_hz: int, progress: Progress = SILENT) -> None:
    """Build the missing peaks of a group of `read_together` with one reading of the file.

    Invalid samples are counted for each channel alone, so a file that has any is left to `source_peaks`, and
    so is a file that cannot be read.

    Raises
    ------
    ExportError : the cache folder cannot take the peaks, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    missing = [source for source in sources if load_peaks(source.content_hash, rate_hz) is None]
    if len(missing) < 2:
        return
    rows = [channel_of(Path(source.path)) - 1 for source in missing]
    with suppress(SourceError), ExitStack() as stack:
        reader = stack.enter_context(SourceReader(file_and_track(Path(missing[0].path))[0]))
        files = [
            stack.enter_context(_peak_file(source.content_hash, reader.frames, rate_hz, 1))
            for source in missing
        ]
        for chunk in peak_chunks(reader, progress):
            for row, file in zip(rows, files, strict=True):
                file.add(tuple(level[:, row : row + 1] for level in chunk))
        if reader.bad_samples:
            raise SourceError(reader.left_out)
        for file in files:
            file.complete(0, -1)


def keep_peaks(
    reader: SourceReader,
    content_hash: str,
    progress: Progress = SILENT,
    conformed_from: Source | None = None,
) -> PeakPyramid:
    """Build the peaks of an open file into the cache, piece by piece, and return them memory-mapped.

    Parameters
    ----------
    conformed_from : the source whose copy at another rate the file is

    Raises
    ------
    SourceError : the file cannot be read
    ExportError : the cache folder cannot take the peaks, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    with _peak_file(content_hash, reader.frames, reader.rate_hz, reader.channels) as file:
        for chunk in peak_chunks(reader, progress):
            file.add(chunk)
        file.complete(*_bad_samples(reader if conformed_from is None else conformed_from, reader.rate_hz))
    return _kept(content_hash, reader.rate_hz)


def _keep_while_conforming(source: Source, rate_hz: int, progress: Progress) -> PeakPyramid:
    """Build the peaks of a source from the blocks of its conformed copy while that is written."""
    frames = source_length_samples(source, rate_hz)
    with _peak_file(source.content_hash, frames, rate_hz, source.channels) as file:
        reducer = BlockReducer(frames, source.channels, file.add)
        conform(source, rate_hz, progress, reducer.add)
        file.complete(*_bad_samples(source, rate_hz))
    return _kept(source.content_hash, rate_hz)


def _kept(content_hash: str, rate_hz: int) -> PeakPyramid:
    kept = load_peaks(content_hash, rate_hz)
    assert kept is not None, "what was just written whole can be read"
    return kept


class _PeakFile:
    """The file while it is written; its head comes last."""

    def __init__(self, stream: BinaryIO, frames: int, rate_hz: int, channels: int) -> None:
        self._stream, self._form = stream, (rate_hz, channels, frames)
        self._lengths = level_lengths(frames)
        self._done = [0] * len(self._lengths)
        stream.truncate(_size_bytes(frames, channels))

    def add(self, chunk: tuple[NDArray[np.float32], ...]) -> None:
        """Write the next piece, see `peak_chunks`."""
        channels, place = self._form[1], _HEAD.size
        for number, piece in enumerate(chunk):
            for row, columns in enumerate(piece.reshape(3 * channels, -1)):
                self._stream.seek(place + 4 * (row * self._lengths[number] + self._done[number]))
                self._stream.write(np.ascontiguousarray(columns, "<f4").data)
            self._done[number] += piece.shape[2]
            place += 4 * 3 * channels * self._lengths[number]

    def complete(self, bad_samples: int, first_bad_samples: int) -> None:
        """Write the head."""
        rate_hz, channels, frames = self._form
        self._stream.seek(_HEAD.size)
        checksum = _checksum(self._stream)
        self._stream.seek(0)
        head = (_MAGIC, _VERSION, rate_hz, channels, checksum, frames, bad_samples, first_bad_samples)
        self._stream.write(_HEAD.pack(*head))


@contextmanager
def _peak_file(content_hash: str, frames: int, rate_hz: int, channels: int) -> Iterator[_PeakFile]:
    """Give a file for peaks; it takes its place in the cache at the end."""
    target = _cache_path(content_hash, rate_hz)
    check_room(target.parent, _size_bytes(frames, channels))
    with (
        replacing(target, overwrite=True, is_own_name=True, has_checksum=True) as part,
        part.open("r+b") as stream,
    ):
        yield _PeakFile(stream, frames, rate_hz, channels)


def _size_bytes(frames: int, channels: int) -> int:
    return _HEAD.size + 4 * 3 * channels * sum(level_lengths(frames))


def load_peaks(content_hash: str, rate_hz: int) -> PeakPyramid | None:
    """Return stored peaks, or None if missing or unusable; large ones are memory-mapped."""
    path = _cache_path(content_hash, rate_hz)
    try:
        with open_regular(path, follow_symlinks=False) as stream:
            head = stream.read(_HEAD.size)
            magic, version, found_hz, channels, checksum, frames, *bad = _HEAD.unpack(head)
            if (magic, version, found_hz) != (_MAGIC, _VERSION, rate_hz):
                return None
            lengths = level_lengths(frames)
            size = 3 * channels * sum(lengths)
            if os.fstat(stream.fileno()).st_size != _HEAD.size + 4 * size:
                return None
            values = _checked_values(stream, size, checksum)
            if values is None:
                return None
    except (OSError, struct.error, ValueError):
        return None
    ends = np.cumsum([3 * channels * length for length in lengths])
    levels = tuple(
        np.asarray(values[end - 3 * channels * length : end]).reshape(3, channels, length)
        for end, length in zip(ends, lengths, strict=True)
    )
    return PeakPyramid(levels, rate_hz, channels, frames, *bad)


def _checked_values(stream: BinaryIO, size: int, checksum: int) -> NDArray[np.float32] | None:
    """Return all levels of an open file, shape (size,); None if the checksum differs."""
    if 4 * size < _MAPPED_FROM_BYTES:
        content = stream.read()
        whole = len(content) == 4 * size and zlib.crc32(content) == checksum
        return np.frombuffer(content, "<f4") if whole else None
    if _checksum(stream) != checksum:
        return None
    return np.memmap(stream, "<f4", "r", offset=_HEAD.size, shape=(size,))


def _checksum(stream: BinaryIO) -> int:
    """Return the checksum of the rest of a file; it is read in blocks, since through a map all would stay."""
    checksum, block = 0, memoryview(bytearray(_CHECKED_BYTES))
    while count := stream.readinto(block):  # type: ignore[attr-defined]
        checksum = zlib.crc32(block[:count], checksum)
    return checksum


def _cache_path(content_hash: str, rate_hz: int) -> Path:
    return cache_file("peaks", f"{content_hash}-{rate_hz}-v{_VERSION}.peaks")


def _bad_samples(heard: SourceReader | Source, rate_hz: int) -> tuple[int, int]:
    """Return the number of invalid samples of a fully read file, and the position of the first."""
    if isinstance(heard, SourceReader):
        return heard.bad_samples, heard.first_bad_samples
    if heard.subtype not in ("FLOAT", "DOUBLE") and heard.container != "FLAC":
        return 0, -1
    with SourceReader(Path(heard.path)) as reader:
        for _ in reader.blocks(_SCAN_FRAMES):
            pass
        first = convert_samples(max(0, reader.first_bad_samples), reader.rate_hz, rate_hz)
        return reader.bad_samples, first if reader.bad_samples else -1
