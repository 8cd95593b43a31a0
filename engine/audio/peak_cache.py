"""Keep peaks in the cache folder, memory-mapped, so that a document opens without reading its audio.

A file is a fixed head and then the levels, each float32 of shape (3, channels, n), little-endian. What is
damaged, foreign or of another version is ignored and built again.
"""

from __future__ import annotations

import dataclasses
import struct
import zlib
from pathlib import Path

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
    levels = b"".join(np.ascontiguousarray(level, "<f4").tobytes() for level in pyramid.levels)
    head = _HEAD.pack(
        _MAGIC,
        _VERSION,
        pyramid.rate_hz,
        pyramid.channels,
        zlib.crc32(levels),
        pyramid.frames,
        pyramid.bad_samples,
    )
    with replacing(_cache_path(content_hash, pyramid.rate_hz), overwrite=True) as part:
        part.write_bytes(head + levels)


def load_peaks(content_hash: str, rate_hz: int) -> PeakPyramid | None:
    """Return kept peaks, their levels memory-mapped, or None where there are none that can be used."""
    path = _cache_path(content_hash, rate_hz)
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD.size)
        magic, version, found_hz, channels, checksum, frames, bad_samples = _HEAD.unpack(head)
        if (magic, version, found_hz) != (_MAGIC, _VERSION, rate_hz):
            return None
        lengths = level_lengths(frames)
        size = 3 * channels * sum(lengths)
        if path.stat().st_size != _HEAD.size + 4 * size:
            return None
        values = np.memmap(path, "<f4", "r", offset=_HEAD.size, shape=(size,))
    except (OSError, struct.error, ValueError):
        return None
    if zlib.crc32(values.data) != checksum:
        return None
    ends = np.cumsum([3 * channels * length for length in lengths])
    levels = tuple(
        np.asarray(values[end - 3 * channels * length : end]).reshape(3, channels, length)
        for end, length in zip(ends, lengths, strict=True)
    )
    return PeakPyramid(levels, rate_hz, channels, frames, bad_samples)


def _cache_path(content_hash: str, rate_hz: int) -> Path:
    return cache_folder("peaks") / f"{content_hash}-{rate_hz}-v{_VERSION}.peaks"


def _bad_samples(source: Source) -> int:
    if source.subtype not in ("FLOAT", "DOUBLE"):
        return 0
    with SourceReader(Path(source.path)) as reader:
        for _ in reader.blocks(_SCAN_FRAMES):
            pass
        return reader.bad_samples
