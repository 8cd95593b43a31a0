"""Bring a document of an older version to this one: one plain function a version, all in one transaction.

A function knows its two versions only and uses nothing of the present row classes, which go on changing. New
columns go to the end of their table, since checksums and readers take the columns in the order of the table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType

from engine.document.file.checks.layout import layout_of
from engine.document.file.checksums import digest, require_intact, write_anew
from engine.document.file.schema import SCHEMA_VERSION

FIRST_WITH_CHECKSUMS = 2


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


def _add_lanes_and_markers(connection: sqlite3.Connection) -> None:
    """From 2 to 3: display and pan of each lane, markers, and the reference example nearest to a proposal."""
    for column in (
        "pan REAL NOT NULL DEFAULT 0.0",
        "color TEXT NOT NULL DEFAULT ''",
        "role TEXT NOT NULL DEFAULT ''",
        "height_px INTEGER NOT NULL DEFAULT 0",
        "is_collapsed INTEGER NOT NULL DEFAULT 0",
        "channels_open INTEGER NOT NULL DEFAULT 1",
        "picture TEXT NOT NULL DEFAULT 'waveform'",
    ):
        connection.execute(f"ALTER TABLE track ADD COLUMN {column}")
    connection.execute("ALTER TABLE proposal ADD COLUMN nearest_kept TEXT NOT NULL DEFAULT 'null'")
    connection.execute(
        "CREATE TABLE marker (id TEXT PRIMARY KEY, start_samples INTEGER NOT NULL,"
        " stop_samples INTEGER NOT NULL, name TEXT NOT NULL) STRICT"
    )


def _add_tracks_changes_and_audio(connection: sqlite3.Connection) -> None:
    """From 3 to 4: the tracks of a proposal, the user's payload changes, and the audio of edits."""
    connection.execute("ALTER TABLE proposal ADD COLUMN tracks TEXT NOT NULL DEFAULT 'null'")
    connection.execute("ALTER TABLE decision ADD COLUMN payload TEXT NOT NULL DEFAULT 'null'")
    connection.execute(
        "CREATE TABLE stored_audio (key TEXT PRIMARY KEY, rate_hz INTEGER NOT NULL,"
        " channels INTEGER NOT NULL, frames INTEGER NOT NULL, encoding TEXT NOT NULL, bytes BLOB NOT NULL,"
        " digest INTEGER NOT NULL) STRICT"
    )


def _add_notes(connection: sqlite3.Connection) -> None:
    """From 4 to 5: the user's note on a proposal."""
    connection.execute("ALTER TABLE decision ADD COLUMN note TEXT NOT NULL DEFAULT ''")


def _add_evidence(connection: sqlite3.Connection) -> None:
    """From 5 to 6: whether the evidence of a proposal is weak."""
    connection.execute("ALTER TABLE proposal ADD COLUMN evidence TEXT NOT NULL DEFAULT 'strong'")


MIGRATIONS: Mapping[int, Callable[[sqlite3.Connection], None]] = MappingProxyType(
    {
        1: _add_checksums,
        2: _add_lanes_and_markers,
        3: _add_tracks_changes_and_audio,
        4: _add_notes,
        5: _add_evidence,
    }
)
"""Migration from each version to the next."""


def migrate(connection: sqlite3.Connection, version: int, tables: Collection[str]) -> None:
    """Migrate a document to the present version; the caller has begun a transaction and made a backup.

    Parameters
    ----------
    version : present version of the document, at least 1
    tables : the present tables that have a checksum

    Raises
    ------
    ValueError : the document has not the tables of its version, or is damaged
    sqlite3.Error : it cannot be written
    """
    try:
        if version >= FIRST_WITH_CHECKSUMS:
            # What is damaged now would get sound checksums below.
            require_intact(connection, set(tables) & layout_of(version).keys())
        for step in range(version, SCHEMA_VERSION):
            MIGRATIONS[step](connection)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_ERROR:
            raise ValueError(error) from error
        raise
    write_anew(connection, tables)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
