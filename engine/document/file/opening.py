"""Open a document file: take the lock, check its version, its integrity and its rows, and migrate it."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.errors import DocumentError
from engine.core.files.regular_file import DocumentLock, lock_path, take_lock
from engine.core.files.safe_write import shown
from engine.core.wording import reason_of
from engine.document.file.backups import keep_backup, keep_older_version, newest_backup
from engine.document.file.checks import require_sizes
from engine.document.file.history import undo_labels
from engine.document.file.rows import NOT_AS_WRITTEN
from engine.document.file.schema import (
    SCHEMA_VERSION,
    ForeignLayoutError,
    layout_of,
    migrate,
    require_document,
    require_layout,
)
from engine.document.file.storage import TABLE_NAMES, read_state
from engine.document.file.stored_analyses import sound_analyses
from engine.document.file.stored_audio import TABLE, possible_keys, remove_audio, unnamed_keys
from engine.document.file.transaction import Transaction, connect, data_version, snapshot
from engine.document.state import DocumentState

_ELSEWHERE = "it is open in another window: close it there first"
_PROTECTED = "it is write-protected: allow writing, or copy it and open the copy"
_FOLDER = "its folder is read-only for you: copy it to another folder and open the copy"
_FULL = "the disk is full: free some space and open it again"
_LONGEST_REASON = 300
_AUDIO_BROKEN = (
    "the audio that its edits store is damaged on the disk: open a backup, or keep the rest with a snapshot"
)
TO_READ = "it was opened to be read"
_LOOKS_EVERY_S = 0.001
_NEWER = "it was made by a newer Offcut: update Offcut"


class BusyDocumentError(DocumentError):
    """A document that another program is writing; it is not damaged."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An opened document file.

    Attributes
    ----------
    undo_labels : labels of the steps that undo and redo would apply
    data_version : SQLite's, of the moment of reading
    file : status of the file when it was opened
    read_only_reason : why it is not writable, with the remedy; empty if it is
    notice : message to the user about how it was opened, else empty
    damaged : names of unreadable analyses
    audio : keys of the audio that is stored
    audio_is_broken : whether its pages are damaged
    """

    connection: sqlite3.Connection
    state: DocumentState
    undo_labels: tuple[str, str]
    data_version: int
    file: os.stat_result
    lock: DocumentLock | None
    read_only_reason: str
    notice: str
    damaged: tuple[str, ...]
    audio: frozenset[str]
    audio_is_broken: bool


def open_file(
    path: Path, lock: DocumentLock | None = None, *, to_read: bool = False, patience_s: float = 0.0
) -> Opened:
    """Open a document file, check all of it, and migrate it to this version if permitted.

    Parameters
    ----------
    lock : the right to write it, where the caller has it already; it stays the caller's when this fails
    to_read : take no right to write, so that others can write meanwhile
    patience_s : how long to wait for the right to write while another program has it

    Raises
    ------
    DocumentError : it is missing, no document, or damaged; the file is as it was
    """
    own = None
    try:
        require_document(path)
        reason = TO_READ if to_read else ""
        if lock is None and not to_read:
            own, reason = right_to_write(path, patience_s)
        return _opened(path, lock or own, reason)
    except DocumentError as error:
        if own is not None:
            own.release()
        is_there = os.path.exists(path) and not isinstance(error, BusyDocumentError)  # noqa: PTH110
        backup = newest_backup(path) if is_there else None
        if backup is None:
            raise
        raise DocumentError(f"{error} Its newest backup is {backup}.") from error


def right_to_write(path: Path, patience_s: float) -> tuple[DocumentLock | None, str]:
    """Return the lock, or why the document can only be read."""
    if not _may_write(path):
        return None, _PROTECTED
    ends_s = time.monotonic() + patience_s
    try:
        while (lock := take_lock(path)) is None and time.monotonic() < ends_s:
            time.sleep(_LOOKS_EVERY_S)
    except FileExistsError:
        return None, f"{shown(lock_path(path).name)} next to it is not a file of Offcut: remove it"
    except OSError as error:
        return None, _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else _FOLDER
    return lock, "" if lock is not None else _ELSEWHERE


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK)


def _opened(path: Path, lock: DocumentLock | None, reason: str) -> Opened:
    connection = None
    try:
        file = path.stat()
        # To read is not enough where an edit was cut off: the next reader takes that back.
        connection = connect(path, read_only=bool(reason) and not (reason == TO_READ and _may_write(path)))
        is_limited = reason not in ("", TO_READ)
        notice = f"{path.name} is open for reading only because {reason}." if is_limited else ""
        with snapshot(connection):
            is_older = _version(connection) < SCHEMA_VERSION
        if is_older and reason:
            connection = _copy_of_this_version(connection)
        elif is_older:
            old = _bring_up_to_date(connection, path)
            notice = f"{path.name} was updated to this version; a backup of the old file is {old}."
        with snapshot(connection):
            found = _sound_version(connection, with_audio=reason != TO_READ)
            if not reason and (found.audio_is_broken or found.version > SCHEMA_VERSION):
                reason = _AUDIO_BROKEN if found.audio_is_broken else _NEWER
                notice = f"{path.name} is open for reading only because {reason}."
            state = read_state(connection)
            analyses = sound_analyses(connection, state.analyses)
            opened = Opened(
                connection=connection,
                state=replace(state, analyses=analyses.current),
                undo_labels=undo_labels(connection),
                data_version=data_version(connection),
                file=file,
                lock=lock,
                read_only_reason=reason,
                notice=notice,
                damaged=analyses.damaged,
                audio=frozenset() if found.audio_is_broken else possible_keys(connection),
                audio_is_broken=found.audio_is_broken,
            )
            if not reason and state != DocumentState():
                keep_backup(connection, path)
        if not reason:
            _collect_audio(opened, path)
        return opened
    except (sqlite3.Error, OSError, *NOT_AS_WRITTEN) as error:
        if connection is not None:
            connection.close()
        raise _refusal(path, error) from error
    except DocumentError:
        if connection is not None:
            connection.close()
        raise


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of a document.

    It is asked of SQLite, not read from the first bytes: after a kill these may be of an edit that is about
    to be rolled back.
    """
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@dataclass(frozen=True, slots=True)
class _Sound:
    """Condition of a document with readable rows.

    Attributes
    ----------
    audio_is_broken : only pages of stored audio are damaged
    """

    version: int
    audio_is_broken: bool


def _sound_version(connection: sqlite3.Connection, *, with_audio: bool = True) -> _Sound:
    """Check the tables and pages of a document, and return its version.

    Parameters
    ----------
    with_audio : check every page of stored audio, too. That takes a second per gigabyte, during which other
        programs cannot write; without, damage to audio is found when it is read
    """
    version = _version(connection)
    if version < 1:
        raise ForeignLayoutError(f"there is no version {version}")
    require_layout(connection, version)
    tables = set(layout_of(min(version, SCHEMA_VERSION)))
    others = (*sorted(tables - {TABLE}), "sqlite_schema")
    if with_audio:
        found = _integrity(connection, "1")
    else:
        found = next((each for each in (_integrity(connection, one) for one in others) if each != "ok"), "ok")
        if found == "ok" and TABLE in tables:
            try:
                possible_keys(connection)
            except sqlite3.DatabaseError as error:
                found = str(error)
    is_broken = found != "ok"  # then only where the pages of stored audio alone are damaged
    if is_broken and (
        TABLE not in tables
        or any(_integrity(connection, one) != "ok" for one in others)
        or _integrity(connection, TABLE) == "ok"
    ):
        raise ValueError(found)
    require_sizes(connection, tables - {TABLE} if is_broken else tables)
    return _Sound(version, is_broken)


def _integrity(connection: sqlite3.Connection, of: str) -> str:
    return str(connection.execute(f"PRAGMA integrity_check({of})").fetchone()[0])


def _collect_audio(opened: Opened, path: Path) -> None:
    """Take audio away that neither the rows nor the history name; the next opening tries again."""

    def require_unchanged() -> None:
        if data_version(opened.connection) != opened.data_version:
            raise _busy(path)

    with suppress(sqlite3.Error, DocumentError):
        if unnamed_keys(opened.connection):
            with Transaction(opened.connection, path, check=require_unchanged):
                remove_audio(opened.connection, unnamed_keys(opened.connection))


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> Path:
    """Migrate a document in place and return the path of the old copy; a refused one stays unchanged."""
    with snapshot(connection):
        version, seen = _sound_version(connection).version, data_version(connection)
        old = keep_older_version(connection, path, version)

    def require_unchanged() -> None:
        if data_version(connection) != seen:
            raise _busy(path)

    with Transaction(connection, path, check=require_unchanged):
        migrate(connection, version, TABLE_NAMES)
        read_state(connection)
    return old


def _copy_of_this_version(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Copy a document that may not be written, so that it can be brought to this version all the same."""
    with closing(connection), snapshot(connection):
        version = _sound_version(connection).version
        copy = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(copy)
    migrate(copy, version, TABLE_NAMES)
    return copy


def _busy(path: Path) -> DocumentError:
    return BusyDocumentError(f"{path} is being written by another program: try again.")


def _refusal(path: Path, error: Exception) -> DocumentError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK or code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        return DocumentError(
            f"{path} was left in the middle of an edit, which cannot be taken back where you may not write: "
            f"copy it together with {path.name}-journal to another folder and open it there."
        )
    if code & 0xFF == sqlite3.SQLITE_BUSY:
        return _busy(path)
    if isinstance(error, ForeignLayoutError):
        return DocumentError(f"{path} is not an Offcut document ({error}) and was left as it is.")
    if isinstance(error, OSError):
        return DocumentError(f"{path} cannot be read: {reason_of(error)}.")
    what = " ".join(str(error).split())[:_LONGEST_REASON]
    return DocumentError(f"{path} is damaged ({what}) and was left as it is: take a backup or another copy.")
