"""Copies of a document made row by row, for copies without all of its content."""

from __future__ import annotations

import sqlite3
from enum import Enum

from engine.document.file.schema import APPLICATION_ID
from engine.document.file.stored_audio import TABLE

_ROWS_AT_ONCE = 500


class RowCopies(Enum):
    """Stored audio included in such a copy."""

    WITHOUT_AUDIO = "the facts of all, the bytes of none"
    READABLE_AUDIO = "all that can be read"


def copy_rows(connection: sqlite3.Connection, copy: sqlite3.Connection, which: RowCopies) -> None:
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
    for (place,) in _places(connection):
        try:
            row = connection.execute(f"SELECT * FROM {TABLE} WHERE rowid = ?", (place,)).fetchone()
        except sqlite3.DatabaseError:
            continue
        if row is not None:
            copy.execute(insert, row)


def _places(connection: sqlite3.Connection) -> list[tuple[int]]:
    """Return the rows of stored audio as far as they can be walked through."""
    places: list[tuple[int]] = []
    try:
        for place in connection.execute(f"SELECT rowid FROM {TABLE} NOT INDEXED"):
            places.append(place)
    except sqlite3.DatabaseError:
        pass  # the rest of them cannot be found
    return places
