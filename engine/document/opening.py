"""Open a document file: who may write it, is it sound, is it of this version."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from engine.document.backups import keep_backup, keep_older_version, newest_backup
from engine.document.lock import DocumentLock, lock_path, take_lock
from engine.document.migrations import migrate
from engine.document.schema import SCHEMA_VERSION, require_document
from engine.document.state import DocumentState
from engine.document.storage import TABLE_NAMES, read_state
from engine.document.transaction import Transaction, connect
from engine.errors import DocumentError
from engine.safe_write import shown

_ELSEWHERE = "it is open in another window: close it there first"
_PROTECTED = "it is write-protected: allow writing, or copy it and open the copy"
_FOLDER = "its folder is read-only for you: copy it to another folder and open the copy"
_FULL = "the disk is full: free some space and open it again"
_NEWER = "it was made by a newer Offcut: update Offcut"


@dataclass(frozen=True, slots=True)
class Opened:
    """A document file that was opened.

    Attributes
    ----------
    read_only_reason : why it may not be written, with what to do about it; empty where it may
    notice : one sentence the user must know of how it was opened, else empty
    """

    connection: sqlite3.Connection
    state: DocumentState
    lock: DocumentLock | None = None
    read_only_reason: str = ""
    notice: str = ""


def open_file(path: Path, lock: DocumentLock | None = None) -> Opened:
    """Open a document file, check all of it, and bring it to this version where that may be done.

    Parameters
    ----------
    lock : the right to write it, where the caller has it already; it stays the caller's when this fails

    Raises
    ------
    DocumentError : it is missing, no document, or damaged; the file is as it was
    """
    own = None
    try:
        require_document(path)
        reason = ""
        if lock is None:
            own, reason = _right_to_write(path)
        return _opened(path, lock or own, reason)
    except DocumentError as error:
        if own is not None:
            own.release()
        backup = newest_backup(path) if os.path.exists(path) else None  # noqa: PTH110
        if backup is None:
            raise
        raise DocumentError(f"{error} Its newest backup is {backup}.") from error


def _right_to_write(path: Path) -> tuple[DocumentLock | None, str]:
    """Return the lock, or why the document can only be read."""
    if not os.access(path, os.W_OK):
        return None, _PROTECTED
    try:
        lock = take_lock(path)
    except FileExistsError:
        return None, f"{shown(lock_path(path).name)} beside it is no file of Offcut's: remove it"
    except OSError as error:
        return None, _FULL if error.errno in (errno.ENOSPC, errno.EDQUOT) else _FOLDER
    return lock, "" if lock is not None else _ELSEWHERE


def _opened(path: Path, lock: DocumentLock | None, reason: str) -> Opened:
    connection = None
    try:
        connection = connect(path, read_only=bool(reason))
        version = _sound_version(connection)
        if version > SCHEMA_VERSION:
            reason = reason or _NEWER
            connection.close()
            connection = connect(path, read_only=True)
        notice = f"{path.name} is open for reading only because {reason}." if reason else ""
        if version < SCHEMA_VERSION and reason:
            connection = _in_memory(connection)
            migrate(connection, version, TABLE_NAMES)
        elif version < SCHEMA_VERSION:
            kept = keep_older_version(connection, path, version)
            with Transaction(connection, path):
                migrate(connection, version, TABLE_NAMES)
            notice = f"{path.name} was brought up to date; as an older Offcut left it, it is kept in {kept}."
        state = read_state(connection)
        if not reason and state != DocumentState():
            keep_backup(connection, path)
        return Opened(connection, state, lock, reason, notice)
    except (sqlite3.Error, ValueError, TypeError, KeyError, AttributeError) as error:
        if connection is not None:
            connection.close()
        raise _refusal(path, error) from error
    except DocumentError:
        if connection is not None:
            connection.close()
        raise


def _sound_version(connection: sqlite3.Connection) -> int:
    """Return the version of a document whose pages hang together.

    The version is asked of SQLite, not read from the first bytes: after a kill these may be of an edit that
    is about to be rolled back.
    """
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise ValueError(found)
    if version < 1:
        raise ValueError(f"there is no version {version}")
    return version


def _in_memory(connection: sqlite3.Connection) -> sqlite3.Connection:
    """Copy a document that may not be written, so that it can be brought to this version all the same."""
    with closing(connection):
        copy = sqlite3.connect(":memory:", isolation_level=None)
        connection.backup(copy)
    return copy


def _refusal(path: Path, error: Exception) -> DocumentError:
    code = getattr(error, "sqlite_errorcode", 0)
    if code == sqlite3.SQLITE_READONLY_ROLLBACK or code & 0xFF == sqlite3.SQLITE_CANTOPEN:
        return DocumentError(
            f"{path} was left in the middle of an edit, which cannot be taken back where you may not write: "
            f"copy it together with {path.name}-journal to another folder and open it there."
        )
    if code & 0xFF == sqlite3.SQLITE_BUSY:
        return DocumentError(f"{path} is being written by another program: try again.")
    return DocumentError(f"{path} is damaged ({error}) and was left as it is: take a backup or another copy.")
