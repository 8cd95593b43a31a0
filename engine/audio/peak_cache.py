"""Keep peaks in the cache folder, memory-mapped, so that a document opens without reading its audio.

A file is a fixed head and then the levels, each float32 of shape (3, channels, n), little-endian. What is
damaged, foreign or of another version is ignored and built again.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from engine.audio.conform import conformed_path
from engine.audio.peaks import PeakPyramid, build_peaks, level_lengths
from engine.audio.reader import SourceReader
from engine.document.track import Source
from engine.places import cache_folder
from engine.progress import SILENT, Progress
from engine.safe_write import replacing

_VERSION = 1
_MAGIC = b"OFFCUTPK"
# magic, version, rate_hz, channels, checksum of the levels, frames, bad samples
_HEAD = struct.Struct("<8sIIIIQQ")
_SCAN_FRAMES = 1 << 16
_CHECKED_BYTES = 1 << 18


def source_peaks(source: Source, rate_hz: int, progress: Progress = SILENT) -> PeakPyramid:
    """Return the peaks of a source at the document's rate: from the cache, or built and kept there.

    Raises
    ------
    SourceError, ExportError, Cancelled : see `conformed_path` and `build_peaks`
    """
    cached = load_peaks(source.content_hash, rate_hz)
    if cached is not None:
        return cached
    path = conformed_path(source, rate_hz, progress.part(0.0, 0.8))
    started = 0.0 if path == Path(source.path) else 0.8
    pyramid = build_peaks(path, progress.part(started, 1.0))
    if path != Path(source.path):
        # The conformed copy holds zeros where the source held NaN; the user is told what the source held.
        pyramid = dataclasses.replace(pyramid, bad_samples=_bad_samples(source))
    save_peaks(pyramid, source.content_hash)
    return pyramid


def save_peaks(pyramid: PeakPyramid, content_hash: str) -> None:
    """Keep peaks under the hash of their source and their rate.

    Raises
    ------
    ExportError : the cache folder cannot take the file, or the disk is full
    """
    levels = [np.ascontiguousarray(level, "<f4") for level in pyramid.levels]
    checksum = 0
    for level in levels:
        checksum = zlib.crc32(level.data, checksum)
    head = _HEAD.pack(
        _MAGIC,
        _VERSION,
        pyramid.rate_hz,
        pyramid.channels,
        checksum,
        pyramid.frames,
        pyramid.bad_samples,
    )
    target = _cache_path(content_hash, pyramid.rate_hz)
    with replacing(target, overwrite=True) as part, part.open("wb") as stream:
        stream.write(head)
        for level in levels:
            stream.write(level.data)


def load_peaks(content_hash: str, rate_hz: int) -> PeakPyramid | None:
    """Return kept peaks, their levels memory-mapped, or None where there are none that can be used."""
    path = _cache_path(content_hash, rate_hz)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD.size)
            found_checksum = _checksum(stream)
        magic, version, found_hz, channels, checksum, frames, bad_samples = _HEAD.unpack(head)
        if (magic, version, found_hz) != (_MAGIC, _VERSION, rate_hz):
            return None
        lengths = level_lengths(frames)
        size = 3 * channels * sum(lengths)
        if path.stat().st_size != _HEAD.size + 4 * size or found_checksum != checksum:
            return None
        values = np.memmap(path, "<f4", "r", offset=_HEAD.size, shape=(size,))
    except (OSError, struct.error, ValueError):
        return None
    ends = np.cumsum([3 * channels * length for length in lengths])
    levels = tuple(
        np.asarray(values[end - 3 * channels * length : end]).reshape(3, channels, length)
        for end, length in zip(ends, lengths, strict=True)
    )
    return PeakPyramid(levels, rate_hz, channels, frames, bad_samples)


def _checksum(stream: BinaryIO) -> int:
    """Return the checksum of the rest of a file; it is read in blocks, since through a map all would stay."""
    checksum, block = 0, memoryview(bytearray(_CHECKED_BYTES))
    while count := stream.readinto(block):  # type: ignore[attr-defined]
        checksum = zlib.crc32(block[:count], checksum)
    return checksum


def _cache_path(content_hash: str, rate_hz: int) -> Path:
    return cache_folder("peaks") / f"{content_hash}-{rate_hz}-v{_VERSION}.peaks"


def _bad_samples(source: Source) -> int:
    if source.subtype not in ("FLOAT", "DOUBLE"):
        return 0
    with SourceReader(Path(source.path)) as reader:
        for _ in reader.blocks(_SCAN_FRAMES):
            pass
        return reader.bad_samples
