"""How much room the caches take, and how they are kept below a limit.

Every cached file is named after the hash of the source it was made from, and can be made again. A file's time
says when it was used last; the least recently used go first.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.part_files import sweep
from engine.places import cache_folder

_UNFINISHED = ".part"


@dataclass(frozen=True, slots=True)
class Freed:
    """What was removed from the cache."""

    files: int
    size_bytes: int


def cache_bytes() -> int:
    """Return how many bytes the cached files have."""
    return sum(size for _, _, size in _files())


def mark_used(hashes: Collection[str]) -> None:
    """Say that the files of these sources, by content hash, are used now."""
    for path, _, _ in list(_files()):
        if _is_of(path, hashes):
            with contextlib.suppress(OSError):
                os.utime(path)


def trim_cache(limit_bytes: int, in_use: Collection[str]) -> Freed:
    """Remove what dead writers left, then the least recently used files until the cache is within its limit.

    Parameters
    ----------
    in_use : content hashes of the sources whose files stay, whatever the limit
    """
    for folder in (cache_folder(), *(each for each in cache_folder().rglob("*") if each.is_dir())):
        sweep(folder)
    found = sorted(_files(), key=lambda each: each[1])
    total, freed = sum(size for _, _, size in found), Freed(0, 0)
    for path, _, size in found:
        if total <= limit_bytes:
            break
        if not _is_of(path, in_use) and _removed(path):
            total -= size
            freed = Freed(freed.files + 1, freed.size_bytes + size)
    return freed


def empty_cache(in_use: Collection[str]) -> Freed:
    """Remove every cached file but those of the sources in use, by content hash."""
    return trim_cache(-1, in_use)


def _files() -> Iterator[tuple[Path, float, int]]:
    """Give each cached file with the time it was used last and its size, but none that is being written."""
    for path in cache_folder().rglob("*"):
        if path.suffix == _UNFINISHED:
            continue
        with contextlib.suppress(OSError):
            facts = path.lstat()
            if path.is_file() and not path.is_symlink():
                yield path, facts.st_mtime, facts.st_size


def _is_of(path: Path, hashes: Collection[str]) -> bool:
    return any(path.name.startswith(each) for each in hashes if each)


def _removed(path: Path) -> bool:
    """Remove a file; one that another program holds stays."""
    try:
        path.unlink()
    except OSError:
        return False
    return True
