"""Embeddings of whole recordings on disk, so that no window is embedded twice.

A file is a fixed head and then the vectors, float32, little-endian. Its name encodes content and settings;
damaged and foreign files, and those of another version, are ignored. A file gets its name when it is
complete, so that an interrupted run resumes at its recording.
"""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Iterable
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.embeddings.embedder import Embedder
from engine.analysis.embeddings.hearing import Hearing
from engine.analysis.embeddings.windows import PLAYING_LEVEL_DB
from engine.core.files.regular_file import open_regular
from engine.core.files.safe_write import replacing

_VERSION = 1
_MAGIC = b"OFFCUTEM"
# magic, version, size of a vector, checksum of the vectors, their number
_HEAD = struct.Struct("<8sIIIQ")
_CHECKED_BYTES = 1 << 18


def entry_path(folder: Path, content_hash: str, embedder: Embedder, hearing: Hearing) -> Path:
    """Return the cache path of the vectors of a recording; it depends on all settings that change them."""
    made_by = {"embedder": embedder.name, "level_db": PLAYING_LEVEL_DB, **asdict(hearing)}
    key = blake2b(json.dumps(made_by, sort_keys=True).encode(), digest_size=8).hexdigest()
    return folder / f"{content_hash}-{key}.embeddings"


def keep_vectors(path: Path, batches: Iterable[NDArray[np.float32]], size: int) -> None:
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
