"""Documents that are not, were cut short, were flipped, or whose program was killed."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.core.errors import DocumentError
from engine.document.document import Document
from engine.document.edits import tracks as track_edits
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.file.backups import MOST_BACKUPS, backups, newest_backup
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from tests.engine.document.conftest import a_cut, a_source
from tests.engine.document.scripted import review
from tests.sources import each_alone

CUTS = [a_cut(start, start + 9) for start in range(0, 400, 10)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / 'it\'s a "jam" 🎸.offcut'
    with Document.create(target) as document:
        document.apply(track_edits.add_tracks(document.state, each_alone([a_source()], ["Jam"])))
        document.apply(replace_proposals(document.state, CUTS, {}, "Proposed"))
    return target


@pytest.mark.parametrize(
    "content", [b"", b"RIFF....WAVE", b"SQLite format 3\x00", b"\x00" * 5000, b"hello\n" * 100]
)
def test_a_file_that_is_no_document_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    target = tmp_path / "mix.offcut"
    target.write_bytes(content)
    with pytest.raises(DocumentError, match=r"mix\.offcut is not an Offcut document"):
        Document.open(target)
    assert target.read_bytes() == content


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "photos.db"
    with closing(sqlite3.connect(target)) as other:
        other.execute("CREATE TABLE photo (id)")
    with pytest.raises(DocumentError, match="is not an Offcut document"):
        Document.open(target)


def test_a_missing_document_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match=r"gone\.offcut is not there"):
        Document.open(tmp_path / "gone.offcut")
    with pytest.raises(DocumentError, match="cannot be read"):
        Document.open(tmp_path)


def test_nothing_is_made_over_an_existing_file(tmp_path: Path) -> None:
    target = tmp_path / "letter.offcut"
    target.write_text("dear")
    with pytest.raises(DocumentError, match="exists already"):
        Document.create(target)
    assert target.read_text() == "dear"
    with pytest.raises(DocumentError, match="cannot be written because there is no folder"):
        Document.create(tmp_path / "nowhere" / "a.offcut")


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> tuple[DocumentState, bytes]:
    """A whole review: the state it ends with, and its file."""
    made = tmp_path_factory.mktemp("reviewed") / "a.offcut"
    return review(made), made.read_bytes()


def _opened(path: Path) -> tuple[DocumentState | None, str]:
    """Open a document and take all of it back; return what was in it, or why it was refused."""
    try:
        with Document.open(path) as document:
            state = document.state
            for kind in state.analyses:
                assert document.analysis(kind) is not None
            if not document.is_read_only:
                with suppress(DocumentError):  # a step that is damaged says so, and the state stays
                    while document.undo() is not None:
                        pass
                    assert document.state == DocumentState()
            return state, ""
    except DocumentError as error:
        return None, str(error)


def _require_same_or_refused(path: Path, damaged: bytes, state: DocumentState) -> bool:
    """Hold a damaged document to its contract; return whether it was refused."""
    path.write_bytes(damaged)
    opened, refusal = _opened(path)
    if opened is None:
        assert path.name in refusal
        assert path.read_bytes() == damaged
        assert ". ." not in refusal
        with Document.open_backup(path) as restored:
            assert restored.state == state
            assert restored.path.parent == path.parent
        assert path.read_bytes() == damaged
        restored.path.unlink()
        return True
    sound = {kind: key for kind, key in state.analyses.items() if kind in opened.analyses}
    assert opened == replace(state, analyses=sound)
    return False


def test_documents_cut_short_at_200_places(tmp_path: Path, reviewed: tuple[DocumentState, bytes]) -> None:
    state, whole = reviewed
    path = tmp_path / "cut.offcut"
    path.write_bytes(whole)
    Document.open(path).close()  # keeps a backup
    sizes = np.linspace(0, len(whole) - 1, 200, dtype=int)
    assert all(_require_same_or_refused(path, whole[:size], state) for size in sizes)


@pytest.mark.parametrize("where", ["anywhere", "header", "values"])
def test_flipped_bits(
    tmp_path: Path,
    reviewed: tuple[DocumentState, bytes],
    rng: np.random.Generator,
    where: str,
    pytestconfig: pytest.Config,
) -> None:
    state, whole = reviewed
    path = tmp_path / "flipped.offcut"
    path.write_bytes(whole)
    Document.open(path).close()
    places = {
        "anywhere": np.arange(len(whole)),
        "header": np.arange(100),
        # Letters and digits of what the rows say: SQLite itself sees nothing wrong with another letter.
        "values": np.flatnonzero(np.isin(np.frombuffer(whole, np.uint8), list(b"acdeiortu0123456789"))),
    }[where]
    count = 200 if pytestconfig.getoption("--long") else 80
    refused = 0
    for place in rng.choice(places, count):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        refused += _require_same_or_refused(path, bytes(damaged), state)
    assert refused > count // 20


def test_a_damaged_backup_is_passed_over(path: Path) -> None:
    with Document.open(path) as document:
        state = document.state
        document.apply(decide(state, [CUTS[0].id], Verdict.ACCEPTED))
    Document.open(path).close()
    newest = newest_backup(path)
    assert newest is not None
    newest.write_bytes(newest.read_bytes()[:5000])
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(DocumentError, match=r"is damaged .* Its newest backup is .*2\.offcut\."):
        Document.open(path)
    with Document.open_backup(path) as restored:
        assert restored.state == state
        assert restored.path.name == 'it\'s a "jam" 🎸 restored.offcut'
    newest.with_stem(newest.stem[:-1] + "1").unlink()
    with pytest.raises(DocumentError, match="no intact backup"):
        Document.open_backup(path)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE proposal SET score = score + 1e-9 WHERE kind = 'cut'",
        "UPDATE decision SET verdict = 'accepted' WHERE verdict = 'rejected'",
        "DELETE FROM decision WHERE flagged",
        "UPDATE setting SET value = '41.0'",
        "UPDATE history SET undone = 1 - undone",
        "UPDATE track SET gain_db = 3",
        "UPDATE source SET frames = frames + 1",
        "UPDATE current_analysis SET analysis_id = 'beats-1'",
        "UPDATE analysis SET kind = 'score'",
        "UPDATE checksum SET digest = digest + 1",
        "DELETE FROM checksum WHERE name = 'decision'",
    ],
)
def test_what_another_program_wrote_is_refused(
    tmp_path: Path, reviewed: tuple[DocumentState, bytes], statement: str
) -> None:
    path = tmp_path / "changed.offcut"
    path.write_bytes(reviewed[1])
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute(statement)
    with pytest.raises(DocumentError, match=r"changed\.offcut is damaged \(.*\) and was left as it is:"):
        Document.open(path)


def test_a_damaged_step_of_the_history_stays_and_the_work_goes_on(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("UPDATE history SET changes = replace(changes, '20.0', '21.0')")
    with Document.open(path) as document:
        state = document.state
        with pytest.raises(DocumentError, match="'Proposed' of the history is damaged"):
            document.undo()
        assert document.state is state
        document.apply(decide(state, [CUTS[0].id], Verdict.ACCEPTED))
        document.undo()
        assert document.state == state


def test_only_the_newest_states_are_kept_whatever_the_clock_says(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(MOST_BACKUPS + 3):
        with Document.open(path) as document:
            document.apply(decide(document.state, [CUTS[number].id], Verdict.ACCEPTED))
        os.utime(path, ns=(0, 0))
        monkeypatch.setattr("time.time", lambda now=-number * 1e6: now)
    for _ in range(3):  # to look is not to change: no older state is let go for it
        Document.open(path).close()
    kept = backups(path)
    for backup in kept:
        os.utime(backup, ns=(int(1e9), int(1e9)))
    assert [int(one.stem.rsplit(" ", 1)[1]) for one in kept] == list(range(9, 4, -1))
    assert newest_backup(path) == kept[0]
    for decided, backup in zip(range(8, 3, -1), kept, strict=True):
        with Document.open(backup) as copy:
            assert len(copy.state.decisions) == decided
