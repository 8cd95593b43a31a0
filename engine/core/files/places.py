"""The folders of Offcut: caches that can always be deleted and have a limit of size, and data that cannot.

Every cached file is named after the hash of its source, and can be made again. A file's time is its last
use; the least recently used are removed first. Only Offcut's own files count and are removed: files with
such names in the folders of their kinds. Links are neither followed nor removed, except for the cache folder
itself, which users place on another disk that way.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import platformdirs

from engine.core.errors import OffcutError
from engine.core.files.safe_write import sweep
from engine.core.wording import reason_of

CACHE_VARIABLE = "OFFCUT_CACHE"
"""Names the environment variable that puts the caches into another folder."""
_OWN = "offcut-cache"


def cache_folder(*parts: str) -> Path:
    """Return (and make) a folder below the cache folder; all in it can be made again.

    It is a folder of Offcut's own inside the one that `CACHE_VARIABLE` names, so that emptying it never
    removes anything else; without the variable it is where the system keeps caches. That folder may be a
    link, such as to a larger disk; a folder in it may not.

    Raises
    ------
    OffcutError : it cannot be made, or is a link
    """
    chosen = os.environ.get(CACHE_VARIABLE)
    root = Path(chosen, _OWN) if chosen else Path(platformdirs.user_cache_dir("offcut", appauthor=False))
    folder = root.joinpath(*parts)
    if parts and folder.is_symlink():
        raise OffcutError(
            f"Offcut's own folder {folder} is a link: remove it, or make {root} a link as a whole."
        )
    return _made(folder)


def cache_file(kind: str, name: str) -> Path:
    """Return the path of a cached file, in the folder of its kind (which is made).

    Raises
    ------
    OffcutError : the folder cannot be made or is a link, or the name is invalid
    """
    if "\0" in name or any(separator in name for separator in ("/", "\\", os.sep)):
        raise OffcutError(f"{name!r} is not the name of a cached file: import the recording again.")
    return cache_folder(kind) / name


def data_folder(*parts: str) -> Path:
    """Return (and make) a folder below the user's data folder."""
    return _made(Path(platformdirs.user_data_dir("offcut", appauthor=False)).joinpath(*parts))


def state_folder(*parts: str) -> Path:
    """Return (and make) a folder below the user's folder for logs; all in it can be deleted."""
    return _made(Path(platformdirs.user_state_dir("offcut", appauthor=False)).joinpath(*parts))


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OffcutError(
            f"Offcut's own folder {folder} cannot be made: {reason_of(error)}; make the place writable."
        ) from error
    return folder


# By the folder of their kind, what Offcut calls its files there.
_NAMES: Mapping[str, re.Pattern[str]] = MappingProxyType(
    {
        "conformed": re.compile(r"[0-9a-f]{32}-\d+-v\d+\.wav"),
        "embeddings": re.compile(r"[0-9a-f]{32}-[0-9a-f]{16}\.embeddings"),
        "peaks": re.compile(r"[0-9a-f]{32}-\d+-v\d+\.peaks"),
        "spectrograms": re.compile(r"[0-9a-f]{32}-\d+-\d+-v\d+\.spectrogram"),
    }
)
# Windows can change the time of a link's target only; what was listed is no link.
_FOLLOWS_LINKS = os.utime not in os.supports_follow_symlinks


@dataclass(frozen=True, slots=True)
class Freed:
    """Removed cache files."""

    files: int
    size_bytes: int


def cache_bytes() -> int:
    """Return how many bytes the cached files have."""
    return sum(size for _, _, size in _files())


def mark_used(hashes: Collection[str]) -> None:
    """Mark the files of these sources, by content hash, as used now."""
    for path, _, _ in list(_files()):
        if _is_of(path, hashes):
            with contextlib.suppress(OSError):
                os.utime(path, follow_symlinks=_FOLLOWS_LINKS)


def trim_cache(limit_bytes: int, in_use: Collection[str]) -> Freed:
    """Remove files of dead writers, then the least recently used files until the cache is within its limit.

    Parameters
    ----------
    in_use : content hashes of the sources whose files stay at any limit
    """
    for folder in _folders():
        sweep(folder)
    found = sorted(_files(), key=lambda each: each[1])
    total, freed = sum(size for _, _, size in found), Freed(0, 0)
    for path, _, size in found:
        if total <= limit_bytes:
            break
        if _is_of(path, in_use):
            continue
        with contextlib.suppress(OSError):  # one that another program holds stays
            path.unlink()
            total -= size
            freed = Freed(freed.files + 1, freed.size_bytes + size)
    return freed


def empty_cache(in_use: Collection[str]) -> Freed:
    """Remove every cached file but those of the sources in use, by content hash."""
    return trim_cache(-1, in_use)


def _folders() -> Iterator[Path]:
    """Give the folders of the kinds that are there."""
    for kind in _NAMES:
        folder = cache_folder() / kind
        if folder.is_dir() and not folder.is_symlink():
            yield folder


def _files() -> Iterator[tuple[Path, float, int]]:
    """Give each cached file with the time it was used last and its size, but none that is being written."""
    for folder in _folders():
        for path in folder.iterdir():
            if _NAMES[folder.name].fullmatch(path.name):
                with contextlib.suppress(OSError):
                    facts = path.lstat()
                    if stat.S_ISREG(facts.st_mode):
                        yield path, facts.st_mtime, facts.st_size


def _is_of(path: Path, hashes: Collection[str]) -> bool:
    return any(path.name.startswith(each) for each in hashes if each)
