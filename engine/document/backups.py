"""Rolling backups of documents, kept in the user's data folder through SQLite's backup API."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from hashlib import blake2b
from pathlib import Path

from engine.errors import OffcutError
from engine.places import data_folder

KEPT_BACKUPS = 5


def _folder(path: Path) -> Path:
    digest = blake2b(str(path.absolute()).encode("utf-8", "surrogateescape"), digest_size=6)
    return data_folder("backups", digest.hexdigest())


def _numbered(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.offcut"), key=lambda one: int(one.stem.rsplit(" ", 1)[1]))


def newest_backup(path: Path) -> Path | None:
    """Return the newest backup of a document, or None."""
    try:
        found = _numbered(_folder(path))
    except OffcutError:
        return None
    return found[-1] if found else None


def keep_backup(connection: sqlite3.Connection, path: Path) -> Path | None:
    """Copy an open, checked document beside its earlier backups, and let the oldest go.

    A backup that cannot be written never stands in the way of the work: the document opens all the same.
    """
    try:
        folder = _folder(path)
    except OffcutError:
        return None
    found = _numbered(folder)
    number = int(found[-1].stem.rsplit(" ", 1)[1]) + 1 if found else 1
    target = folder / f"{path.stem} {number}.offcut"
    part = target.with_suffix(".part")
    try:
        with closing(sqlite3.connect(part)) as copy:
            connection.backup(copy)
        part.replace(target)
    except (OSError, sqlite3.Error):
        part.unlink(missing_ok=True)
        return None
    for old in found[: max(0, len(found) + 1 - KEPT_BACKUPS)]:
        old.unlink(missing_ok=True)
    return target
