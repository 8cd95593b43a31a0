"""SQLite files of the user's data folder: made when first needed, and set aside when damaged.

Two programs may use one at once; after a kill, the last whole transaction counts.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.core.errors import OffcutError
from engine.core.files.safe_write import shown
from engine.document.file.transaction import connect, reason_of

_log = logging.getLogger(__name__)
_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)
_JOURNAL = "-journal"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A kind of SQLite file.

    Attributes
    ----------
    holds : its content, in the plural: "known songs"
    way_on : the last half of the sentence about a damaged file: how to have the content again
    application_id, version : in the file's head
    statements : make its tables
    """

    holds: str
    way_on: str
    application_id: int
    version: int
    statements: Sequence[str]

    @contextmanager
    def reading(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Yield a connection, one snapshot for all reads.

        Raises
        ------
        OffcutError : the file cannot be used, or it is damaged and was renamed
        """
        with self._transaction(path, "BEGIN") as connection:
            yield connection

    @contextmanager
    def writing(self, path: Path) -> Iterator[sqlite3.Connection]:
        """Yield a connection for changes that are stored together, at the end, or not at all.

        Raises
        ------
        OffcutError : see `reading`
        """
        with self._transaction(path, "BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def _transaction(self, path: Path, begin: str) -> Iterator[sqlite3.Connection]:
        with self._explained(path), closing(self._opened(path)) as connection:
            connection.execute(begin)
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _opened(self, path: Path) -> sqlite3.Connection:
        """Open the file, or a new one in place of a damaged one, which is renamed."""
        with self._explained(path):
            try:
                return self._connected(path)
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
            _log.warning(self._renamed(path))
            return self._connected(path)

    def _connected(self, path: Path) -> sqlite3.Connection:
        path.touch()
        connection = connect(path)
        try:
            self._prepare(connection, path)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection, path: Path) -> None:
        """Make the tables of a new file, and check the head of another.

        Raises
        ------
        OffcutError : a newer version of Offcut made it
        sqlite3.DatabaseError : it is damaged, or another program's
        """
        if self._head(connection) == (0, 0):
            connection.execute("BEGIN IMMEDIATE")  # two programs at once: the second one finds it made
            if self._head(connection) == (0, 0):
                for statement in self.statements:
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {self.application_id}")
                connection.execute(f"PRAGMA user_version = {self.version}")
            connection.execute("COMMIT")
        application_id, version = self._head(connection)
        if application_id == self.application_id and version > self.version:
            raise OffcutError(f"A newer Offcut wrote {shown(path)}: update Offcut to use its {self.holds}.")
        if application_id != self.application_id:
            error = sqlite3.DatabaseError("the file is another program's")
            error.sqlite_errorcode = sqlite3.SQLITE_NOTADB
            raise error

    def _head(self, connection: sqlite3.Connection) -> tuple[int, int]:
        read = (
            connection.execute(f"PRAGMA {name}").fetchone() for name in ("application_id", "user_version")
        )
        application_id, version = (int(row[0]) for row in read)
        return application_id, version

    @contextmanager
    def _explained(self, path: Path) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if _is_damage(error):
                raise OffcutError(self._renamed(path)) from error
            raise OffcutError(f"{shown(path)} cannot be used because {reason_of(error)}.") from error
        except OSError as error:
            raise OffcutError(f"{shown(path)} cannot be used: {error.strerror or error}.") from error

    def _renamed(self, path: Path) -> str:
        """Rename a damaged file and its journal; return the sentence about it."""
        aside = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
        with suppress(FileNotFoundError):  # another program was faster
            path.rename(aside)
            with suppress(FileNotFoundError):
                path.with_name(path.name + _JOURNAL).rename(aside.with_name(aside.name + _JOURNAL))
        return f"The {self.holds} in {shown(path)} were damaged: the file is now {aside.name}. {self.way_on}"


def remove(path: Path) -> None:
    """Remove a file, its journal, and damaged ones that were set aside.

    Raises
    ------
    OffcutError : one cannot be removed
    """
    try:
        for one in (path, path.with_name(path.name + _JOURNAL), *path.parent.glob(f"{path.name}.damaged-*")):
            one.unlink(missing_ok=True)
    except OSError as error:
        raise OffcutError(f"{shown(path)} cannot be removed: {error.strerror or error}.") from error


def _is_damage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGED
