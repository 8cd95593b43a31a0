"""One edit, one transaction: all of it is on disk, or nothing of it is."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from engine.document.checksums import Tally
from engine.errors import DocumentError

_REASONS = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space and do it again",
    sqlite3.SQLITE_BUSY: "another program is writing it: do it again",
    sqlite3.SQLITE_READONLY: "it or its folder is write-protected: allow writing, or work on a copy",
    sqlite3.SQLITE_CANTOPEN: "its folder takes no new files: free some space, or work on a copy elsewhere",
    sqlite3.SQLITE_IOERR: "the disk refuses: free some space, or work on a copy on another disk",
    sqlite3.SQLITE_CORRUPT: "it has been damaged while it was open: close it and open it again",
    sqlite3.SQLITE_NOTADB: "it has been damaged while it was open: close it and open it again",
}


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open a database file that exists; a write is on the disk before it is said to be done."""
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rw'}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=2.0)
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def reason_of(error: sqlite3.Error) -> str:
    """Say in words why SQLite could not write, and what to do."""
    return _REASONS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF, str(error))


def not_written(path: Path, reason: str) -> DocumentError:
    """Return the sentence for an edit that could not be made."""
    return DocumentError(f"{path} could not be written because {reason}; nothing was changed.")


class Transaction:
    """All that is done inside the `with` block, or nothing of it; gives the `Tally` of its checksums.

    Parameters
    ----------
    check : called once the file is locked; what it raises ends the transaction

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
