"""Store spectrograms in the cache folder, memory-mapped; each is computed once, the visible part first.

A file is a fixed header and then the levels, each uint8 of shape (channels, n, bands). Damaged or foreign
files and those of another version are ignored and made again. Memory stays flat: a block is written as soon
as it is made.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.core.files.disk_room import check_room
from engine.core.files.places import cache_file
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import replacing
from engine.core.progress import SILENT, Progress
from engine.sound.pictures.spectrogram import (
    BASE_SAMPLES,
    BLOCK_CELLS,
    Spectrogram,
    band_edges,
    block_cells,
    block_order,
    level_lengths,
)
from engine.sound.reader import SourceReader

_VERSION = 2
_MAGIC = b"OFFCUTSG"
# magic, version, rate_hz, channels, window, checksum of the levels, frames
_HEAD = struct.Struct("<8sIIIIIQ")
_CHECKED_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class SpectrogramRequest:
    """Which spectrogram is wanted.

    Attributes
    ----------
    media : file that holds the source at the document's rate
    content_hash : of the source
    window_samples : one of `WINDOWS_SAMPLES`
    first_samples : position from which it is made, since that is on screen
    """

    media: Path
    content_hash: str
    window_samples: int
    first_samples: int = 0


def source_spectrogram(
    request: SpectrogramRequest,
    begun: Callable[[Spectrogram], object] | None = None,
    progress: Progress = SILENT,
) -> Spectrogram:
    """Return the spectrogram of a source: from the cache, or made and stored there.

    Parameters
    ----------
    begun : gets a spectrogram that fills while it is made; called from the thread that makes it

    Raises
    ------
    SourceError : the file cannot be read
    ExportError : the cache folder cannot take it, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    with SourceReader(request.media) as reader:
        kept = load_spectrogram(request.content_hash, reader.rate_hz, request.window_samples)
        if kept is not None:
            return kept
        target = _path(request.content_hash, reader.rate_hz, request.window_samples)
        check_room(target.parent, sum(_sizes(reader.channels, request.window_samples, reader.frames)))
        with replacing(target, overwrite=True, is_own_name=True, has_checksum=True) as part:
            _write(part, reader, request, begun, progress)
    made = load_spectrogram(request.content_hash, reader.rate_hz, request.window_samples)
    assert made is not None, "what was just written whole can be read"
    return made


def load_spectrogram(content_hash: str, rate_hz: int, window_samples: int) -> Spectrogram | None:
    """Return a stored spectrogram, its levels memory-mapped, or None if missing or unusable."""
    path = _path(content_hash, rate_hz, window_samples)
    try:
        with open_regular(path, follow_symlinks=False) as stream:
            magic, version, found_hz, channels, window, checksum, frames = _HEAD.unpack(
                stream.read(_HEAD.size)
            )
            if (magic, version, found_hz, window) != (_MAGIC, _VERSION, rate_hz, window_samples):
                return None
            size = _HEAD.size + sum(_sizes(channels, window, frames))
            if os.fstat(stream.fileno()).st_size != size or _checksum(stream) != checksum:
                return None
            return _mapped(stream, rate_hz, channels, window, frames)
    except (OSError, struct.error, ValueError):
        return None


def _write(
    part: Path,
    reader: SourceReader,
    request: SpectrogramRequest,
    begun: Callable[[Spectrogram], object] | None,
    progress: Progress,
) -> None:
    """Write the file block by block; its head comes last."""
    channels, window, frames = reader.channels, request.window_samples, reader.frames
    sizes = _sizes(channels, window, frames)
    with part.open("r+b", buffering=0) as stream:
        stream.truncate(_HEAD.size + sum(sizes))
        # elsewhere a file that is mapped cannot take its name, so the picture comes when it is whole
        if begun is not None and os.name == "posix":
            begun(_mapped(part, reader.rate_hz, channels, window, frames))
        n_blocks = -(-frames // (BLOCK_CELLS * BASE_SAMPLES))
        for done, block in enumerate(block_order(frames, request.first_samples), start=1):
            progress.check_cancelled()
            _write_block(stream, reader, window, block)
            progress.report(done / n_blocks, "")
        stream.seek(_HEAD.size)
        checksum = _checksum(stream)
        stream.seek(0)
        stream.write(_HEAD.pack(_MAGIC, _VERSION, reader.rate_hz, channels, window, checksum, frames))


def _write_block(stream: BinaryIO, reader: SourceReader, window: int, block: int) -> None:
    place, per_block = _HEAD.size, BLOCK_CELLS
    for cells, length in zip(block_cells(reader, window, block), level_lengths(reader.frames), strict=True):
        channels, _, bands = cells.shape
        for channel in range(channels):
            stream.seek(place + (channel * length + block * per_block) * bands)
            stream.write(cells[channel].tobytes())
        place += channels * length * bands
        per_block //= 4


def _sizes(channels: int, window: int, frames: int) -> list[int]:
    bands = len(band_edges(window)) - 1
    return [channels * length * bands for length in level_lengths(frames)]


def _mapped(file: Path | BinaryIO, rate_hz: int, channels: int, window: int, frames: int) -> Spectrogram:
    sizes = _sizes(channels, window, frames)
    values = np.memmap(file, np.uint8, "r", offset=_HEAD.size, shape=(sum(sizes),))
    bands = len(band_edges(window)) - 1
    pieces = np.split(np.asarray(values), np.cumsum(sizes)[:-1])
    levels = tuple(piece.reshape(channels, -1, bands) for piece in pieces)
    return Spectrogram(levels, window, rate_hz, frames)


def _checksum(stream: BinaryIO) -> int:
    """Return the checksum of the rest of a stream."""
    checksum = 0
    while piece := stream.read(_CHECKED_BYTES):
        checksum = zlib.crc32(piece, checksum)
    return checksum


def _path(content_hash: str, rate_hz: int, window_samples: int) -> Path:
    return cache_file("spectrograms", f"{content_hash}-{rate_hz}-{window_samples}-v{_VERSION}.spectrogram")
