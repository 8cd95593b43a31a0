"""One edit is one transaction, with the checksums of the tables that it changes.

SQLite checks the structure of its pages, not their content: a flipped bit inside a number or a text would be
read as a valid value. Each table's checksum is the exclusive or of a 64-bit digest of each of its rows, so
that the time of an edit depends on its own rows, not on the length of the table
(docs/decisions/0003-document-file-sqlite-undo-stored-audio.md).
"""

from __future__ import annotations

import sqlite3
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import reduce
from hashlib import blake2b
from operator import xor
from pathlib import Path
from types import TracebackType

import numpy as np

from engine.core.errors import DocumentError
from engine.document.limits import MOST_STATE_BYTES

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
    summed = int(np.bitwise_xor.reduce(np.frombuffer(b"".join(digests), ">i8")))
    return ReadRows(rows, summed, size_bytes)


def total(rows: Iterable[Values]) -> int:
    """Return the checksum of these rows, in any order."""
    return reduce(xor, map(row_digest, rows), 0)


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


_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space and do it again",
    sqlite3.SQLITE_BUSY: "another program is writing it: do it again",
    sqlite3.SQLITE_READONLY: "it or its folder is write-protected: allow writing, or work on a copy",
    sqlite3.SQLITE_CANTOPEN: "its folder takes no new files: free some space, or work on a copy elsewhere",
    sqlite3.SQLITE_IOERR: "the disk refuses: free some space, or work on a copy on another disk",
    sqlite3.SQLITE_CORRUPT: "it has been damaged while it was open: close it and open it again",
    sqlite3.SQLITE_NOTADB: "it has been damaged while it was open: close it and open it again",
    sqlite3.SQLITE_TOOBIG: "this is more than one edit can hold: do it in parts",
}
_PATIENCE_S = 2.0
_LOOKS_EVERY_S = 0.001


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open an existing database file; a write is on the disk when it returns.

    Waits a while if another program is in the middle of a write.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_PATIENCE_S)
    try:
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        _patiently(connection, "PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def reason_of(error: sqlite3.Error) -> str:
    """Return why SQLite could not write, and the remedy."""
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))


def not_written(path: Path, reason: str) -> DocumentError:
    """Return the sentence for an edit that could not be made."""
    return DocumentError(f"{path} could not be written because {reason}; nothing was changed.")


def not_read(path: Path, error: sqlite3.Error) -> DocumentError:
    """Return the error for a failed read."""
    return DocumentError(f"{path} could not be read because {reason_of(error)}.")


def data_version(connection: sqlite3.Connection) -> int:
    """Return a number that is another once another connection has written the file."""
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _patiently(connection: sqlite3.Connection, statement: str) -> None:
    """Execute a first read as soon as no other program writes.

    SQLite waits longer from try to try, up to a tenth of a second: it would meet a program that writes
    without a pause in the middle of a write each time.
    """
    ends_s = time.monotonic() + _PATIENCE_S
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute(statement).fetchone()
                return
            except sqlite3.OperationalError as error:
                is_busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                if not is_busy or time.monotonic() >= ends_s:
                    raise
            time.sleep(_LOOKS_EVERY_S)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(1000 * _PATIENCE_S)}")


@contextmanager
def snapshot(connection: sqlite3.Connection) -> Iterator[None]:
    """Read a consistent state: all reads inside the `with` block see one moment, even if others write.

    Raises
    ------
    sqlite3.Error : another program writes it for longer than the timeout
    """
    connection.execute("BEGIN")
    try:
        _patiently(connection, "SELECT 1 FROM sqlite_schema")  # only now the file is held
        yield
    finally:
        with suppress(sqlite3.Error):
            if connection.in_transaction:
                connection.execute("ROLLBACK")


class Transaction:
    """An atomic transaction; its `with` block receives the `Tally` of its checksums.

    Parameters
    ----------
    check : called once the file is locked; an error it raises ends the transaction

    Raises
    ------
    DocumentError : the disk is full, the folder read-only, or another program holds the file
    """

    def __init__(
        self, connection: sqlite3.Connection, path: Path, check: Callable[[], None] | None = None
    ) -> None:
        self._connection = connection
        self._path = path
        self._check = check
        self._tally = Tally()

    def __enter__(self) -> Tally:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise self._sentence(error) from error
        if self._check is not None:
            try:
                self._check()
            except BaseException:
                self._roll_back()
                raise
        return self._tally

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._tally.write(self._connection)
                self._connection.execute("COMMIT")
            except sqlite3.Error as failure:
                self._roll_back()
                raise self._sentence(failure) from failure
            return
        self._roll_back()
        if isinstance(error, sqlite3.Error):
            raise self._sentence(error) from error

    def _roll_back(self) -> None:
        # Where the disk refuses even this, the journal stays and the next reader rolls back with it.
        with suppress(sqlite3.Error):
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")

    def _sentence(self, error: sqlite3.Error) -> DocumentError:
        return not_written(self._path, reason_of(error))
