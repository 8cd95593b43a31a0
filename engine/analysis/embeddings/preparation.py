"""Embeddings of recordings: level, rate and windows of a stream, and their cache on disk.

A recording is embedded once and never again while nothing has changed. A file of the cache is a fixed head
and then the vectors, float32, little-endian. Its name encodes content and settings; damaged and foreign
files, and those of another version, are ignored. A file gets its name when it is complete, so that an
interrupted run resumes at its recording.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.registry import Embedder
from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.streams import mono_of, resampled
from engine.core.errors import SourceError
from engine.core.files.places import cache_folder
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples, s_to_samples
from engine.sound.reader import SourceReader, content_hash

PLAYING_LEVEL_DB = -20.0
"""The level that recordings are brought to before they are embedded: that of mixes, which embeddings know."""
_WINDOWS_AT_ONCE = 16
_VERSION = 1
_MAGIC = b"OFFCUTEM"
# magic, version, size of a vector, checksum of the vectors, their number
_HEAD = struct.Struct("<8sIIIQ")
_CHECKED_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Hearing:
    """Windowing settings; with the embedding they determine the vectors of a recording.

    Attributes
    ----------
    window_s, hop_s : length of a window, and distance between windows
    rate_hz : the rate that a recording is resampled to first, which limits its bandwidth
    """

    window_s: float = 10.0
    hop_s: float = 1.0
    rate_hz: int = 32_000


def embedded(
    blocks: Iterable[NDArray[np.float32]], level_db: float, hearing: Hearing, embedder: Embedder
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of one window after another, in batches of shape (n, size).

    Parameters
    ----------
    blocks : mono at `hearing.rate_hz`, each of shape (n,); too few to fill a window are repeated
    level_db : the level the stream is played at
    """
    levelled = at_playing_level(blocks, level_db)
    filled = repeated_to_fill(levelled, s_to_samples(hearing.window_s, hearing.rate_hz))
    stream = resampled(filled, hearing.rate_hz, embedder.rate_hz)
    return embedded_windows(stream, embedder, hearing.window_s, hearing.hop_s)


def at_playing_level(blocks: Iterable[NDArray[np.float32]], level_db: float) -> Iterator[NDArray[np.float32]]:
    """Bring a stream, in blocks of shape (n,), from the level it is played at to `PLAYING_LEVEL_DB`."""
    gain = np.float32(10.0 ** ((PLAYING_LEVEL_DB - level_db) / 20.0))
    return (block * gain for block in blocks)


def embedded_windows(
    blocks: Iterable[NDArray[np.float32]], embedder: Embedder, window_s: float, hop_s: float
) -> Iterator[NDArray[np.float32]]:
    """Yield the embeddings of a mono stream's windows, in blocks of shape (windows, embedder.size).

    Window i begins at i * hop_s; see `stream_windows` for how many there are. The embeddings are the same
    however the stream is cut into blocks, and memory does not grow with its length.

    Parameters
    ----------
    blocks : each of shape (n,), at `embedder.rate_hz`, levelled by `at_playing_level`
    """
    window_samples, hop_samples = (round(length * embedder.rate_hz) for length in (window_s, hop_s))
    for windows in stream_windows(blocks, window_samples, hop_samples):
        yield embedder.embed(windows)


def stream_windows(
    blocks: Iterable[NDArray[np.float32]], window_samples: int, hop_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Cut a stream into overlapping windows, in batches of shape (windows, window_samples).

    Windows follow until one reaches the end; that one is padded by reflection. A stream without samples has
    no window.

    Parameters
    ----------
    hop_samples : at most `window_samples`, so that every sample is in a window
    """
    held, whole = np.zeros(0, np.float32), window_samples + (_WINDOWS_AT_ONCE - 1) * hop_samples
    waiting: list[NDArray[np.float32]] = []
    waiting_samples = 0
    covered = 0  # samples at the start of what is held that are in a window already
    for block in blocks:
        waiting.append(block)
        waiting_samples += block.size
        if held.size + waiting_samples < whole:
            continue
        held = np.concatenate([held, *waiting])
        waiting, waiting_samples = [], 0
        while held.size >= whole:
            yield _cut(held, window_samples, hop_samples, _WINDOWS_AT_ONCE)
            held, covered = held[_WINDOWS_AT_ONCE * hop_samples :], window_samples - hop_samples
    held = np.concatenate([held, *waiting])
    if held.size > covered:
        count = 1 + max(0, -(-(held.size - window_samples) // hop_samples))
        missing = window_samples + (count - 1) * hop_samples - held.size
        yield _cut(np.pad(held, (0, missing), "reflect"), window_samples, hop_samples, count)


def _cut(
    stream: NDArray[np.float32], window_samples: int, hop_samples: int, count: int
) -> NDArray[np.float32]:
    views = np.lib.stride_tricks.sliding_window_view(stream, window_samples)
    return np.ascontiguousarray(views[: count * hop_samples : hop_samples])


def repeated_to_fill(
    blocks: Iterable[NDArray[np.float32]], least_samples: int
) -> Iterator[NDArray[np.float32]]:
    """Yield a stream from its beginning again until it is `least_samples` long; an empty one stays empty."""
    short: list[NDArray[np.float32]] = []
    samples = 0
    for block in blocks:
        if samples < least_samples:
            short.append(block)
        samples += block.size
        yield block
    if 0 < samples < least_samples:
        yield np.resize(np.concatenate(short), least_samples)[samples:]


def entry_path(folder: Path, content_hash: str, embedder: Embedder, hearing: Hearing) -> Path:
    """Return the cache path of the vectors of a recording; it depends on all settings that change them."""
    made_by = {"embedder": embedder.name, "level_db": PLAYING_LEVEL_DB, **asdict(hearing)}
    key = blake2b(json.dumps(made_by, sort_keys=True).encode(), digest_size=8).hexdigest()
    return folder / f"{content_hash}-{key}.embeddings"


def store_vectors(path: Path, batches: Iterable[NDArray[np.float32]], size: int) -> None:
    """Write vectors, in batches of shape (n, size), as they come; the head goes in last.

    Raises
    ------
    ExportError : the folder cannot take them, or the disk is full
    """
    with (
        replacing(path, overwrite=True, is_own_name=True, has_checksum=True) as part,
        part.open("r+b") as stream,
    ):
        stream.seek(_HEAD.size)
        checksum, count = 0, 0
        for batch in batches:
            content = np.ascontiguousarray(batch, "<f4").tobytes()
            checksum, count = zlib.crc32(content, checksum), count + len(batch)
            stream.write(content)
        stream.seek(0)
        stream.write(_HEAD.pack(_MAGIC, _VERSION, size, checksum, count))


def load_vectors(path: Path, size: int) -> NDArray[np.float32] | None:
    """Return cached vectors, shape (n, size), memory-mapped, or None without a valid entry."""
    try:
        with open_regular(path, follow_symlinks=False) as stream:
            magic, version, found_size, checksum, count = _HEAD.unpack(stream.read(_HEAD.size))
            expected = (_MAGIC, _VERSION, size, _HEAD.size + 4 * size * count)
            if (magic, version, found_size, os.fstat(stream.fileno()).st_size) != expected:
                return None
            found = 0
            while content := stream.read(_CHECKED_BYTES):
                found = zlib.crc32(content, found)
            if found != checksum:
                return None
            if not count:
                return np.zeros((0, size), np.float32)
            return np.memmap(stream, "<f4", "r", offset=_HEAD.size, shape=(count, size))
    except (OSError, struct.error, ValueError):
        return None


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """The vectors of a recording.

    Attributes
    ----------
    vectors : float32, shape (n, size), memory-mapped
    was_kept : they were there already
    """

    path: Path
    vectors: NDArray[np.float32]
    was_kept: bool


@dataclass(frozen=True, slots=True)
class NotPrepared:
    """A recording that could not be embedded, and why, in one sentence."""

    path: Path
    sentence: str


def default_folder() -> Path:
    """Return the part of the user's cache folder that holds embeddings."""
    return cache_folder("embeddings")


def prepare(
    path: Path, embedder: Embedder, hearing: Hearing, folder: Path, progress: Progress = SILENT
) -> Prepared:
    """Return the embeddings of a recording, from the cache or computed and cached.

    Memory does not grow with its length.

    Parameters
    ----------
    folder : of the cache

    Raises
    ------
    SourceError : it cannot be read
    ExportError : the folder cannot take the vectors, or the disk is full
    Cancelled : the user cancelled; nothing of this recording is left
    """
    entry = entry_path(folder, content_hash(path), embedder, hearing)
    stored = load_vectors(entry, embedder.size)
    if stored is not None:
        return Prepared(path, stored, was_kept=True)

    def reporting(blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        total_samples, done_samples = convert_samples(reader.frames, reader.rate_hz, hearing.rate_hz), 0
        for block in blocks:
            progress.check_cancelled()
            done_samples += block.size
            progress.report(done_samples / max(1, total_samples), f"Embedding {shown(reader.path.name)}")
            yield block

    with SourceReader(path) as reader, few_threads():
        level_db = level_of(mono_of(reader, reader.rate_hz))
        blocks = reporting(mono_of(reader, hearing.rate_hz))
        store_vectors(entry, embedded(blocks, level_db, hearing, embedder), embedder.size)
    made = load_vectors(entry, embedder.size)
    assert made is not None, "what was just written whole can be read"
    return Prepared(path, made, was_kept=False)


def prepare_all(
    paths: Iterable[Path], embedder: Embedder, hearing: Hearing, folder: Path, progress: Progress = SILENT
) -> Iterator[Prepared | NotPrepared]:
    """Prepare one recording after the other; one that cannot be read does not stop the rest.

    Raises
    ------
    ExportError : the folder cannot take the vectors, or the disk is full
    """
    for path in paths:
        try:
            yield prepare(path, embedder, hearing, folder, progress)
        except SourceError as error:
            yield NotPrepared(path, str(error))
