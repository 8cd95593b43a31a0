"""How documents open that may not be written, were left in the middle, or are written by others meanwhile."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses, set_settings
from engine.document.file import schema as migrations
from engine.document.file import transaction
from engine.document.file.opening import BusyDocumentError
from engine.document.file.schema import SCHEMA_VERSION
from engine.document.file.transaction import connect, data_version, reason_of, snapshot
from tests.engine.document.scripted import ANALYSES, review
from tests.engine.document.test_migrations import OLDER


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A document in the middle of a review, opened by nobody."""
    review(tmp_path / "jam.offcut", 10)
    return tmp_path / "jam.offcut"


def write(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute(statement)


@contextmanager
def held(path: Path) -> Iterator[sqlite3.Connection]:
    """Have another program in the middle of a write that nobody may look at."""
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def protected(path: Path, patch: pytest.MonkeyPatch) -> None:
    """Let nobody write a file: to who may do anything its mode says nothing."""
    may = os.access
    patch.setattr(os, "access", lambda name, how: name != path and may(name, how))


@pytest.mark.parametrize("version", OLDER)
def test_an_older_document_that_may_not_be_written_is_read_as_if_it_were_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: int
) -> None:
    state, path = review(tmp_path / "new.offcut"), tmp_path / "old.offcut"
    path.write_bytes(OLDER[version].read_bytes())
    with monkeypatch.context() as patch:
        protected(path, patch)
        with Document.open(path) as document:
            assert document.state == state
            assert document.notice == (
                "old.offcut is open for reading only because it is write-protected: allow writing, or copy "
                "it and open the copy."
            )
            with pytest.raises(DocumentError, match="nothing was changed"):
                document.apply(set_settings(state, {"minimum_kept_s": 5.0}, "Set"))
            assert document.analysis("beats") is not None
    assert path.read_bytes() == OLDER[version].read_bytes()


def test_what_a_newer_offcut_made_is_read_and_says_so(path: Path) -> None:
    write(path, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with Document.open(path) as document:
        assert document.state.proposals
        assert document.notice == (
            "jam.offcut is open for reading only because it was made by a newer Offcut: update Offcut."
        )
    write(path, f"PRAGMA user_version = {SCHEMA_VERSION}")
    with Document.open(path) as document:
        assert (document.notice, document.is_read_only) == ("", False)


@pytest.mark.parametrize("version", [0, -1])
def test_a_version_that_is_none_is_refused(path: Path, version: int) -> None:
    write(path, f"PRAGMA user_version = {version}")
    with pytest.raises(DocumentError, match=f"is not an Offcut document .there is no version {version}."):
        Document.open(path)


def test_who_is_in_the_middle_of_a_write_is_waited_for_and_then_told_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.02)
    with held(path):
        with pytest.raises(BusyDocumentError) as told:
            Document.open(path)
        assert str(told.value) == f"{path} is being written by another program: try again."
        with closing(sqlite3.connect(path, timeout=0)) as raw, pytest.raises(sqlite3.Error) as locked:
            raw.execute("SELECT * FROM track")
        assert reason_of(locked.value) == "another program is writing it: do it again"
    with Document.open(path) as document:
        assert not document.is_read_only


def test_a_document_opens_once_a_write_of_another_program_ends(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with held(path) as other:
        monkeypatch.setattr(time, "sleep", lambda _s: other.execute("COMMIT"))  # it ends while we wait
        with Document.open(path) as document:
            assert not document.is_read_only


def test_an_edit_that_meets_a_reader_is_refused_and_the_next_one_made(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.02)
    with Document.open(path) as document:
        edit = set_settings(document.state, {"minimum_kept_s": 5.0}, "Set")
        is_refused = pytest.raises(DocumentError, match="nothing was changed")
        with closing(connect(path, read_only=True)) as reading, snapshot(reading), is_refused:
            document.apply(edit)
        document.apply(edit)
        after = document.state
    with Document.open(path) as document:
        assert document.state == after


def test_the_garbage_collector_runs_again_once_a_document_is_open(path: Path) -> None:
    with Document.open(path):
        assert gc.isenabled()


def test_an_open_document_that_another_program_holds_stays_as_it_was(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transaction, "_PATIENCE_S", 0.02)
    with Document.open(path) as document:
        before = document.state
        with held(path):
            with pytest.raises(DocumentError, match="could not be written because another program is writ"):
                document.apply(set_settings(before, {"minimum_kept_s": 5.0}, "Set"))
            with pytest.raises(DocumentError) as told:
                document.stored_analysis("beats-1")
            assert str(told.value) == (
                f"{path} could not be read because another program is writing it: do it again."
            )
        assert document.state is before
        document.apply(set_settings(before, {"minimum_kept_s": 5.0}, "Set"))


def test_a_moment_is_held_only_as_long_as_somebody_looks(path: Path) -> None:
    with closing(connect(path)) as one, closing(connect(path)) as other:
        seen = data_version(one)
        with snapshot(one):
            assert one.in_transaction
            with snapshot(other):  # two may look at once
                assert other.in_transaction
            other.execute("PRAGMA busy_timeout = 0")
            with pytest.raises(sqlite3.OperationalError, match="locked"):
                other.execute("DELETE FROM marker")
        assert not one.in_transaction
        other.execute("DELETE FROM marker")
        assert data_version(one) != seen
        with pytest.raises(ZeroDivisionError), snapshot(one):
            raise ZeroDivisionError
        assert not one.in_transaction


def test_a_connection_is_safe_and_patient(path: Path) -> None:
    with closing(connect(path)) as writing, closing(connect(path, read_only=True)) as reading:
        for one in (writing, reading):
            assert one.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
            assert one.execute("PRAGMA busy_timeout").fetchone() == (2_000,)
            assert one.execute("PRAGMA trusted_schema").fetchone() == (0,)
            assert one.execute("PRAGMA cell_size_check").fetchone() == (1,)
            with pytest.raises(sqlite3.OperationalError, match="too many attached"):
                one.execute("ATTACH ':memory:' AS other")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reading.execute("DELETE FROM marker")
        writing.execute("DELETE FROM marker")
    with pytest.raises(sqlite3.OperationalError):
        connect(path.with_name("gone.offcut"))
    assert not path.with_name("gone.offcut").exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (sqlite3.SQLITE_FULL, "the disk is full: free some space and do it again"),
        (sqlite3.SQLITE_IOERR_FSYNC, "the disk refuses: free some space, or work on a copy on another disk"),
        (
            sqlite3.SQLITE_READONLY_DBMOVED,
            "it or its folder is write-protected: allow writing, or work on a copy",
        ),
        (sqlite3.SQLITE_TOOBIG, "this is more than one edit can hold: do it in parts"),
        (sqlite3.SQLITE_RANGE, "what SQLite says"),
    ],
)
def test_why_it_could_not_be_written_is_said_in_words(code: int, words: str) -> None:
    error = sqlite3.OperationalError("what SQLite says")
    error.sqlite_errorcode = code
    assert reason_of(error) == words
    assert reason_of(sqlite3.OperationalError("what SQLite says")) == "what SQLite says"


def test_a_step_that_was_cut_off_is_taken_back_where_it_may_be(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hot journal: the file is in the middle of an edit, and only who may write can take it back."""
    with Document.open(path) as document:
        state = document.state
    cut_off = path.with_name("cut off.offcut")
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA cache_size = 1")
        raw.execute("BEGIN IMMEDIATE")
        raw.execute("UPDATE proposal SET reason = reason || zeroblob(3000)")
        journal = path.with_name(f"{path.name}-journal")
        cut_off.write_bytes(path.read_bytes())
        content = bytearray(journal.read_bytes())
        raw.execute("ROLLBACK")
    cut_off.with_name(f"{cut_off.name}-journal").write_bytes(content)
    with monkeypatch.context() as patch:
        protected(cut_off, patch)
        with pytest.raises(DocumentError) as told:
            Document.open(cut_off)
        assert str(told.value) == (
            f"{cut_off} was left in the middle of an edit, which cannot be taken back where you may not "
            f"write: copy it together with {cut_off.name}-journal to another folder and open it there."
        )
    with Document.open(cut_off) as document:
        assert document.state == state


def test_a_file_that_cannot_be_looked_at_is_told_with_the_reason(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = Path.stat

    def refused(own: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if own == path:
            raise OSError(5, "Input/output error")
        return stat(own, follow_symlinks=follow_symlinks)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", refused)
        with pytest.raises(DocumentError) as told:
            Document.open(path)
    assert str(told.value).startswith(f"{path} cannot be read: input/output error.")
    assert not path.with_name(".jam.lock").exists()
    Document.open(path).close()


def test_damaged_analyses_are_named_those_in_force_and_earlier_ones(path: Path) -> None:
    write(path, "UPDATE analysis SET arrays = zeroblob(10) WHERE id = 'beats-1'")
    with Document.open(path) as document:
        assert set(document.state.analyses) == {"score"}
        told = (
            "Of jam.offcut the beats cannot be read and were left out, the rest is intact: "
            "analyse the recording again."
        )
        assert document.damage == document.notice == document.notice_without_audio == told
        assert document.analysis("beats") is None
        assert document.stored_analysis("beats-1") is None
        assert document.stored_analysis("score-1") is not None
        edit = set_analyses(document.state, {"beats": "beats-2"}, "Listened")
        document.apply(edit, {"beats-2": ANALYSES["beats-1"]})
    with Document.open(path) as document:
        assert document.damage.startswith("Of jam.offcut earlier beats cannot be read")
        assert document.analysis("beats") is not None


def test_what_is_damaged_while_it_is_open_is_told_once_it_is_asked_for(path: Path) -> None:
    with Document.open(path) as document:
        assert document.damage == ""
        write(path, "UPDATE analysis SET arrays = zeroblob(10) WHERE id = 'score-1'")
        assert document.analysis("score") is None
        assert document.state.analyses == {"beats": "beats-1"}
        assert document.damage.startswith("Of jam.offcut the scores cannot be read")
        assert document.analysis("hits") is None


@pytest.mark.parametrize("code", [sqlite3.SQLITE_ERROR, sqlite3.SQLITE_FULL])
def test_a_migration_that_fails_says_whether_the_document_or_the_disk_is_at_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    older = tmp_path / "old.offcut"
    older.write_bytes(OLDER[4].read_bytes())

    def fails(_connection: sqlite3.Connection) -> None:
        error = sqlite3.OperationalError("no such thing")
        error.sqlite_errorcode = code
        raise error

    monkeypatch.setattr(migrations, "MIGRATIONS", {4: fails})
    with pytest.raises(DocumentError) as told:
        Document.open(older)
    is_damage = "is damaged (no such thing)" in str(told.value)
    assert is_damage is (code == sqlite3.SQLITE_ERROR)
    assert is_damage or "the disk is full" in str(told.value)
    assert older.read_bytes() == OLDER[4].read_bytes()
