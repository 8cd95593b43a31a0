"""One open `.offcut` file: its state, its edits, undo and redo. Works without a window."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from types import TracebackType

from engine.document import history, storage
from engine.document.analysis import Analysis
from engine.document.backups import keep_backup, newest_backup
from engine.document.change import Change, Edit, RowChange, change_of
from engine.document.state import DocumentState
from engine.errors import DocumentError


class Document:
    """An open document. Every edit is on disk when the method that made it returns.

    Attributes
    ----------
    path : the file
    state : all it holds at this moment, frozen
    notice : one sentence where the document was opened in a way the user must know of, else empty
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        state: DocumentState,
        *,
        read_only: bool = False,
        notice: str = "",
    ) -> None:
        self.path = path
        self.notice = notice
        self.state = state
        self._connection = connection
        self._read_only = read_only
        self._seen_version = self._data_version()

    @classmethod
    def create(cls, path: Path) -> Document:
        """Make a new, empty document.

        Raises
        ------
        DocumentError : something with that name exists, or the folder cannot be written
        """
        return cls(path, storage.create(path), DocumentState())

    @classmethod
    def open(cls, path: Path) -> Document:
        """Open a document, check it, and keep a backup of it.

        A document of a newer Offcut opens read-only and says so in `notice`.

        Raises
        ------
        DocumentError : the file is missing, is no document, or is damaged; it is left as it is
        """
        version = storage.schema_version(path)
        is_newer = version > storage.SCHEMA_VERSION
        try:
            connection, state = storage.open_existing(path, read_only=is_newer)
        except DocumentError as error:
            backup = newest_backup(path)
            advice = f"Open its backup {backup} instead." if backup else "Restore it from your own backup."
            raise DocumentError(f"{error} {advice}") from error
        if is_newer:
            notice = f"{path.name} was made by a newer Offcut, so it is open for reading only; update Offcut."
            return cls(path, connection, state, read_only=True, notice=notice)
        keep_backup(connection, path)
        return cls(path, connection, _without_damaged_analyses(connection, state))

    def close(self) -> None:
        """Close the file; nothing is left to save."""
        self._connection.close()

    def __enter__(self) -> Document:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def undo_label(self) -> str:
        """What undo would take back, or nothing."""
        step = history.last_done(self._connection)
        return "" if step is None else step.label

    @property
    def redo_label(self) -> str:
        """What redo would do again, or nothing."""
        step = history.first_undone(self._connection)
        return "" if step is None else step.label

    def apply(self, edit: Edit, analyses: dict[str, Analysis] | None = None) -> Change:
        """Write an edit, and the analyses it refers to by id, in one transaction.

        An edit that changes nothing is no step of the history.

        Raises
        ------
        DocumentError : the file cannot be written, or another program changed it; nothing was changed
        """
        if not edit.changes and not analyses:
            return Change(edit.label)
        with self._writing():
            for analysis_id, analysis in (analyses or {}).items():
                storage.write_analysis(self._connection, analysis_id, analysis)
            storage.write_rows(self._connection, edit.changes)
            if edit.changes:
                history.push(self._connection, edit.label, edit.changes, edit.merges_as)
        return self._swap(edit.label, edit.changes)

    def undo(self) -> Change | None:
        """Take the last edit back; None where there is none."""
        step = history.last_done(self._connection)
        if step is None:
            return None
        return self._replay(step, tuple(change.inverse for change in step.changes), undone=True)

    def redo(self) -> Change | None:
        """Do the last edit that was undone again; None where there is none."""
        step = history.first_undone(self._connection)
        if step is None:
            return None
        return self._replay(step, step.changes, undone=False)

    def _replay(self, step: history.Step, changes: tuple[RowChange, ...], *, undone: bool) -> Change:
        with self._writing():
            storage.write_rows(self._connection, changes)
            history.mark(self._connection, step, undone=undone)
        return self._swap(step.label, changes)

    def analysis(self, kind: str) -> Analysis | None:
        """Return the analysis of a kind ("score", "beats", "listening") in force, or None."""
        analysis_id = self.state.analyses.get(kind)
        return None if analysis_id is None else storage.read_analysis(self._connection, analysis_id)

    def snapshot(self, name: str) -> Path:
        """Write the document as it is now into a file of its own below "<document> snapshots".

        Raises
        ------
        DocumentError : a snapshot of that name exists, or the folder cannot be written
        """
        folder = self.path.with_name(f"{self.path.stem} snapshots")
        target = folder / f"{name.replace('/', '-')}.offcut"
        try:
            folder.mkdir(exist_ok=True)
            target.open("xb").close()
            with closing(sqlite3.connect(target)) as copy:
                self._connection.backup(copy)
        except FileExistsError as error:
            raise DocumentError(f"There is a snapshot {name!r} already; choose another name.") from error
        except (OSError, sqlite3.Error) as error:
            raise DocumentError(f"The snapshot {target} could not be written: {error}.") from error
        return target

    def _data_version(self) -> int:
        return int(self._connection.execute("PRAGMA data_version").fetchone()[0])

    def _writing(self) -> storage.Transaction:
        if self._read_only:
            raise DocumentError(f"{self.path.name} is open for reading only; nothing was changed.")
        return storage.Transaction(self._connection, self.path, check=self._check_unchanged)

    def _check_unchanged(self) -> None:
        if self._data_version() != self._seen_version:
            raise DocumentError(
                f"{self.path.name} was changed by another program; open it again. Nothing was changed here."
            )

    def _swap(self, label: str, changes: tuple[RowChange, ...]) -> Change:
        self.state = storage.apply_rows(self.state, changes)
        return change_of(label, changes)


def _without_damaged_analyses(connection: sqlite3.Connection, state: DocumentState) -> DocumentState:
    """Forget the analyses that cannot be read, so that they are made again as if they never were."""
    sound = {
        kind: key
        for kind, key in state.analyses.items()
        if storage.read_analysis(connection, key) is not None
    }
    return state if len(sound) == len(state.analyses) else replace(state, analyses=sound)


def analysis_id(kind: str, *inputs: object) -> str:
    """Return the id of an analysis: the same inputs heard by the same maker give the same id."""
    digest = blake2b("/".join(str(part) for part in inputs).encode(), digest_size=8)
    return f"{kind}-{digest.hexdigest()}"
