"""Windows that were not closed: their notes, their stacks in the log, and the offer at the next start."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject, QUrl, Slot
from PySide6.QtGui import QDesktopServices

from desktop.shell.after_crash import FOLDER, CrashNotes, take_crashed
from desktop.shell.log import Log, log_file
from desktop.shell.user_settings.remembered import PerDocument
from engine.core.files.places import state_folder
from engine.document.document import Document
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good

ROOT = Path(__file__).resolve().parents[3]
NOTES_AND_DIES = """
import os, sys
from pathlib import Path
from desktop.shell.after_crash import CrashNotes
notes = CrashNotes()
document, settled, number = sys.argv[1:]
notes.note(Path(document) if document else None, settled=settled == "True")
def crashing_function(): os.kill(os.getpid(), int(number))
crashing_function()
"""


def leave(document: Path | str = "", number: int = signal.SIGKILL, *, settled: bool = False) -> None:
    """Have a process note a document and die without closing its notes."""
    command = [sys.executable, "-c", NOTES_AND_DIES, str(document), str(settled), str(int(number))]
    died = subprocess.run(command, cwd=ROOT, check=False, capture_output=True)
    assert died.returncode == -number, died.stderr


def sessions() -> list[Path]:
    return list(state_folder(FOLDER).iterdir())


@pytest.fixture(autouse=True)
def fault_handler() -> Iterator[None]:
    """Give the fault handler back to the tests: notes that end switch it off."""
    yield
    if not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)


@pytest.fixture
def begin(hands: Hands) -> Iterator[Callable[[], Hands]]:
    """Do what the start of a window does, after crashes were left for it."""
    notes = CrashNotes()

    def start() -> Hands:
        hands.window.crashes.begin(notes)
        return hands

    yield start
    notes.end()


def test_notes_are_deleted_when_a_window_is_closed() -> None:
    notes = CrashNotes()
    notes.note(Path("/music/jam.offcut"), settled=False)
    assert sessions()
    notes.end()
    notes.end()
    assert not sessions()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_crash_is_found_once_and_its_stack_is_logged(number: int, program_log: Log) -> None:  # noqa: ARG001
    leave("/music/jam.offcut", number, settled=True)
    assert take_crashed() == [(Path("/music/jam.offcut"), True)]
    assert take_crashed() == []
    assert not sessions(), "neither notes nor locks are left"
    logged = log_file().read_text("utf-8")
    assert "ended unexpectedly" in logged
    assert ("in crashing_function" in logged) == (number != signal.SIGKILL)
    assert ("Fatal Python error: " in logged) == (number != signal.SIGKILL)
    assert ("Killed, or the computer was switched off." in logged) == (number == signal.SIGKILL)


def test_a_window_that_is_open_did_not_crash() -> None:
    notes = CrashNotes()
    try:
        look = "from desktop.shell.after_crash import take_crashed; print(len(take_crashed()))"
        seen = subprocess.run(
            [sys.executable, "-c", look], cwd=ROOT, check=True, capture_output=True, text=True
        )
        assert seen.stdout.strip() == "0"
        assert len(list(state_folder(FOLDER).glob("*.session"))) == 1
    finally:
        notes.end()


def test_the_last_document_counts_and_names_may_hold_any_bytes() -> None:
    name = Path(os.fsdecode(b"/music/\xe9.offcut"))
    (path,) = _left_notes(
        b'{"document": "/music/jam.offcut", "settled": true}',
        json.dumps({"document": str(name), "settled": False}).encode(),
        b'{"docum',
    )
    assert take_crashed() == [(name, False)]
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]\n1\nnull\n[1]\n",
        b"\xff\xfe\n",
        b'{"document": 3, "settled": []}\n',
        b'{"document": "a\\u0000"}\n',
    ],
)
def test_damaged_notes_name_no_document(content: bytes) -> None:
    _left_notes(content)
    assert take_crashed() == [(None, False)]


def test_something_else_in_place_of_notes_does_not_hide_a_crash(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text('{"document": "/music/other.offcut"}')
    (state_folder(FOLDER) / "0.session").mkdir()
    (state_folder(FOLDER) / "1.session").symlink_to(tmp_path / "elsewhere")
    leave("/music/jam.offcut", settled=True)
    assert take_crashed() == [(Path("/music/jam.offcut"), True)]
    assert (tmp_path / "elsewhere").exists()


def _left_notes(*lines: bytes) -> tuple[Path]:
    path = state_folder(FOLDER) / "1-00.session"
    path.write_bytes(b"\n".join(lines))
    return (path,)


def test_where_no_notes_can_be_written_a_window_opens_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    notes = CrashNotes()
    notes.note(Path("/music/jam.offcut"), settled=True)
    notes.end()
    assert take_crashed() == []


def test_nothing_is_offered_after_a_window_that_was_closed(begin: Callable[[], Hands]) -> None:
    hands = begin()
    assert hands.window.crashes.bar.text == ""
    for keys in ("Ctrl+Shift+B", "Ctrl+Shift+X"):
        hands.press(keys)
    assert len(hands.refused) == 2


def test_after_a_crash_the_document_is_opened_by_a_key(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    leave(jam, settled=True)
    hands = begin()
    bar = hands.window.crashes.bar
    assert bar.text == "jam.offcut was open when Offcut crashed; no edit is lost."
    assert not hands.window.session.is_open, "nothing opens by itself"
    hands.press("Ctrl+Shift+B")
    hands.finish_work()
    assert hands.window.session.path == jam
    assert bar.text == ""
    assert "Opened jam.offcut" in [one.text for one in hands.window.messages.messages]


def test_a_crash_without_a_document_is_reported(begin: Callable[[], Hands]) -> None:
    leave()
    hands = begin()
    assert hands.window.crashes.bar.text == "Offcut ended unexpectedly."
    hands.press("Ctrl+Shift+B")
    assert len(hands.refused) == 1


def test_the_offer_is_dismissed_by_a_key(begin: Callable[[], Hands], tmp_path: Path) -> None:
    leave(tmp_path / "jam.offcut", settled=True)
    hands = begin()
    hands.press("Ctrl+Shift+X")
    assert hands.window.crashes.bar.text == ""
    hands.press("Ctrl+Shift+B")
    assert len(hands.refused) == 1


def test_a_document_that_ended_it_twice_is_not_offered_but_its_backup(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    Document.open(jam).close()  # which keeps a backup
    for _ in range(2):
        leave(jam)
    hands = begin()
    assert "crashed 2 times" in hands.window.crashes.bar.text
    hands.press("Ctrl+Shift+B")
    hands.finish_work()
    assert hands.window.session.path != jam
    assert hands.window.session.path.parent == jam.parent
    assert len(hands.window.session.state.proposals) == 2


def test_crashes_are_counted_across_starts_until_the_document_opens_well(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    jam, other = tmp_path / "jam.offcut", tmp_path / "other.offcut"
    bar = begin().window.crashes.bar

    def offer_after(document: Path, *, settled: bool = False) -> str:
        leave(document, settled=settled)
        begin()
        return bar.text

    assert "was open" in offer_after(jam)
    assert "other.offcut was open" in offer_after(other)
    assert "crashed 2 times while opening jam.offcut" in offer_after(jam)
    assert "was open" in offer_after(jam, settled=True)
    assert "was open" in offer_after(jam)
    assert "crashed 2 times while opening other.offcut" in offer_after(other)


def test_a_document_that_is_gone_is_refused_and_the_offer_stays(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    leave(tmp_path / "gone.offcut", settled=True)
    hands = begin()
    hands.press("Ctrl+Shift+B")
    assert len(hands.refused) == 1
    assert hands.window.crashes.bar.text


def test_opening_it_another_way_answers_the_offer(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    leave(jam, settled=True)
    hands = begin()
    hands.window.session.open(jam)
    hands.finish_work()
    assert hands.window.crashes.bar.text == ""


def noted() -> dict[str, object]:
    """Return the last facts in the notes of this window."""
    (path,) = state_folder(FOLDER).glob("*.session")
    return json.loads(path.read_text("utf-8").splitlines()[-1])


def test_a_document_that_stays_open_was_opened_well(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    leave(jam)
    hands = begin()
    stored = PerDocument(hands.window._settings, jam)
    assert stored.read("crashes") == {"opening": 1}
    hands.window.crashes._settled.setInterval(10)
    hands.window.session.open(jam)
    assert noted() == {"document": str(jam), "settled": False}
    hands.finish_work()
    hands.qtbot.waitUntil(lambda: stored.read("crashes") == {})
    assert noted() == {"document": str(jam), "settled": True}
    with pytest.raises(Exception, match=r"gone\.offcut"):
        hands.window.session.open(tmp_path / "gone.offcut")
    assert noted() == {"document": str(jam), "settled": True}, "the document before is still open"


def test_a_document_is_noted_before_it_is_opened(begin: Callable[[], Hands], tmp_path: Path) -> None:
    (tmp_path / "bad.offcut").write_bytes(b"no document")
    hands, seen = begin(), list[dict[str, object]]()
    hands.window.session.opening.connect(lambda _path: seen.append(noted()))
    with pytest.raises(Exception, match=r"bad\.offcut"):
        hands.window.session.open(tmp_path / "bad.offcut")
    bad = {"document": str(tmp_path / "bad.offcut"), "settled": False}
    assert seen == [bad, {"document": None, "settled": False}]


class Opener(QObject):
    """Takes the place of the file browser of the system."""

    def __init__(self) -> None:
        super().__init__()
        self.opened: list[str] = []

    @Slot(QUrl)
    def open(self, url: QUrl) -> None:
        self.opened.append(url.toLocalFile())


def test_the_log_folder_is_opened_from_the_bar_after_a_crash(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    leave(tmp_path / "jam.offcut", settled=True)
    hands, opener = begin(), Opener()
    QDesktopServices.setUrlHandler("file", opener, "open")
    try:
        hands.window.crashes.bar.command_requested.emit("help.log_folder")
        hands.window.commands.run("help.log_folder")
    finally:
        QDesktopServices.unsetUrlHandler("file")
    assert opener.opened == [str(state_folder())] * 2
    assert hands.window.crashes.bar.text, "the document can still be opened"
