"""Prepare recordings: embed each once, keep the vectors, and never again while nothing has changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.cache import entry_path, keep_vectors, load_vectors
from engine.analysis.embeddings.embedder import Embedder
from engine.analysis.embeddings.hearing import Hearing, heard
from engine.analysis.learning.torch_threads import few_threads
from engine.analysis.signal.loudness import level_of
from engine.analysis.signal.mono import mono_of
from engine.core.errors import SourceError
from engine.core.files.places import cache_folder
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples
from engine.sound.reader import SourceReader, content_hash


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
    folder : that keeps them

    Raises
    ------
    SourceError : it cannot be read
    ExportError : the folder cannot take the vectors, or the disk is full
    Cancelled : the user cancelled; nothing of this recording is left
    """
    entry = entry_path(folder, content_hash(path), embedder, hearing)
    kept = load_vectors(entry, embedder.size)
    if kept is not None:
        return Prepared(path, kept, was_kept=True)
    with SourceReader(path) as reader, few_threads():
        level_db = level_of(mono_of(reader, reader.rate_hz))
        blocks = _watched(mono_of(reader, hearing.rate_hz), reader, hearing.rate_hz, progress)
        keep_vectors(entry, heard(blocks, level_db, hearing, embedder), embedder.size)
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


def _watched(
    blocks: Iterable[NDArray[np.float32]], reader: SourceReader, rate_hz: int, progress: Progress
) -> Iterator[NDArray[np.float32]]:
    total_samples, seen_samples = convert_samples(reader.frames, reader.rate_hz, rate_hz), 0
    for block in blocks:
        progress.check_cancelled()
        seen_samples += block.size
        progress.report(seen_samples / max(1, total_samples), f"Embedding {shown(reader.path.name)}")
        yield block
