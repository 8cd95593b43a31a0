"""How much a file may hold, asked of SQLite before any of it is taken into memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from engine.document.checks.limits import LONGEST_ID, LONGEST_ROW_BYTES, LONGEST_TEXT, MOST_ROWS

# Rows whose large values stay in the file: all that is read of them at once is this.
_READ_AT_ONCE = {
    "history": (("label", LONGEST_TEXT), ("merges_as", LONGEST_TEXT)),
    "analysis": (("id", LONGEST_ID), ("kind", LONGEST_ID)),
    "checksum": (("name", LONGEST_ID),),
}


def require_sizes(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Refuse a file with more rows, or longer ones, than any document has.

    Raises
    ------
    ValueError : it has
    """
    for table in tables:
        (rows,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
        if rows > MOST_ROWS[table]:
            raise ValueError(f"it has {rows:,} rows of {table}, and {MOST_ROWS[table]:,} are the most")
        for column, longest in _READ_AT_ONCE.get(table, ()):
            (found,) = connection.execute(f"SELECT max(length({column})) FROM {table}").fetchone()
            if found is not None and found > longest:
                raise ValueError(f"{table}.{column} holds a text of {found:,} letters")


@contextmanager
def short_rows(connection: sqlite3.Connection) -> Iterator[None]:
    """Have SQLite refuse longer rows than those of any document, as it meets them."""
    before = connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_ROW_BYTES)
    try:
        yield
    finally:
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, before)
