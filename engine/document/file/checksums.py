"""A checksum for each table, updated in the same transaction as its rows, that detects every changed value.

SQLite checks the structure of its pages, not their content: a flipped bit inside a number or a text would be
read as a valid value. Each table's checksum is the exclusive or of a 64-bit digest of each of its rows, so
that an edit costs what it touches, however long the table is
(docs/decisions/0003-document-file-sqlite-undo-checksums-locks.md).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from hashlib import blake2b
from operator import xor

import numpy as np

from engine.document.file.checks.limits import MOST_STATE_BYTES

_ROWS_AT_ONCE = 200

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
    return digest(ascii(tuple(values)).encode())


@dataclass(frozen=True, slots=True)
class ReadRows:
    """The rows that a checksum covers, as they were read.

    Attributes
    ----------
    rows : their columns in the order of the table
    total : their checksum
    size_bytes : size of their content
    """

    rows: list[tuple[object, ...]]
    total: int
    size_bytes: int


def read_rows(connection: sqlite3.Connection, name: str, most_bytes: int = MOST_STATE_BYTES) -> ReadRows:
    """Return the rows of a table, summed.

    Raises
    ------
    ValueError : they hold more than `most_bytes`
    """
    cursor = connection.execute(_SUMMED.get(name, f"SELECT * FROM {name}"))
    rows: list[tuple[object, ...]] = []
    digests: list[bytes] = []
    size_bytes = 0
    while some := cursor.fetchmany(_ROWS_AT_ONCE):
        # ascii() writes the same for the same values in every version of Python, and it is quick.
        written = [ascii(row).encode() for row in some]
        size_bytes += sum(map(len, written))
        if size_bytes > most_bytes:
            raise ValueError(f"it holds more than any document, {most_bytes:,} bytes")
        digests += [blake2b(one, digest_size=8).digest() for one in written]
        rows += some
    return ReadRows(rows, _xor(digests), size_bytes)


def total(rows: Iterable[Values]) -> int:
    """Return the checksum of these rows, in any order."""
    return reduce(xor, map(row_digest, rows), 0)


def _xor(digests: Sequence[bytes]) -> int:
    return int(np.bitwise_xor.reduce(np.frombuffer(b"".join(digests), ">i8")))


def require_intact(
    connection: sqlite3.Connection, tables: Iterable[str], read: Mapping[str, ReadRows] | None = None
) -> None:
    """Compare tables with their checksums.

    Parameters
    ----------
    tables : those of rows, as this version of the file has them
    read : rows that were read already, by table

    Raises
    ------
    ValueError : a table is not as it was written
    """
    stored = dict(connection.execute("SELECT name, digest FROM checksum").fetchall())
    known = read or {}
    changed = [
        name
        for name in (*_SUMMED, *tables)
        if name not in stored or (known.get(name) or read_rows(connection, name)).total != stored[name]
    ]
    if changed:
        raise ValueError(f"its {', '.join(sorted(changed))} changed after writing")


def write_anew(connection: sqlite3.Connection, tables: Iterable[str]) -> None:
    """Write the checksums of tables as they are: in a new document, or at the end of a migration."""
    connection.execute("DELETE FROM checksum")
    connection.executemany(
        "INSERT INTO checksum VALUES (?, ?)",
        [(name, read_rows(connection, name).total) for name in (*_SUMMED, *tables)],
    )


class Tally:
    """Changes of the checksums in one transaction."""

    def __init__(self) -> None:
        self._differences: dict[str, int] = defaultdict(int)

    def count(self, name: str, values: Values) -> None:
        """Count an added or removed row: either toggles the checksum in the same way."""
        self._differences[name] ^= row_digest(values)

    def write(self, connection: sqlite3.Connection) -> None:
        """Write the checksums that changed."""
        # SQLite has no exclusive or; this is one.
        connection.executemany(
            "UPDATE checksum SET digest = (digest | :by) - (digest & :by) WHERE name = :name",
            [{"by": by, "name": name} for name, by in self._differences.items() if by],
        )
