"""The right to write a document: one has it, and what is left on the disk and open when it goes."""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from engine.core.errors import DocumentError
from engine.core.files.regular_file import lock_path, take_lock
from engine.document.document import Document
from engine.document.edits.proposals import decide
from engine.document.file.opening import open_file
from engine.document.proposals import Verdict
from tests.engine.document.scripted import IDS, review


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "Thursday jam.offcut"
    Document.create(path).close()
    return path


def open_handles() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - its own handle is counted each time alike


def test_one_has_the_right_until_it_gives_it_back(path: Path) -> None:
    before = open_handles()
    first = take_lock(path)
    assert first is not None
    assert lock_path(path).stat().st_size == 0
    assert take_lock(path) is None
    assert open_handles() == before + 1
    first.release()
    assert not lock_path(path).exists()
    assert open_handles() == before
    second = take_lock(path)
    assert second is not None
    first.release()  # again, which takes nothing from whoever has it now
    assert lock_path(path).exists()
    assert take_lock(path) is None
    second.release()
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_it_is_called_after_the_document_and_hidden(tmp_path: Path) -> None:
    name = lock_path(tmp_path / "jam.offcut").name
    assert name.startswith(".jam.")
    assert name.endswith(".lock")
    assert len(name) == len(".jam.") + 8 + len(".lock")
    assert lock_path(tmp_path / "jam.offcut") == lock_path(tmp_path / "jam.offcut")
    assert len({lock_path(tmp_path / one) for one in ("jam.offcut", "jam.wav", "Jam.offcut")}) == 3
    long = lock_path(tmp_path / f"{'j' * 200}.offcut")
    assert long.name.startswith(f".{'j' * 40}.")
    assert lock_path(tmp_path / f"{'j' * 201}.offcut") != long


def test_through_a_link_it_is_the_same_right(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.offcut"
    link.symlink_to(path)
    lock = take_lock(link)
    assert lock is not None
    assert take_lock(path) is None
    lock.release()


def test_a_file_that_stands_in_its_place_stays_when_it_goes(path: Path) -> None:
    lock_path(path).write_text("precious")
    lock = take_lock(path)
    assert lock is not None
    lock.release()
    assert lock_path(path).read_text() == "precious"
    lock_path(path).unlink()
    lock = take_lock(path)
    assert lock is not None
    lock_path(path).unlink()
    lock_path(path).touch()  # another's, by the name it had
    lock.release()
    assert lock_path(path).exists()


def test_who_waits_for_a_name_that_is_gone_looks_for_it_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    flock, before, asked = fcntl.flock, open_handles(), []

    def while_its_holder_goes(handle: int, how: int) -> None:
        flock(handle, how)
        asked.append(handle)
        if len(asked) == 1:
            lock_path(path).unlink()

    monkeypatch.setattr(fcntl, "flock", while_its_holder_goes)
    lock = take_lock(path)
    assert lock is not None
    assert len(asked) == 2
    assert lock_path(path).exists()
    assert open_handles() == before + 1
    assert take_lock(path) is None
    lock.release()


def _without(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: int) -> None:
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(fcntl, "flock", refused)


def test_where_nothing_can_be_locked_documents_are_written_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _without(errno.ENOLCK, monkeypatch)
    lock = take_lock(path)
    assert lock is not None
    lock.release()


@pytest.mark.parametrize("error", [errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK])
def test_what_another_holds_is_told_in_many_ways(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    before = open_handles()
    _without(error, monkeypatch)
    assert take_lock(path) is None
    assert open_handles() == before


def _no_lock_file(error: int, monkeypatch: pytest.MonkeyPatch) -> None:
    opens = os.open

    def opened(name: Path, flags: int, mode: int = 0o777) -> int:
        if str(name).endswith(".lock"):
            raise OSError(error, os.strerror(error))
        return opens(name, flags, mode)

    monkeypatch.setattr(os, "open", opened)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errno.ENOSPC, "the disk is full: free some space and open it again"),
        (errno.EDQUOT, "the disk is full: free some space and open it again"),
        (errno.EROFS, "its folder is read-only for you: copy it to another folder and open the copy"),
    ],
)
def test_without_a_lock_a_document_opens_for_reading_and_says_why(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: int, words: str
) -> None:
    with monkeypatch.context() as patch:
        _no_lock_file(error, patch)
        with Document.open(path) as document:
            assert document.is_read_only
            assert document.notice == f"{path.name} is open for reading only because {words}."
    with Document.open(path) as document:
        assert document.notice == ""


def test_who_has_a_document_open_keeps_others_from_writing_it(path: Path) -> None:
    with Document.open(path) as first:
        assert not first.is_read_only
        with Document.open(path) as second:
            assert second.notice == (
                f"{path.name} is open for reading only because it is open in another window: close it there "
                "first."
            )
        assert lock_path(path).exists()  # who only read gives nothing back
        with first.reopened() as again:
            assert not again.is_read_only
            assert lock_path(path).exists()
    assert not lock_path(path).exists()


def test_a_document_that_is_refused_gives_back_what_was_taken_for_it(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3_000])
    before = open_handles()
    with pytest.raises(DocumentError):
        Document.open(path)
    assert not lock_path(path).exists()
    assert open_handles() == before
    lock = take_lock(path)
    assert lock is not None
    with pytest.raises(DocumentError):
        open_file(path, lock)
    assert take_lock(path) is None  # it is still the caller's
    lock.release()


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    path = tmp_path / "reviewed.offcut"
    review(path)
    return path


def test_a_document_that_is_analysed_can_be_written_by_others_and_is_written_after(reviewed: Path) -> None:
    with Document.open(reviewed) as document:
        known = document.steps()
        with document.unlocked():
            before = document.state
            with pytest.raises(DocumentError):
                document.apply(decide(document.state, [IDS[1]], Verdict.ACCEPTED))
            with Document.open(reviewed) as other:
                other.apply(decide(other.state, [IDS[0]], Verdict.REJECTED))
            assert document.state is before
        assert document.state.verdict(IDS[0]) is Verdict.REJECTED
        assert document.undo_label.startswith("Rejected")
        assert document.steps() != known
        with Document.open(reviewed) as other:
            assert other.is_read_only
        document.apply(decide(document.state, [IDS[1]], Verdict.ACCEPTED))
    assert not lock_path(reviewed).exists()


def test_a_document_that_nobody_else_wrote_is_not_read_again(reviewed: Path) -> None:
    with Document.open(reviewed) as document:
        before = document.state
        with document.unlocked(), Document.open(reviewed):
            pass
        assert document.state is before
        document.apply(decide(before, [IDS[1]], Verdict.ACCEPTED))


def test_a_document_that_another_has_after_the_analysis_is_not_written(reviewed: Path) -> None:
    with Document.open(reviewed) as document:
        with pytest.raises(DocumentError, match="another window"), document.unlocked():
            other = Document.open(reviewed)
        assert document.is_read_only
        with pytest.raises(DocumentError), document.unlocked():
            pytest.fail("it cannot be written now")
        document.close()
        assert lock_path(reviewed).exists()
        other.close()
    assert not lock_path(reviewed).exists()


def test_a_document_that_is_gone_or_damaged_after_the_analysis_is_not_written(reviewed: Path) -> None:
    before = open_handles()
    moved = reviewed.with_suffix(".moved")
    is_refused = pytest.raises(DocumentError, match="moved or deleted")
    with Document.open(reviewed) as document, is_refused, document.unlocked():
        reviewed.rename(moved)
    moved.rename(reviewed)
    is_refused = pytest.raises(DocumentError, match="not an Offcut document")
    with closing(sqlite3.connect(reviewed)) as raw, Document.open(reviewed) as document:  # noqa: SIM117
        with is_refused, document.unlocked():
            raw.execute("DROP TABLE decision")
    assert not lock_path(reviewed).exists()
    assert open_handles() == before
