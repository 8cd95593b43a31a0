"""Restrict reading to files inside one folder, for any path in a request."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from engine.core.errors import UsageError
from engine.core.wording import quoted
from engine.features.taste.anomaly.taste_summary import SUFFIX
from engine.sound.folders import audio_files

MOST_LISTED = 2_000
LONGEST_NAME = 1_000
_REPLACED = "\ufffd"
"""Replacement of undecodable bytes: listed names never contain it."""


def inside(root: Path, name: str) -> Path:
    """Return the regular file of a name, links followed, inside a folder or below.

    Parameters
    ----------
    name : relative to the folder, its parts divided by "/"

    Raises
    ------
    UsageError : the name leads out of the folder, is invalid, or the file is missing
    """
    parts = name.split("/")
    if len(name) > LONGEST_NAME or not _is_text(name):
        raise UsageError(f"{quoted(name)} is not a file name.")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part[1:2] for part in parts):
        raise UsageError(f"{quoted(name)} is not a file of the folder.")
    try:
        path = Path(os.path.realpath(root.joinpath(*parts), strict=True))
        is_there = path.is_relative_to(os.path.realpath(root)) and path.is_file()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        # Nothing about files outside is disclosed, not even whether they exist.
        raise UsageError(f"There is no {quoted(name)} in the folder.")
    return path


def recordings_in(root: Path) -> tuple[str, ...]:
    """Return the names of the audio files in a folder and those below it, as `inside` takes them."""
    return _names(root, audio_files(root, lambda _error: None))


def tastes_inside(root: Path) -> tuple[str, ...]:
    """Return the names of the tastes in a folder and those below it, as `inside` takes them."""
    return _names(root, _tastes(root))


def _tastes(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield Path(folder, name)


def _names(root: Path, paths: Iterator[Path]) -> tuple[str, ...]:
    found: list[str] = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            inside(root, name)
        except UsageError:
            continue
        found.append(name)
        if len(found) == MOST_LISTED:
            break
    return tuple(found)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return bool(name) and "\0" not in name and _REPLACED not in name
