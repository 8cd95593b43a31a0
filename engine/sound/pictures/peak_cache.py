"""Peaks of sources, from the cache or built into it.

Channels of one file are built together, with one reading of it. The peaks of a source that is converted are
built while its copy is written.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import groupby
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples
from engine.document.tracks import Source, source_length_samples
from engine.sound.conform import conform, found_conformed
from engine.sound.opening import address_of
from engine.sound.pictures.peaks import BlockReducer, PeakPyramid, level_lengths, peak_chunks
from engine.sound.pictures.stored import PictureFile
from engine.sound.reader import SourceReader

# the numbers: rate_hz, channels, checksum, frames, bad samples, place of the first
_FILE = PictureFile("peaks", "peaks", b"OFFCUTPK", 2, struct.Struct("<8sIIIIQQq"), 2, "<f4")
_SCAN_FRAMES = 1 << 16


def source_peaks(source: Source, rate_hz: int, progress: Progress = SILENT) -> PeakPyramid:
    """Return the peaks of a source at the document's rate: from the cache, or built and stored there.

    Raises
    ------
    SourceError, ExportError, Cancelled : see `conformed_path` and `build_peaks`
    """
    if (cached := load_peaks(source.content_hash, rate_hz)) is not None:
        return cached
    path = found_conformed(source, rate_hz)
    if path is None:
        return _store_while_conforming(source, rate_hz, progress)
    with SourceReader(path) as reader:
        # A conformed copy holds zeros where the source held NaN; the message is about the source.
        conformed_from = None if path == Path(source.path) else source
        return store_peaks(reader, source.content_hash, progress, conformed_from)


def read_together(sources: Iterable[Source], rate_hz: int) -> list[list[Source]]:
    """Group consecutive sources by the files that are read for their peaks.

    Channels of one file are a group where the file has the document's rate; any other source is alone.
    """

    def file(source: Source) -> tuple[Path, str]:
        path = Path(source.path)
        alone = not address_of(path).channel or source.rate_hz != rate_hz
        return address_of(path).file, source.id if alone else ""

    return [list(group) for _file, group in groupby(sources, file)]


def store_channels(
    sources: Sequence[Source], rate_hz: int, progress: Progress = SILENT
) -> dict[str, PeakPyramid]:
    """Build the missing peaks of a group of `read_together` with one reading of the file.

    Invalid samples are counted for each channel alone, so a file that has any is left to `source_peaks`, and
    so is a file that cannot be read.

    Returns
    -------
    stored : the peaks that were stored before, by source id

    Raises
    ------
    ExportError : the cache folder cannot take the peaks, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    if len(sources) < 2:
        return {}
    found = ((source.id, load_peaks(source.content_hash, rate_hz)) for source in sources)
    stored = {key: peaks for key, peaks in found if peaks is not None}
    missing = [source for source in sources if source.id not in stored]
    if len(missing) < 2:
        return stored
    rows = [address_of(Path(source.path)).channel - 1 for source in missing]
    with suppress(SourceError), ExitStack() as stack:
        reader = stack.enter_context(SourceReader(address_of(Path(missing[0].path)).file))
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
    return stored


def store_peaks(
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
    return _stored(content_hash, reader.rate_hz)


def _store_while_conforming(source: Source, rate_hz: int, progress: Progress) -> PeakPyramid:
    """Build the peaks of a source from the blocks of its conformed copy while that is written."""
    frames = source_length_samples(source, rate_hz)
    with _peak_file(source.content_hash, frames, rate_hz, source.channels) as file:
        reducer = BlockReducer(frames, source.channels, file.add)
        conform(source, rate_hz, progress, reducer.add)
        file.complete(*_bad_samples(source, rate_hz))
    return _stored(source.content_hash, rate_hz)


def _stored(content_hash: str, rate_hz: int) -> PeakPyramid:
    stored = load_peaks(content_hash, rate_hz)
    assert stored is not None, "what was just written whole can be read"
    return stored


class _PeakFile:
    """The file while it is written; its head comes last."""

    def __init__(self, stream: BinaryIO, frames: int, rate_hz: int, channels: int) -> None:
        self._stream, self._form = stream, (rate_hz, channels, frames)
        self._lengths = level_lengths(frames)
        self._done = [0] * len(self._lengths)

    def add(self, chunk: tuple[NDArray[np.float32], ...]) -> None:
        """Write the next piece, see `peak_chunks`."""
        channels, place = self._form[1], _FILE.head.size
        for number, piece in enumerate(chunk):
            for row, columns in enumerate(piece.reshape(3 * channels, -1)):
                self._stream.seek(place + 4 * (row * self._lengths[number] + self._done[number]))
                self._stream.write(np.ascontiguousarray(columns, "<f4").data)
            self._done[number] += piece.shape[2]
            place += 4 * 3 * channels * self._lengths[number]

    def complete(self, bad_samples: int, first_bad_samples: int) -> None:
        """Write the head."""
        _FILE.complete(self._stream, *self._form, bad_samples, first_bad_samples)


@contextmanager
def _peak_file(content_hash: str, frames: int, rate_hz: int, channels: int) -> Iterator[_PeakFile]:
    """Give a file for peaks; it takes its place in the cache at the end."""
    with _FILE.written(_FILE.path(content_hash, rate_hz), _shapes(frames, channels)) as stream:
        yield _PeakFile(stream, frames, rate_hz, channels)


def load_peaks(content_hash: str, rate_hz: int) -> PeakPyramid | None:
    """Return stored peaks, or None if missing or unusable; large ones are memory-mapped."""
    found = _FILE.load(_FILE.path(content_hash, rate_hz), lambda numbers: _shapes(numbers[2], numbers[1]))
    if found is None or found[0][0] != rate_hz:
        return None
    (_, channels, frames, *bad), levels = found
    return PeakPyramid(levels, rate_hz, channels, frames, *bad)


def _shapes(frames: int, channels: int) -> list[tuple[int, ...]]:
    return [(3, channels, length) for length in level_lengths(frames)]


def _bad_samples(read: SourceReader | Source, rate_hz: int) -> tuple[int, int]:
    """Return the number of invalid samples of a fully read file, and the position of the first."""
    if isinstance(read, SourceReader):
        return read.bad_samples, read.first_bad_samples
    if read.subtype not in ("FLOAT", "DOUBLE") and read.container != "FLAC":
        return 0, -1
    with SourceReader(Path(read.path)) as reader:
        for _ in reader.blocks(_SCAN_FRAMES):
            pass
        first = convert_samples(max(0, reader.first_bad_samples), reader.rate_hz, rate_hz)
        return reader.bad_samples, first if reader.bad_samples else -1
