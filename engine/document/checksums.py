"""A checksum for each table, kept in the same transaction as its rows, that sees every changed value.

SQLite checks how its pages hang together, not what is written in them: a flipped bit inside a number or a
text would be read as if the user had meant it. Each table's checksum is the exclusive or of a 64-bit digest
of each of its rows, so that an edit costs what it touches, however long the table is
(docs/decisions/0011-checksums-and-one-writer.md).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from hashlib import blake2b
from operator import xor

# What is large is digested on its own and checked when it is read; the row that is summed holds that digest.
_SUMMED = {
    "analysis": "SELECT id, kind, digest FROM analysis",
    "history": "SELECT step, label, merges_as, undone, digest FROM history",
    "schema": "SELECT type, name, tbl_name, sql FROM sqlite_schema",
}

Values = Sequence[object]


def digest(data: bytes) -> int:
    """Return 64 bits of BLAKE2b as SQLite's signed integer."""
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "big", signed=True)


def row_digest(values: Values) -> int:
    """Return the digest of a row's values as SQLite holds them: text, integers, floats and None."""
    # ascii() writes the same for the same values in every version of Python, and it is quick.
    return digest(ascii(tuple(values)).encode())


def rows_of(connection: sqlite3.Connection, name: str) -> list[tuple[object, ...]]:
    """Return the rows that a checksum covers, their columns in the order of the table."""
    return connection.execute(_SUMMED.get(name, f"SELECT * FROM {name}")).fetchall()


def total(rows: Iterable[Values]) -> int:
    """Return the checksum of these rows, in whatever order."""
    return reduce(xor, map(row_digest, rows), 0)


def require_intact(connection: sqlite3.Connection, read: Mapping[str, list[tuple[object, ...]]]) -> None:
    """Compare every table with its checksum.

    Parameters
    ----------
    read : rows that were read already, by table

    Raises
    ------
    ValueError : a table is not as it was written
    """
    stored = connection.execute("SELECT name, digest FROM checksum").fetchall()
    missing = {*_SUMMED, *read} - {name for name, _ in stored}
    for name, expected in stored:
        rows = read[name] if name in read else rows_of(connection, name)
        if total(rows) != expected:
            missing.add(name)
    if missing:
        raise ValueError(f"what it says of {', '.join(sorted(missing))} is not what was written")


def write_anew(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Write the checksums of tables as they are: in a new document, or at the end of a migration."""
    connection.execute("DELETE FROM checksum")
    connection.executemany(
        "INSERT INTO checksum VALUES (?, ?)",
        [(name, total(rows_of(connection, name))) for name in (*_SUMMED, *tables)],
    )


class Tally:
    """What one transaction changes of the checksums."""

    def __init__(self) -> None:
        self._differences: dict[str, int] = defaultdict(int)

    def count(self, name: str, values: Values) -> None:
        """Count a row that comes or goes: either turns the checksum over in the same way."""
        self._differences[name] ^= row_digest(values)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the checksums that changed."""
        # SQLite has no exclusive or; this is one.
        connection.executemany(
            "UPDATE checksum SET digest = (digest | :by) - (digest & :by) WHERE name = :name",
            [{"by": by, "name": name} for name, by in self._differences.items() if by],
        )
