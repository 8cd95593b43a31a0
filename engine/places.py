"""The folders Offcut keeps things in: caches that can always be deleted, and data that cannot."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def cache_folder(*parts: str) -> Path:
    """Return (and make) a folder below the user's cache folder; all in it can be made again."""
    folder = Path(platformdirs.user_cache_dir("offcut", appauthor=False)).joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def data_folder(*parts: str) -> Path:
    """Return (and make) a folder below the user's data folder."""
    folder = Path(platformdirs.user_data_dir("offcut", appauthor=False)).joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def state_folder(*parts: str) -> Path:
    """Return (and make) a folder below the user's folder for logs; all in it can be deleted."""
    folder = Path(platformdirs.user_state_dir("offcut", appauthor=False)).joinpath(*parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
