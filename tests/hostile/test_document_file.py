"""Documents that are not, were cut short, were flipped, or whose program was killed."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from engine.document import edits
from engine.document.backups import KEPT_BACKUPS, backups, newest_backup
from engine.document.decisions import Verdict
from engine.document.document import Document
from engine.document.state import DocumentState
from engine.errors import DocumentError
from tests.engine.document.conftest import a_cut, a_source

CUTS = [a_cut(start, start + 9) for start in range(0, 400, 10)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    target = tmp_path / 'it\'s a "jam" 🎸.offcut'
    with Document.create(target) as document:
        document.apply(edits.add_tracks(document.state, [a_source()], ["Jam"]))
        document.apply(edits.replace_proposals(document.state, CUTS, {}, "Proposed"))
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
    with pytest.raises(
        DocumentError, match="cannot be made: it cannot be written because there is no folder"
    ):
        Document.create(tmp_path / "nowhere" / "a.offcut")


def _opened(path: Path) -> tuple[DocumentState | None, str]:
    try:
        with Document.open(path) as document:
            return document.state, ""
    except DocumentError as error:
        return None, str(error)


def test_truncated_documents_open_or_refuse_but_are_never_overwritten(path: Path) -> None:
    whole = path.read_bytes()
    with Document.open(path) as document:
        state = document.state
    for size in np.linspace(1, len(whole) - 1, 40, dtype=int):
        path.write_bytes(whole[:size])
        opened, refusal = _opened(path)
        assert opened == state or path.name in refusal
        assert not refusal or path.read_bytes() == whole[:size]


def test_flipped_bits_open_or_refuse_with_the_backup_named(path: Path, rng: np.random.Generator) -> None:
    whole = path.read_bytes()
    with Document.open(path):
        pass
    for place in rng.integers(0, len(whole), 60):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        opened, refusal = _opened(path)
        assert opened is not None or (path.name in refusal and "backup" in refusal)
        assert not refusal or path.read_bytes() == bytes(damaged)


REVIEW = """
import sys
from pathlib import Path
from engine.document import edits
from engine.document.backups import KEPT_BACKUPS, backups, newest_backup
from engine.document.decisions import Verdict
from engine.document.document import Document
with Document.open(Path(sys.argv[1])) as document:
    for proposal_id in document.state.proposals:
        document.apply(edits.decide(document.state, [proposal_id], Verdict.ACCEPTED))
        print(proposal_id, flush=True)
"""


@pytest.mark.parametrize("decisions_before_kill", [1, 3, 7, 12, 20])
def test_a_kill_loses_no_decision(path: Path, decisions_before_kill: int) -> None:
    root = Path(__file__).resolve().parents[2]
    process = subprocess.Popen(
        [sys.executable, "-c", REVIEW, str(path)], stdout=subprocess.PIPE, text=True, cwd=root
    )
    assert process.stdout is not None
    with process, process.stdout:
        said = [process.stdout.readline().strip() for _ in range(decisions_before_kill)]
        os.kill(process.pid, signal.SIGKILL)
        said += process.stdout.read().split()
    with Document.open(path) as document:
        accepted = {
            key for key in document.state.proposals if document.state.verdict(key) is Verdict.ACCEPTED
        }
        assert set(said) <= accepted
        assert len(accepted) <= len(said) + 1


def test_a_full_disk_changes_nothing(path: Path) -> None:
    with Document.open(path) as document:
        pages = document._connection.execute("PRAGMA page_count").fetchone()[0]
        document._connection.execute(f"PRAGMA max_page_count = {pages}")
        state = document.state
        many = [a_cut(start, start + 0.5) for start in range(590)]
        with pytest.raises(DocumentError, match="could not be written"):
            document.apply(edits.replace_proposals(state, many, {}, "Proposed"))
        assert document.state is state
    with Document.open(path) as again:
        assert again.state == state


def test_only_the_newest_states_are_kept_whatever_the_clock_says(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(KEPT_BACKUPS + 3):
        with Document.open(path) as document:
            document.apply(edits.decide(document.state, [CUTS[number].id], Verdict.ACCEPTED))
        os.utime(path, ns=(0, 0))
        monkeypatch.setattr("time.time", lambda now=-number * 1e6: now)
    for _ in range(3):  # to look is not to change: no older state is let go for it
        Document.open(path).close()
    kept = backups(path)
    for backup in kept:
        os.utime(backup, ns=(int(1e9), int(1e9)))
    assert [int(one.stem.rsplit(" ", 1)[1]) for one in kept] == list(range(10, 5, -1))
    assert newest_backup(path) == kept[0]
    for decided, backup in zip(range(8, 3, -1), kept, strict=True):
        with Document.open(backup) as copy:
            assert len(copy.state.decisions) == decided
