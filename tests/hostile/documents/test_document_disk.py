"""Disks that are full, folders and files that may not be written, files that move, windows that meet."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from engine.cli import documents
from engine.cli.main import main
from engine.core.errors import DocumentError
from engine.core.files.regular_file import lock_path
from engine.document.document import Document
from engine.document.edits.proposals import decide, flag, replace_proposals
from engine.document.file.backups import backups
from engine.document.file.schema import SCHEMA_VERSION
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from tests.engine.document.conftest import a_cut
from tests.engine.document.scripted import IDS, STEPS, review
from tests.hostile.killing import VERSION_1
from tests.permissions import let_others_through

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes, mounts and limits as POSIX has them")
ROOT = Path(__file__).resolve().parents[3]
MANY = [a_cut(start / 10, start / 10 + 0.05) for start in range(5_000)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    review(tmp_path / "jam.offcut")
    return tmp_path / "jam.offcut"


@contextmanager
def _few_pages(document: Document) -> Iterator[None]:
    pages = document._connection.execute("PRAGMA page_count").fetchone()[0]
    document._connection.execute(f"PRAGMA max_page_count = {pages}")
    yield
    document._connection.execute("PRAGMA max_page_count = 4294967294")


@contextmanager
def _small_files(document: Document) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (document.path.stat().st_size + 8192, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@contextmanager
def _full(document: Document) -> Iterator[None]:
    filler = document.path.with_name("filler")
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while stream.write(bytes(4096)) == 4096:
            pass
    yield
    filler.unlink()


def _is_refused_and_goes_on(path: Path, shortage: Callable[[Document], object], large: bool) -> None:
    """Refuse edits while there is no room, lose nothing, and go on in the same window once there is."""
    with Document.open(path) as document:
        state = document.state
        with shortage(document):
            edit = replace_proposals(state, MANY, {}, "Proposed") if large else None
            with pytest.raises(
                DocumentError, match=r"could not be written because .*; nothing was changed"
            ) as told:
                document.apply(edit or decide(state, [IDS[3]], Verdict.REJECTED))
            assert "free some space" in str(told.value)
            assert document.state is state
        document.apply(replace_proposals(state, MANY, {}, "Proposed"))
        document.undo()
        assert document.state == state
    with Document.open(path) as again:
        assert again.state == state


@pytest.mark.parametrize("shortage", [_few_pages, _small_files])
def test_a_document_that_may_not_grow(path: Path, shortage: Callable[[Document], object]) -> None:
    _is_refused_and_goes_on(path, shortage, large=True)


@pytest.mark.parametrize("large", [True, False])
def test_a_full_disk(tmp_path: Path, path: Path, large: bool) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a small disk can only be mounted by root; the tests above stand for it")
    try:
        shutil.copy(path, disk / "jam.offcut")
        _is_refused_and_goes_on(disk / "jam.offcut", _full, large)
        with (
            _full(Document.open(disk / "jam.offcut")),
            pytest.raises(DocumentError, match="the disk is full"),
        ):
            Document.create(disk / "new.offcut")
        assert sorted(one.name for one in disk.iterdir() if one.suffix != ".lock") == ["jam.offcut"]
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


AS_NOBODY = """
import encodings.cp437  # which reading a zip imports: nobody may not read the folder of every Python
import os, sys
from pathlib import Path
from engine.document.edits import proposals as edits
from engine.document.proposals import Verdict
from engine.document.document import Document
from engine.core.errors import DocumentError
from tests.engine.document.scripted import IDS
if os.geteuid() == 0:
    os.setuid(65534)
try:
    with Document.open(Path(sys.argv[1])) as document:
        print(document.notice)
        document.apply(edits.decide(document.state, [IDS[3]], Verdict.REJECTED))
except DocumentError as error:
    print(error)
"""


def _as_nobody(path: Path, tmp_path: Path) -> list[str]:
    let_others_through(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    home.chmod(0o777)
    done = subprocess.run(
        [sys.executable, "-c", AS_NOBODY, path],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "XDG_DATA_HOME": str(home)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("file_mode", "folder_mode", "reason"),
    [(0o444, 0o777, "it is write-protected"), (0o666, 0o555, "its folder is read-only for you")],
)
@pytest.mark.parametrize("version", [1, SCHEMA_VERSION])
def test_what_may_not_be_written_opens_for_reading(
    tmp_path: Path, path: Path, file_mode: int, folder_mode: int, reason: str, version: int
) -> None:
    folder = tmp_path / "band"
    folder.mkdir()
    target = folder / "jam.offcut"
    target.write_bytes((path if version == SCHEMA_VERSION else VERSION_1).read_bytes())
    target.chmod(file_mode)
    folder.chmod(folder_mode)
    before = target.read_bytes()
    notice, refusal = _as_nobody(target, tmp_path)
    assert notice.startswith(f"jam.offcut is open for reading only because {reason}: ")
    assert refusal.startswith(f"{target} could not be written because {reason}: ")
    assert target.read_bytes() == before
    assert [one.name for one in folder.iterdir()] == ["jam.offcut"]


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o644, 0o555), (0o666, 0o777)])
def test_an_edit_that_was_cut_off_where_its_journal_may_not_be_written(
    tmp_path: Path, path: Path, file_mode: int, folder_mode: int
) -> None:
    folder = tmp_path / "band"
    folder.mkdir()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA cache_spill = 1")
    connection.execute("PRAGMA cache_size = 2")
    connection.execute("BEGIN")
    connection.execute("UPDATE proposal SET reason = reason || hex(zeroblob(2000))")
    for name in ("jam.offcut", "jam.offcut-journal"):
        shutil.copy(path.with_name(name), folder / name)
    connection.close()
    journal = folder / "jam.offcut-journal"
    journal.chmod(0o444)
    (folder / "jam.offcut").chmod(file_mode)
    folder.chmod(folder_mode)
    told = _as_nobody(folder / "jam.offcut", tmp_path)
    folder.chmod(0o755)
    journal.chmod(0o644)
    assert "in the middle of an edit" in told[0]
    with Document.open(folder / "jam.offcut") as document, Document.open(path) as sound:
        assert document.state == sound.state


@pytest.mark.parametrize("gone", ["deleted", "moved", "replaced"])
def test_a_file_that_moves_while_it_is_open(tmp_path: Path, path: Path, gone: str) -> None:
    with Document.open(path) as document:
        document.apply(decide(document.state, [IDS[5]], Verdict.REJECTED))
        state = document.state
        whole = path.read_bytes()
        if gone == "moved":
            path.rename(tmp_path / "elsewhere.offcut")
        else:
            path.unlink()
        if gone == "replaced":
            path.write_bytes(VERSION_1.read_bytes())
        because = "another file was put in its place" if gone == "replaced" else "it was moved or deleted"
        for change in (document.undo, lambda: document.apply(flag(state, IDS[5], True))):
            with pytest.raises(DocumentError, match=f"could not be written because {because}"):
                change()
        assert document.state is state
        with Document.open(document.snapshot("rescued")) as rescued:
            assert rescued.state == state
    assert not path.with_name("jam.offcut-journal").exists()
    if gone == "moved":
        assert (tmp_path / "elsewhere.offcut").read_bytes() == whole
        with Document.open(tmp_path / "elsewhere.offcut") as found:
            assert found.state == state


HOLD = """
import sys
from pathlib import Path
from engine.document.document import Document
document = Document.open(Path(sys.argv[1]))
print(document.notice or "may write", flush=True)
sys.stdin.read()
"""


@contextmanager
def _another_window(path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        yield process, process.stdout.readline().strip()
        process.kill()


def test_the_second_window_reads_and_the_first_writes(tmp_path: Path, path: Path) -> None:
    link = tmp_path / "link.offcut"
    link.symlink_to(path)
    kept = len(backups(path))
    with Document.open(path) as first:
        for name in (path, link):
            with _another_window(name) as (_, told):
                assert told.startswith(
                    f"{name.name} is open for reading only because it is open in another window:"
                )
        first.apply(decide(first.state, [IDS[6]], Verdict.REJECTED))
        with Document.open(path) as second:
            assert second.is_read_only
            assert second.state == first.state
            with pytest.raises(
                DocumentError, match="open in another window: close it there first; nothing was changed"
            ):
                second.undo()
        assert lock_path(path).exists()
        assert not first.is_read_only
    assert not lock_path(path).exists()
    assert len(backups(path)) == kept + 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_window_that_dies_leaves_no_lock(path: Path, how: signal.Signals) -> None:
    with _another_window(path) as (process, told):
        assert told == "may write"
        with Document.open(path) as waiting:
            assert waiting.is_read_only
            process.send_signal(how)
            process.wait()
            with waiting.reopened() as again:
                assert not again.is_read_only
    with Document.open(path) as document:
        assert not document.is_read_only


@pytest.mark.parametrize(
    "words", [("accept", "--all"), ("reject", IDS[7]), ("accept", IDS[8], "--nudge-start-ms", "5")]
)
def test_verbs_that_write_leave_an_open_document_alone(
    path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: tuple[str, ...],
) -> None:
    monkeypatch.setattr(documents, "_PATIENCE_S", 0.1)
    with Document.open(path) as document:
        before = path.read_bytes()
        assert main(["decide", str(path), *words]) == 1
        told = capsys.readouterr()
        assert "open in another window: close it there first; nothing was changed" in told.err
        assert told.err.count("\n") == 1
        assert path.read_bytes() == before
        assert main(["proposals", str(path), "--json"]) == 0
        document.undo()


def test_a_restored_document_begins_its_own_history_of_backups(path: Path) -> None:
    with Document.open(path) as document:
        state = document.state
    path.write_bytes(b"")
    with Document.open_backup(path) as restored:
        assert restored.state == state
        for step in STEPS[3:6]:
            step(restored)
    with Document.open_backup(path) as second:
        assert second.path.name == "jam restored 2.offcut"
        assert second.state == state != DocumentState()
