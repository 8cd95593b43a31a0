"""Rolling backups of documents in the user's data folder, made through SQLite's backup API.

They are numbered, not dated: a clock that is set back does not make an old one look new. The audio of a
document is stored once for all of them (docs/decisions/0003-document-file-sqlite-undo-stored-audio.md):
their files are copied row by row without it, and it is put back when one is restored.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterable
from contextlib import closing, nullcontext, suppress
from enum import Enum
from hashlib import blake2b
from pathlib import Path

from engine.core.errors import DocumentError, ExportError, OffcutError
from engine.core.files.places import data_folder
from engine.core.files.safe_write import replacing
from engine.document.file.schema import APPLICATION_ID
from engine.document.file.stored_audio import IS_POSSIBLE, TABLE, block_digest, named_keys
from engine.document.file.transaction import connect, snapshot
from engine.document.proposals import is_key

MOST_BACKUPS = 5
_NUMBERED = re.compile(r".* (\d+)\.offcut")
_FOLDER = "audio"
_ROW = "key, rate_hz, channels, frames, encoding, digest"
_ROWS_AT_ONCE = 500


class RowCopies(Enum):
    """Stored audio included in such a copy."""

    WITHOUT_AUDIO = "the facts of all, the bytes of none"
    READABLE_AUDIO = "all that can be read"


def _folder(path: Path) -> Path:
    digest = blake2b(str(path.absolute()).encode("utf-8", "surrogateescape"), digest_size=6)
    return data_folder("backups", digest.hexdigest())


def _number(backup: Path) -> int:
    found = _NUMBERED.fullmatch(backup.name)
    return int(found[1]) if found else 0


def backups(path: Path) -> list[Path]:
    """Return the rolling backups of a document, the newest first."""
    return sorted((one for one in _folder(path).iterdir() if _number(one)), key=_number, reverse=True)


def newest_backup(path: Path) -> Path | None:
    """Return the newest backup of a document, or None without any."""
    try:
        return next(iter(backups(path)), None)
    except (OffcutError, OSError):
        return None


def keep_backup(connection: sqlite3.Connection, path: Path) -> None:
    """Copy an open, checked document to its backups, and delete the oldest.

    If the newest backup has the same content, it stays instead: opening a document often discards no old
    state. A failed backup never blocks work: the document opens all the same.
    """
    with suppress(OSError, sqlite3.Error, OffcutError):
        found = backups(path)
        has_audio = connection.execute(f"SELECT 1 FROM {TABLE} LIMIT 1").fetchone() is not None
        if has_audio:
            keep_audio(connection, _folder(path))
        if found:
            with closing(connect(found[0], read_only=True)) as newest:
                if _sums_of(newest) == _sums_of(connection):
                    return
        number = _number(found[0]) + 1 if found else 1
        rows = RowCopies.WITHOUT_AUDIO if has_audio else None
        copy_database(connection, _folder(path) / f"{path.stem} {number}.offcut", rows=rows)
        for old in found[MOST_BACKUPS - 1 :]:
            old.unlink(missing_ok=True)
        _forget_audio(_folder(path), backups(path))


def keep_older_version(connection: sqlite3.Connection, path: Path, version: int) -> Path:
    """Store a document in the format of an older version, apart from the rolling backups.

    Raises
    ------
    DocumentError : it cannot be stored, so the document must not be changed
    """
    try:
        stored = _folder(path) / f"{path.stem} of version {version}" / f"{path.stem}.offcut"
        stored.parent.mkdir(exist_ok=True)
        copy_database(connection, stored, overwrite=True)
    except (OSError, sqlite3.Error, OffcutError) as error:
        raise DocumentError(
            f"{path} cannot be updated without a backup, and none could be written: {error}"
        ) from error
    return stored


def copy_database(
    connection: sqlite3.Connection, target: Path, *, overwrite: bool = False, rows: RowCopies | None = None
) -> None:
    """Write a copy of an open document: whole, or not at all, and of one moment.

    Parameters
    ----------
    rows : copy row by row, and which; None copies the file page by page, with all that is in it

    Raises
    ------
    ExportError : the file exists and `overwrite` is False, its folder cannot be written, or the disk is full
    sqlite3.Error : the copy cannot be made
    """
    # Without a transaction the copy would wait for another program's without end.
    held = nullcontext() if connection.in_transaction else snapshot(connection)
    with replacing(target, overwrite=overwrite) as part, closing(sqlite3.connect(part)) as copy, held:
        copy.execute("PRAGMA synchronous = OFF")  # `replacing` brings the file to the disk as a whole
        if rows is None:
            connection.backup(copy)
        else:
            _copy_rows(connection, copy, rows)


def copy_beside(backup: Path, path: Path) -> Path:
    """Copy a backup next to its document, under an unused name.

    Raises
    ------
    DocumentError : the folder cannot be written, or the disk is full
    """
    number = 1
    while (target := path.with_stem(f"{path.stem} restored{f' {number}' if number > 1 else ''}")).exists():
        number += 1
    try:
        with replacing(target) as part:
            shutil.copyfile(backup, part)
            _bring_back(part, _folder(path))
    except ExportError as error:
        raise DocumentError(str(error)) from error
    return target


def _sums_of(connection: sqlite3.Connection) -> object:
    return sorted(connection.execute("SELECT name, digest FROM checksum").fetchall())


def _copy_rows(connection: sqlite3.Connection, copy: sqlite3.Connection, which: RowCopies) -> None:
    """Copy a document, in a transaction of the caller, into an empty database.

    Raises
    ------
    sqlite3.Error : a row of another table cannot be read, or the copy not written
    """
    copy.execute("BEGIN")
    tables = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").fetchall()
    for table, statement in tables:
        copy.execute(statement)
        if table == TABLE:
            _copy_audio(connection, copy, which)
            continue
        found = connection.execute(f'SELECT * FROM "{table}"')
        marks = ", ".join("?" * len(found.description))
        while rows := found.fetchmany(_ROWS_AT_ONCE):
            copy.executemany(f'INSERT INTO "{table}" VALUES ({marks})', rows)
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    copy.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    copy.execute(f"PRAGMA user_version = {version}")
    copy.execute("COMMIT")


def _copy_audio(connection: sqlite3.Connection, copy: sqlite3.Connection, which: RowCopies) -> None:
    insert = f"INSERT INTO {TABLE} VALUES (?, ?, ?, ?, ?, ?, ?)"
    if which is RowCopies.WITHOUT_AUDIO:
        found = connection.execute(
            f"SELECT key, rate_hz, channels, frames, encoding, X'', digest FROM {TABLE}"
        )
        copy.executemany(insert, found)
        return
    places: list[tuple[int]] = []
    with suppress(sqlite3.DatabaseError):  # the rest of them cannot be found
        for place in connection.execute(f"SELECT rowid FROM {TABLE} NOT INDEXED"):
            places.append(place)
    for place in places:
        row = None
        with suppress(sqlite3.DatabaseError):
            row = connection.execute(f"SELECT * FROM {TABLE} WHERE rowid = ?", place).fetchone()
        if row is not None:
            copy.execute(insert, row)


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
        if facts[0] not in named or target is None:
            continue
        if target.exists() and target.stat().st_size == size_bytes:
            continue
        wanted = f"SELECT bytes FROM {TABLE} WHERE key = ?"
        (block,) = connection.execute(wanted, (facts[0],)).fetchone()
        if block_digest(facts, block) == expected:
            target.parent.mkdir(exist_ok=True)
            with replacing(target, overwrite=True) as part:
                part.write_bytes(block)


def _bring_back(copy: Path, folder: Path) -> None:
    """Put the audio that a copied backup names back into it; damaged or missing audio is skipped."""
    with suppress(sqlite3.Error, OSError), closing(connect(copy)) as connection:
        rows = connection.execute(f"SELECT {_ROW} FROM {TABLE} WHERE length(bytes) = 0").fetchall()
        connection.execute("BEGIN IMMEDIATE")
        for *facts, expected in rows:
            stored = _file(folder, facts[0], expected)
            with suppress(OSError):
                block = b"" if stored is None else stored.read_bytes()
                if block_digest(facts, block) == expected:
                    statement = f"UPDATE {TABLE} SET bytes = ? WHERE key = ?"
                    connection.execute(statement, (block, facts[0]))
        connection.execute("COMMIT")


def _forget_audio(folder: Path, states: Iterable[Path]) -> None:
    """Remove the audio that none of these backups names.

    Raises
    ------
    sqlite3.Error, OSError : a backup cannot be read, so that nothing was removed
    """
    audio = folder / _FOLDER
    if not audio.is_dir():
        return
    wanted: set[Path | None] = set()
    for state in states:
        with closing(connect(state, read_only=True)) as connection:
            if connection.execute("SELECT 1 FROM sqlite_schema WHERE name = ?", (TABLE,)).fetchone():
                found = connection.execute(f"SELECT key, digest FROM {TABLE}").fetchall()
                wanted.update(_file(folder, *row) for row in found)
    for one in audio.iterdir():
        if one not in wanted:
            one.unlink(missing_ok=True)


def _file(folder: Path, key: object, digest: int) -> Path | None:
    """Return the file with the bytes of a row: the same sound may be packed in more than one way."""
    return folder / _FOLDER / f"{key} {digest % 2**64:016x}" if is_key(key) else None
