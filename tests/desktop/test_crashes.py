"""What a window that is not closed leaves, what the next start says of it, and what a report may hold."""

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
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from desktop.crashes import openings
from desktop.crashes.journal import LONGEST_BYTES, Journal, sessions_folder
from desktop.crashes.left import Left, take_left
from desktop.crashes.private import private_fault, private_message, private_traceback
from desktop.crashes.report import MOST_REPORTS, Reports, report_of_left
from desktop.crashes.watching import MOST_REPORTS as MOST_REPORTS_OF_A_WINDOW
from desktop.crashes.watching import Watch, machine
from engine.document.document import Document
from engine.errors import UsageError
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good
from widgets.chrome.report_view import ReportView
from widgets.controls.keys.caps import KeyButton

ROOT = Path(__file__).resolve().parents[2]
NOTES_AND_DIES = """
import json, os, signal, sys
from desktop.crashes.journal import Journal
facts, commands, number = json.loads(sys.argv[1])
journal = Journal(**facts)
for command in commands:
    journal.note_command(command)
os.kill(os.getpid(), number)
"""


def leave(number: int = signal.SIGKILL, commands: tuple[str, ...] = (), **facts: object) -> None:
    """Have a process note something and die without closing its notes."""
    told = json.dumps([facts, list(commands), int(number)])
    died = subprocess.run(
        [sys.executable, "-c", NOTES_AND_DIES, told], cwd=ROOT, check=False, capture_output=True
    )
    assert died.returncode == -number, died.stderr


@pytest.fixture(autouse=True)
def fault_handler() -> Iterator[None]:
    """Give the fault handler back to the tests: notes that end switch it off."""
    yield
    if not faulthandler.is_enabled():
        faulthandler.enable(sys.__stderr__)


@pytest.fixture
def watch() -> Iterator[Watch]:
    made = Watch()
    yield made
    made.end()


@pytest.fixture
def begin(hands: Hands, watch: Watch) -> Callable[[], Hands]:
    """Do what the start of a window does, once what it is to find was left."""

    def start() -> Hands:
        hands.window.crashes.begin(watch)
        return hands

    return start


def test_notes_are_gone_when_a_window_is_closed() -> None:
    journal = Journal(boot="1")
    journal.note(document="/home/ines/jam.offcut")
    assert list(sessions_folder().iterdir())
    journal.end()
    journal.end()
    assert not list(sessions_folder().iterdir())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_what_a_process_noted_is_there_after_its_death_once(number: int) -> None:
    leave(number, ("file.open", "transport.toggle"), document="/music/jam.offcut", settled=True)
    (left,) = take_left()
    assert left.document == Path("/music/jam.offcut")
    assert left.commands == ("file.open", "transport.toggle")
    assert not left.failed_at_opening
    assert bool(left.fault) == (number != signal.SIGKILL)
    assert take_left() == ()
    assert not list(sessions_folder().iterdir()), "neither notes nor locks stay"


def test_a_window_that_is_open_is_not_taken_for_one_that_died() -> None:
    journal = Journal(document="/music/jam.offcut")
    try:
        look = "from desktop.crashes.left import take_left; print(len(take_left()))"
        seen = subprocess.run(
            [sys.executable, "-c", look], cwd=ROOT, check=True, capture_output=True, text=True
        )
        assert seen.stdout.strip() == "0"
        assert len(list(sessions_folder().glob("*.session"))) == 1
    finally:
        journal.end()


def test_opening_another_document_that_ends_it_counts_against_that_one() -> None:
    leave(document="/music/jam.offcut", settled=True, opening="/music/other.offcut")
    (left,) = take_left()
    assert left.document == Path("/music/other.offcut")
    assert left.failed_at_opening


def test_notes_go_also_where_the_fault_handler_had_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "open", refuse)
    journal = Journal(boot="1")
    assert list(sessions_folder().iterdir())
    journal.end()
    assert not list(sessions_folder().iterdir())


def test_notes_stay_short_and_end_in_what_is_so() -> None:
    journal = Journal(boot="1")
    for number in range(5_000):
        journal.note_command("review.next")
        if number % 100 == 0:
            journal.note(document=f"/music/{number}.offcut")
    (path,) = sessions_folder().glob("*.session")
    assert path.stat().st_size <= LONGEST_BYTES
    journal._lock.release()  # as the end of a process does
    (left,) = take_left()
    journal.end()
    assert left.document == Path("/music/4900.offcut")
    assert left.facts["boot"] == "1"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]\n1\nnull\n",
        b"\xff\xfe\n",
        b'{"document": 3, "command": []}\n',
        b'{"opening": "a\\u0000"}\n',
    ],
)
def test_notes_that_are_none_are_no_trouble(content: bytes) -> None:
    (sessions_folder() / "1-00.session").write_bytes(content)
    (left,) = take_left()
    assert left.document is None
    assert report_of_left(left, machine())


def test_where_no_notes_can_be_kept_a_window_opens_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    journal = Journal(boot="1")
    journal.note(document="/music/jam.offcut")
    journal.end()
    assert take_left() == ()


def test_the_same_error_is_reported_once_and_no_more_than_a_few() -> None:
    told: list[int] = []
    hook = sys.excepthook
    sys.excepthook = lambda *_: None  # this test's own, since the errors are meant
    watch = Watch()
    watch.told = lambda: told.append(1)
    try:
        for again in (0, 1, 2):
            for text in "abcdefgh":
                try:
                    exec(compile("\n" * ord(text) + "{}['Ines']", "<x>", "exec"))
                except KeyError as error:
                    sys.excepthook(type(error), error, error.__traceback__)
            assert len(told) == MOST_REPORTS_OF_A_WINDOW, again
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    finally:
        watch.end()
        sys.excepthook = hook
    assert len(told) == MOST_REPORTS_OF_A_WINDOW


def test_few_reports_are_kept_and_each_is_offered_once() -> None:
    reports = Reports()
    for number in range(MOST_REPORTS + 5):
        reports.write(f"report {number}")
    kept = list((reports.newest() or Path()).parent.glob("crash-*"))
    assert len(kept) == MOST_REPORTS
    assert reports.take_new() == reports.newest()
    assert reports.take_new() is None
    assert reports.forget() == MOST_REPORTS
    assert reports.newest() is None


SECRETS = ("Ines", "Müller", "ines", "Geheimlied", "Gitarre", "take-7b", "privat")


def raised(make: Callable[[], object]) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011 - of any kind
        make()
    return caught.value


def secret_key() -> object:
    return {}["Geheimlied von Ines"]


def in_a_chain() -> object:
    try:
        return secret_key()
    except KeyError as error:
        raise UsageError("/home/ines/privat/Geheimlied.offcut is damaged.") from error


@pytest.mark.parametrize(
    "make",
    [
        secret_key,
        in_a_chain,
        lambda: Path("/home/ines/privat/Geheimlied take-7b.wav").read_bytes(),
        lambda: float("Gitarre Ines Müller"),
        lambda: "Geheimlied Müller".encode("ascii"),
        lambda: getattr(object(), "Gitarre"),  # noqa: B009
        lambda: exec(
            compile("def Gitarre(): raise ValueError('Geheimlied')\nGitarre()", "/home/ines/x.py", "exec")
        ),
        lambda: exec("class Geheimlied(Exception): ...\nraise Geheimlied('Ines Müller')"),
    ],
)
def test_a_traceback_holds_nothing_of_a_person(make: Callable[[], object]) -> None:
    told = private_traceback(raised(make))
    assert told
    assert not [one for one in SECRETS if one in told], told


def test_a_traceback_keeps_what_mends_the_fault() -> None:
    told = private_traceback(raised(lambda: Reports.write(None, "text")))  # type: ignore[arg-type]
    assert "AttributeError: 'NoneType' object has no attribute '_folder'" in told
    assert "desktop/crashes/report.py:" in told
    assert "in write" in told
    shapes = private_traceback(raised(lambda: __import__("numpy").ones((2, 3)) + __import__("numpy").ones(4)))
    assert "ValueError: operands could not be broadcast together with shapes (2,3) (4,)" in shapes


def test_a_traceback_without_an_end_is_short() -> None:
    def again() -> None:
        again()

    told = private_traceback(raised(again))
    assert len(told.splitlines()) < 80
    assert "RecursionError: maximum recursion depth exceeded" in told


def test_an_error_behind_itself_is_told_once() -> None:
    error = ValueError("a")
    error.__cause__ = KeyError("b")
    error.__cause__.__cause__ = error
    assert private_traceback(error).count("ValueError") == 1


def test_what_is_left_out_of_a_message_is_one_ellipsis() -> None:
    assert private_message("/home/ines/Geheim lied.wav is not there.", {"there"}) == "/… is not there."


def test_the_fault_handlers_words_are_its_places() -> None:
    text = (
        'Fatal Python error: Segmentation fault\n\nCurrent thread 0x00007f (most recent call first):\n'
        f'  File "{ROOT}/desktop/files.py", line 12 in open\n'
        '  File "/home/ines/Müller.py", line 3 in Geheimlied\n'
        '  File "/home/ines/lib/python3.11/site-packages/numpy/core/x.py", line 3 in sum\n'
        '  File "/home/ines/lib/python3.11/site-packages/ines_tools/x.py", line 3 in sum\n'
        "\nThread 0x01 (most recent call first):\n  <no Python frame>\n"
        "\nExtension modules: numpy, ines_tools (total: 2)\n"
    )  # fmt: skip
    told = private_fault(text)
    assert told.splitlines() == [
        "Segmentation fault",
        "In the thread that crashed:",
        "  desktop/files.py:12 in open",
        "  … in third-party code",
        "  numpy/core/x.py:3 in sum",
        "  … in third-party code",
        "In another thread:",
    ]


def test_a_report_tells_how_it_ended_and_no_more_than_it_may() -> None:
    now = {"boot": "b", "oom_kills": 1}
    facts = {
        "boot": "b",
        "oom_kills": 0,
        "version": "0.1.0 (source)",
        "system": "/home/ines\n",
        "document": "/x",
    }
    commands = ("file.open", "Geheimlied")
    told = report_of_left(Left(facts, commands), now)
    assert "possibly out of memory" in told
    assert "Offcut: 0.1.0 (source)" in told
    assert "System: not known" in told
    assert "Last commands: file.open\n" in told
    assert "killed by another process" in report_of_left(Left(facts, ()), {**now, "oom_kills": 0})
    assert "switched off or restarted" in report_of_left(Left(facts, ()), {**now, "boot": "c"})
    assert "(trace below)" in report_of_left(Left(facts, (), "Fatal Python error: Aborted"), now)


def test_openings_that_failed_are_counted_until_one_goes_well() -> None:
    jam, other = Path("/music/jam.offcut"), Path(os.fsdecode(b"/music/\xe9.offcut"))
    assert [openings.failed(jam), openings.failed(other), openings.failed(jam)] == [1, 1, 2]
    openings.went_well(jam)
    assert [openings.failed(jam), openings.failed(other)] == [1, 2]


def test_nothing_is_offered_after_a_window_that_was_closed(begin: Callable[[], Hands]) -> None:
    Journal(document="/music/jam.offcut").end()
    hands = begin()
    assert hands.window.crashes.bar.text == ""
    for keys in ("Ctrl+Shift+B", "Ctrl+Shift+V", "Ctrl+Shift+X"):
        hands.press(keys)
    assert len(hands.refused) == 3


def test_after_a_crash_the_document_is_opened_by_a_key(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    leave(document=str(jam), settled=True)
    hands = begin()
    bar = hands.window.crashes.bar
    assert bar.text == "jam.offcut was open when Offcut crashed; no edit is lost."
    assert not hands.window.session.is_open, "nothing opens by itself"
    hands.press("Ctrl+Shift+B")
    hands.finish_work()
    assert hands.window.session.path == jam
    assert bar.text == ""
    assert "Opened jam.offcut" in [one.text for one in hands.window.messages.messages]


def test_a_document_that_ended_it_twice_is_not_offered_but_its_backup(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    Document.open(jam).close()  # which keeps a backup
    for _ in range(2):
        leave(document=str(jam))
    hands = begin()
    assert "crashed 2 times" in hands.window.crashes.bar.text
    hands.press("Ctrl+Shift+B")
    hands.finish_work()
    assert hands.window.session.path != jam
    assert hands.window.session.path.parent == jam.parent
    assert len(hands.window.session.state.proposals) == 2


def test_a_document_that_is_gone_is_refused_and_the_offer_stays(
    begin: Callable[[], Hands], tmp_path: Path
) -> None:
    leave(document=str(tmp_path / "gone.offcut"), settled=True)
    hands = begin()
    hands.press("Ctrl+Shift+B")
    assert len(hands.refused) == 1
    assert hands.window.crashes.bar.text


def test_opening_it_another_way_answers_the_offer(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    leave(document=str(jam), settled=True)
    hands = begin()
    hands.window.session.open(jam)
    hands.finish_work()
    assert hands.window.crashes.bar.text == ""


def test_the_report_is_shown_copied_and_forgotten(begin: Callable[[], Hands], tmp_path: Path) -> None:
    leave(signal.SIGSEGV, ("file.open",), document=str(tmp_path / "Geheimlied.offcut"), settled=True)
    hands = begin()
    hands.press("Ctrl+Shift+V")
    view = hands.window.findChild(ReportView)
    assert view.isVisible()
    assert "Segmentation fault" in view.text
    assert "Last commands: file.open" in view.text
    assert "Geheimlied" not in view.text
    copy = next(one for one in view.findChildren(KeyButton) if one.text() == "Copy all")
    QTest.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == view.text
    view.close()
    assert hands.window.crashes.bar.text, "the document can still be opened"
    hands.press("Ctrl+Shift+X")
    assert hands.window.crashes.bar.text == ""
    assert Reports().newest() is None


def test_the_report_of_an_error_that_was_told_but_not_looked_at_is_offered_once(
    begin: Callable[[], Hands],
) -> None:
    Reports().write("Offcut crash report")
    assert begin().window.crashes.bar.text == "An internal error occurred in the last session."
    assert Reports().take_new() is None


def test_a_document_that_stays_open_was_opened_well(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    openings.failed(jam)
    hands = begin()
    hands.window.crashes._settled.setInterval(10)
    hands.window.session.open(jam)
    hands.finish_work()
    hands.qtbot.waitUntil(lambda: openings._read() == {})
    (notes,) = sessions_folder().glob("*.session")
    assert json.loads(notes.read_text().splitlines()[-1]) == {"settled": True}


def test_what_refuses_to_open_leaves_the_one_before_noted(begin: Callable[[], Hands], tmp_path: Path) -> None:
    jam = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"))
    (tmp_path / "bad.offcut").write_bytes(b"no document")
    hands = begin()
    hands.window.session.open(jam)
    with pytest.raises(Exception, match=r"bad\.offcut"):
        hands.window.session.open(tmp_path / "bad.offcut")
    hands.finish_work()
    (notes,) = sessions_folder().glob("*.session")
    facts: dict[str, object] = {}
    for line in notes.read_text().splitlines():
        facts.update(json.loads(line))
    assert facts["document"] == str(jam)
    assert facts["opening"] is None
