"""One open `.offcut` file: its state, its edits, undo and redo. Works without a window."""

from __future__ import annotations

import os
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from types import TracebackType

from engine.core.errors import DocumentError, ExportError
from engine.core.files.regular_file import take_lock
from engine.core.wording import counted
from engine.document.analysis import Analysis
from engine.document.file import history, storage
from engine.document.file.backups import RowCopies, backups, copy_beside, copy_database
from engine.document.file.checks import require_coherent
from engine.document.file.opening import TO_READ, Opened, open_file, right_to_write
from engine.document.file.stored_analyses import is_of_kind, name_of, read_analysis, write_analysis
from engine.document.file.stored_audio import StoredAudio, keys_of, read_audio, write_audio
from engine.document.file.transaction import Tally, Transaction, data_version, not_read, not_written, snapshot
from engine.document.state import Change, DocumentState, Edit, RowChange, change_of


class Document:
    """An open document. Every edit is on disk when the method that made it returns.

    Attributes
    ----------
    path : the file
    state : its present content, frozen
    undo_label, redo_label : labels of the steps that undo and redo would apply, or ""
    """

    def __init__(self, path: Path, opened: Opened) -> None:
        self.path = path
        self._show(opened)

    def _show(self, opened: Opened) -> None:
        self.state = opened.state
        self.undo_label, self.redo_label = opened.undo_labels
        self._damaged = opened.damaged
        self._audio = opened.audio
        self._audio_is_broken = opened.audio_is_broken
        self._how_opened = opened.notice
        self._connection = opened.connection
        self._lock = opened.lock
        self._read_only_reason = opened.read_only_reason
        self._seen_version = opened.data_version
        self._file = opened.file
        self._analyses: dict[str, Analysis] = {}
        self._steps: tuple[history.StepLabel, ...] = ()
        self._first_new_step: int | None = 0

    @classmethod
    def create(cls, path: Path, fill: Callable[[Document], None] | None = None) -> Document:
        """Make a new document: whole, or not at all.

        Parameters
        ----------
        fill : makes the first edits, before the file has its name; without it the document is empty

        Raises
        ------
        DocumentError : something with that name exists, or the folder cannot be written
        """

        def make(part: Path) -> None:
            lock = take_lock(path)
            if lock is None:
                raise not_written(path, "another program is making it: try again")
            with cls(part, open_file(part, lock)) as document:
                document._connection.execute("PRAGMA journal_mode = MEMORY")  # a kill leaves no journal
                assert fill is not None
                fill(document)

        storage.create(path, None if fill is None else make)
        return cls.open(path)

    @classmethod
    def open(cls, path: Path, *, to_read: bool = False, patience_s: float = 0.0) -> Document:
        """Open a document, check it, and make a backup of it.

        A document that another window has open, that is not writable or that a newer Offcut made opens for
        reading only, with a `notice`. One of an older version is migrated, and a copy of the old file is
        stored.

        Parameters
        ----------
        to_read : open it without the right to write, so that others can write it meanwhile; no backup is made
        patience_s : time to wait while another program holds the lock

        Raises
        ------
        DocumentError : the file is missing, is not a document, or is damaged; it is left unchanged
        """
        return cls(path, open_file(path, to_read=to_read, patience_s=patience_s))

    @classmethod
    def open_backup(cls, path: Path) -> Document:
        """Open a copy of the newest intact backup of a document, next to it; `path` is left unchanged.

        Raises
        ------
        DocumentError : no backup is intact, or the folder cannot be written
        """
        for backup in backups(path):
            target = copy_beside(backup, path)
            try:
                return cls.open(target)
            except DocumentError:
                target.unlink()
        raise DocumentError(f"There is no intact backup of {path}; restore it from your own backup.")

    def reopened(self) -> Document:
        """Read the file again, after another program changed it; this one is closed.

        Raises
        ------
        DocumentError : as `open`; this one stays open then
        """
        again = Document(self.path, open_file(self.path, self._lock))
        self._lock = None
        self.close()
        return again

    @contextmanager
    def unlocked(self, patience_s: float = 0.0) -> Iterator[None]:
        """Let other programs write the document inside the block, and read it again if they did.

        Parameters
        ----------
        patience_s : how long to wait for the right to write after the block

        Raises
        ------
        DocumentError : it cannot be written, before or after the block; or as `open`
        """
        self.require_writable()
        assert self._lock is not None, "who may write has it"
        self._lock.release()
        self._read_only_reason = TO_READ
        yield
        self._require_in_place()
        self._lock, self._read_only_reason = right_to_write(self.path, patience_s)
        self.require_writable()
        with self._reading():
            is_changed = data_version(self._connection) != self._seen_version
        if is_changed:
            again = open_file(self.path, self._lock)
            self._connection.close()
            self._show(again)

    def close(self) -> None:
        """Close the file; nothing is left to save."""
        self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> Document:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def is_read_only(self) -> bool:
        """Whether edits are refused."""
        return bool(self._read_only_reason)

    def require_writable(self) -> None:
        """Refuse a document that was opened to read, before work whose result could not be stored.

        Raises
        ------
        DocumentError : it cannot be written; the message has the reason and the remedy
        """
        if self._read_only_reason:
            raise not_written(self.path, self._read_only_reason)

    @property
    def is_new(self) -> bool:
        """Whether it is empty and has no history."""
        return self.state == DocumentState() and not (self.undo_label or self.redo_label)

    @property
    def damage(self) -> str:
        """Messages about unreadable analyses and stored audio, else empty."""
        lost = [
            one for one in self.state.proposals.values() if not self._audio.issuperset(keys_of(one.payload))
        ]
        audio = (
            f"Of {self.path.name} the audio of {counted(len(lost), lost[0].kind)} cannot be read, the rest "
            "is intact: the recording plays there."
            if lost
            else ""
        )
        return " ".join(filter(None, (self._lost_analyses, audio)))

    @property
    def _lost_analyses(self) -> str:
        if not self._damaged:
            return ""
        return (
            f"Of {self.path.name} {' and '.join(self._damaged)} cannot be read and were left out, the rest "
            "is intact: analyse the recording again."
        )

    @property
    def notice(self) -> str:
        """Message to the user about how the document was opened and about damage, else empty."""
        return " ".join(filter(None, (self._how_opened, self.damage)))

    @property
    def notice_without_audio(self) -> str:
        """The same without stored audio: for callers that report each lost edit themselves."""
        return " ".join(filter(None, (self._how_opened, self._lost_analyses)))

    def steps(self) -> tuple[history.StepLabel, ...]:
        """Return every step of undo and redo, the oldest first; undone steps come last.

        Raises
        ------
        DocumentError : the file cannot be read
        """
        first = self._first_new_step
        if first is not None:  # of a long history only what changed is read again
            known = bisect_left(self._steps, first, key=attrgetter("number"))
            with self._reading():
                self._steps = self._steps[:known] + history.steps(self._connection, first)
            self._first_new_step = None
        return self._steps

    def _read_steps_from(self, number: int) -> None:
        known = self._first_new_step
        self._first_new_step = number if known is None else min(number, known)

    def step_decisions(self, number: int) -> tuple[RowChange, ...]:
        """Return the decisions that a step of the history changed.

        Raises
        ------
        DocumentError : the step is damaged, or the file cannot be read
        """
        with self._reading():
            return history.step_decisions(self._connection, number)

    @property
    def audio_files(self) -> Mapping[str, Path]:
        """File of each stored audio, by key, to be passed to renderers together with the media."""
        return dict.fromkeys(self._audio, self.path)

    def stored_audio(self, key: str) -> StoredAudio:
        """Return audio that was stored with an edit.

        Raises
        ------
        DocumentError : it is missing or damaged, or the file cannot be read
        """
        found = None
        if key in self._audio:
            with self._reading():
                found = read_audio(self._connection, key)
        if found is None:
            raise DocumentError(
                f"The audio {key} of {self.path.name} is missing or damaged, the rest of the document is "
                "whole: make the edit that plays it again."
            )
        return found

    def apply(
        self,
        edit: Edit,
        analyses: Mapping[str, Analysis] | None = None,
        audio: Sequence[StoredAudio] = (),
    ) -> Change:
        """Write an edit, and the analyses and the audio it refers to, in one transaction.

        An edit without changes does not add a step to the history, and stores no audio.

        Raises
        ------
        DocumentError : the file cannot be written, another program changed it, or the edit is invalid; the
            document is unchanged
        """
        if not edit.changes and not analyses:
            return Change(edit.label)
        with self._writing() as tally:
            after = storage.apply_rows(self.state, edit.changes)
            for key, analysis in (analyses or {}).items():
                write_analysis(self._connection, tally, key, analysis)
            for one in audio if edit.changes else ():
                write_audio(self._connection, one)
            storage.write_rows(self._connection, tally, edit.changes)
            if edit.changes:
                joined = history.join(self._connection, tally, edit.changes) if edit.by_listening else None
                self._read_steps_from(joined or history.last_done_number(self._connection))
                if joined is None:
                    history.push(self._connection, tally, edit.label, edit.changes, edit.merges_as)
            labels = history.undo_labels(self._connection)
        self._stand_at(after, labels)
        self._analyses |= analyses or {}
        if edit.changes:
            self._audio |= {one.key for one in audio}
            return change_of(edit.label, edit.changes)
        # Analyses that come without an edit are active ones, computed again.
        active = (kind for kind, key in self.state.analyses.items() if key in (analyses or {}))
        return Change(edit.label, analyses=frozenset(active))

    def undo(self) -> Change | None:
        """Undo the last edit; None if there is nothing to undo.

        Raises
        ------
        DocumentError : as `apply`; or the step is damaged
        """
        return self._replay(history.last_done, undone=True)

    def redo(self) -> Change | None:
        """Redo the last undone edit; None if there is nothing to redo.

        Raises
        ------
        DocumentError : as `apply`; or the step is damaged
        """
        return self._replay(history.first_undone, undone=False)

    def _replay(
        self, find: Callable[[sqlite3.Connection], history.Step | None], *, undone: bool
    ) -> Change | None:
        with self._writing() as tally:
            step = find(self._connection)
            if step is None:
                return None
            changes = tuple(change.inverse for change in step.changes) if undone else step.changes
            after = storage.apply_rows(self.state, changes)
            storage.write_rows(self._connection, tally, changes)
            self._read_steps_from(step.number)
            history.mark(self._connection, tally, step, undone=undone)
            require_coherent(after)
            labels = history.undo_labels(self._connection)
        self._stand_at(after, labels)
        return change_of(step.label, changes)

    def _stand_at(self, state: DocumentState, labels: tuple[str, str]) -> None:
        """Show the state just written."""
        self.state = state
        self.undo_label, self.redo_label = labels
        current = set(state.analyses.values())
        self._analyses = {key: one for key, one in self._analyses.items() if key in current}

    def analysis(self, kind: str) -> Analysis | None:
        """Return the current analysis of a kind ("score", "nearest", "beats", "listening"), or None.

        An unreadable one stops being current, and `damage` names it.

        Raises
        ------
        DocumentError : the file cannot be read
        """
        key = self.state.analyses.get(kind)
        if key is None:
            return None
        if key not in self._analyses:
            with self._reading():
                found = read_analysis(self._connection, key)
            if found is None or not is_of_kind(found, kind):
                self._damaged = tuple(dict.fromkeys((*self._damaged, name_of(kind))))
                others = {name: one for name, one in self.state.analyses.items() if name != kind}
                self.state = replace(self.state, analyses=others)
                return None
            self._analyses[key] = found
        return self._analyses[key]

    def stored_analysis(self, analysis_id: str) -> Analysis | None:
        """Return an analysis, current or not; None if it is not stored, or damaged.

        Raises
        ------
        DocumentError : the file cannot be read
        """
        with self._reading():
            return read_analysis(self._connection, analysis_id)

    def snapshot(self, name: str) -> Path:
        """Write the document as it is now into a file of its own below "<document> snapshots".

        Raises
        ------
        DocumentError : a snapshot of that name exists, or the folder cannot be written
        """
        folder = self.path.with_name(f"{self.path.stem} snapshots")
        target = folder / f"{name.replace('/', '-')}.offcut"
        if target.exists():
            raise DocumentError(f"There is a snapshot {name!r} already; choose another name.")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            copy_database(
                self._connection, target, rows=RowCopies.READABLE_AUDIO if self._audio_is_broken else None
            )
        except (ExportError, OSError, sqlite3.Error) as error:
            raise DocumentError(f"The snapshot {target} could not be written: {error}") from error
        return target

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            with snapshot(self._connection):
                yield
        except sqlite3.Error as error:
            raise not_read(self.path, error) from error

    @contextmanager
    def _writing(self) -> Iterator[Tally]:
        self.require_writable()
        self._require_in_place()
        is_ours = False

        def check() -> None:
            nonlocal is_ours
            if data_version(self._connection) != self._seen_version:
                changed = f"{self.path.name} was changed by another program; open it again."
                raise DocumentError(f"{changed} Nothing was changed here.")
            is_ours = True

        try:
            with Transaction(self._connection, self.path, check=check) as tally:
                yield tally
        except BaseException as error:
            if is_ours:  # taking back what did not fit on the disk counts as a change of the file
                with suppress(sqlite3.Error):
                    self._seen_version = data_version(self._connection)
            if isinstance(error, ValueError):
                raise not_written(self.path, f"no document can hold it ({error})") from error
            raise

    def _require_in_place(self) -> None:
        """Refuse to write into a file that was moved or deleted, where the changes would be lost."""
        found = None
        with suppress(OSError):
            found = self.path.stat()
        if found is None:
            raise not_written(
                self.path,
                "it was moved or deleted while it was open: put it back, or keep all it held with a snapshot",
            )
        if not os.path.samestat(found, self._file):
            raise not_written(self.path, "another file was put in its place: open it again")
