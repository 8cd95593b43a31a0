"""The picture of a file, whichever container it is."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from engine.sound.headers.matroska import MATROSKA_MARK, matroska_picture
from engine.sound.headers.movie import MOVIE_ATOMS, movie_picture
from engine.sound.headers.picture import Picture


def read_picture(path: Path) -> Picture | None:
    """Return the picture of an MP4, QuickTime or Matroska file.

    None if the file is missing, is another one, or has no picture.
    """
    with suppress(OSError):
        status = path.stat()
        return _read(path, status.st_ino, status.st_size, status.st_mtime_ns)
    return None


@lru_cache(256)
def _read(path: Path, _inode: int, size_bytes: int, _changed_ns: int) -> Picture | None:
    """Read an unchanged file once: forms ask again at every key."""
    with path.open("rb") as stream:
        head = stream.read(8)
        if head.startswith(MATROSKA_MARK):
            return matroska_picture(stream, size_bytes)
        return movie_picture(stream, size_bytes) if head[4:] in MOVIE_ATOMS else None
