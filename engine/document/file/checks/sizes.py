"""Limits of file content, queried from SQLite before any of it is read into memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from engine.document.file.checks.limits import LONGEST_ID, LONGEST_ROW_BYTES, LONGEST_TEXT, MOST_ROWS

# Rows whose large values stay in the file: all that is read of them at once is this.
_READ_AT_ONCE = {
    "history": (("label", LONGEST_TEXT), ("merges_as", LONGEST_TEXT)),
    "analysis": (("id", LONGEST_ID), ("kind", LONGEST_ID)),
    "stored_audio": (("key", LONGEST_ID), ("encoding", LONGEST_ID)),
    "checksum": (("name", LONGEST_ID),),
}


def require_sizes(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Refuse a file with more rows, or longer ones, than any document has.

    Raises
    ------
    ValueError : it has
    """
    limits = [
        limit
        for table in tables
        for limit in (
            (f"rows of {table}", f"(SELECT count(*) FROM {table})", MOST_ROWS[table]),
            *(
                (f"letters in {table}.{column}", f"(SELECT max(length({column})) FROM {table})", longest)
                for column, longest in _READ_AT_ONCE.get(table, ())
            ),
        )
    ]
    found = connection.execute(f"SELECT {', '.join(query for _, query, _ in limits)}").fetchone()
    for (what, _, most), number in zip(limits, found, strict=True):
        if number is not None and number > most:
            raise ValueError(f"it has {number:,} {what}, and {most:,} are the most")


@contextmanager
def short_rows(connection: sqlite3.Connection) -> Iterator[None]:
    """Have SQLite refuse longer rows than those of any document, as it meets them."""
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW_BYTES)
    try:
        yield
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)
