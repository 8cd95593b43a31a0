"""The audio of backups: stored once for all states of a document, and put back when one is restored."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path

from engine.document.file.stored_audio import IS_POSSIBLE, TABLE, block_digest, is_key, named_keys
from engine.document.file.transaction import connect
from engine.files.safe_write import replacing

_FOLDER = "audio"
_ROW = "key, rate_hz, channels, frames, encoding, digest"


def holds_audio(connection: sqlite3.Connection) -> bool:
    """Return whether a document has stored audio."""
    return connection.execute(f"SELECT 1 FROM {TABLE} LIMIT 1").fetchone() is not None


def keep_audio(connection: sqlite3.Connection, folder: Path) -> None:
    """Write the intact audio that a document names into a folder, unless it exists.

    Raises
    ------
    sqlite3.Error, OSError, OffcutError : it cannot be read or written
    """
    named = named_keys(connection)
    for row in connection.execute(
        f"SELECT {_ROW}, length(bytes) FROM {TABLE} WHERE {IS_POSSIBLE}"
    ).fetchall():
        *facts, expected, size_bytes = row
        target = _file(folder, facts[0], expected)
        if facts[0] not in named or target is None or _size_bytes(target) == size_bytes:
            continue
        wanted = f"SELECT bytes FROM {TABLE} WHERE key = ?"
        (block,) = connection.execute(wanted, (facts[0],)).fetchone()
        if block_digest(facts, block) == expected:
            target.parent.mkdir(exist_ok=True)
            with replacing(target, overwrite=True) as part:
                part.write_bytes(block)


def bring_back(copy: Path, folder: Path) -> None:
    """Put the audio that a copied backup names back into it; damaged or missing audio is skipped."""
    with suppress(sqlite3.Error, OSError), closing(connect(copy)) as connection:
        rows = connection.execute(f"SELECT {_ROW} FROM {TABLE} WHERE length(bytes) = 0").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for *facts, expected in rows:
            kept = _file(folder, facts[0], expected)
            with suppress(OSError):
                block = b"" if kept is None else kept.read_bytes()
                if block_digest(facts, block) == expected:
                    statement = f"UPDATE {TABLE} SET bytes = ? WHERE key = ?"
                    connection.execute(statement, (block, facts[0]))
        connection.execute("COMMIT")


def forget_audio(folder: Path, states: Iterable[Path]) -> None:
    """Remove the audio that none of these backups names.

    Raises
    ------
    sqlite3.Error, OSError : a backup cannot be read, so that nothing was removed
    """
    kept = folder / _FOLDER
    if not kept.is_dir():
        return
    wanted: set[Path | None] = set()
    for state in states:
        with closing(connect(state, read_only=True)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (TABLE,)).fetchone():
                found = connection.execute(f"SELECT key, digest FROM {TABLE}").fetchall()
                wanted.update(_file(folder, *row) for row in found)
    for one in kept.iterdir():
        if one not in wanted:
            one.unlink(missing_ok=True)


def _file(folder: Path, key: object, digest: int) -> Path | None:
    """Return the file with the bytes of a row: the same sound may be packed in more than one way."""
    return folder / _FOLDER / f"{key} {digest % 2**64:016x}" if is_key(key) else None


def _size_bytes(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1
