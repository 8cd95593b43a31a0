"""Bring a document of an older version to this one: one plain function a version, all in one transaction.

A function knows its two versions only and uses nothing of the present row classes, which go on changing. New
columns go to the end of their table, since checksums and readers take the columns in the order of the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from engine.document.checksums import digest, write_anew
from engine.document.schema import SCHEMA_VERSION


def _add_checksums(connection: sqlite3.Connection) -> None:
    """From 1 to 2: a checksum for each table, and a digest for each large value."""
    connection.execute("CREATE TABLE checksum (name TEXT PRIMARY KEY, digest INTEGER NOT NULL) STRICT")
    for table in ("analysis", "history"):
        connection.execute(f"ALTER TABLE {table} ADD COLUMN digest INTEGER NOT NULL DEFAULT 0")
    analyses = connection.execute("SELECT facts, arrays, id FROM analysis").fetchall()
    connection.executemany(
        "UPDATE analysis SET digest = ? WHERE id = ?",
        [(digest(facts.encode() + arrays), key) for facts, arrays, key in analyses],
    )
    steps = connection.execute("SELECT changes, step FROM history").fetchall()
    connection.executemany(
        "UPDATE history SET digest = ? WHERE step = ?",
        [(digest(changes.encode()), step) for changes, step in steps],
    )


MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType({1: _add_checksums})
"""What leads from each version to the next."""


def migrate(connection: sqlite3.Connection, version: int, tables: Iterable[str]) -> None:
    """Bring a document to the present version; the caller has begun a transaction and kept a backup.

    Parameters
    ----------
    version : what the document is now, at least 1
    tables : the present tables that have a checksum

    Raises
    ------
    ValueError : the document has not the tables of its version
    sqlite3.Error : it cannot be written
    """
    try:
        for step in range(version, SCHEMA_VERSION):
            MIGRATIONS[step](connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise ValueError(error) from error
        raise
    write_anew(connection, tables)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
