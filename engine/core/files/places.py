"""The folders Offcut keeps things in: caches that can always be deleted, and data that cannot."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from engine.core.errors import OffcutError
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
