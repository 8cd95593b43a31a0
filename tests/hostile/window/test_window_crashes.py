"""A real window that is killed with a document open, and the next start; keys go to it by way of X."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.bundle.conftest import screen
from tests.bundle.typist import Typist
from tests.desktop.documents import make_document
from tests.desktop.screen import Screen
from tests.hostile.bad_files import good

__all__ = ["screen"]

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="keys go through X")

ROOT = Path(__file__).resolve().parents[3]
PERSON, SONG, TRACK = "Ines Vorname", "Geheimlied", "Oboe von Ines"
ENDED = "ended unexpectedly"
ESCAPES = """
from PySide6.QtCore import QTimer
from desktop import app
opened = app.show
def show(window, what):
    opened(window, what)
    track = window.session.state.tracks[0].name
    QTimer.singleShot(0, lambda: {}[track])
    QTimer.singleShot(200, lambda: (print(window.status_bar.message), window.close()))
app.show = show
raise SystemExit(app.open_window(["%s"]))
"""
ENDS = """
from desktop import app
def show(window, what):
    raise ValueError("the end")
app.show = show
app.open_window([])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a person, whose name is in every path below."""
    made = tmp_path / PERSON
    made.mkdir()
    return made


@pytest.fixture
def document(home: Path) -> Path:
    """A document with two cuts, whose track has a name of its own."""
    return make_document(home / f"{SONG}.offcut", good(home / f"{TRACK}.wav"))


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    places = {f"XDG_{name}_HOME": str(home / name.lower()) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    kept = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    return {**kept, **places, "HOME": str(home), "PYTHONPATH": str(ROOT)}


@pytest.fixture
def start(screen: Screen, environment: dict[str, str]) -> Iterator[Callable[..., Typist]]:
    """Start the program as a person does; whatever still runs at the end is closed."""
    started = []

    def run(*words: object) -> Typist:
        command = [sys.executable, "-m", "desktop.launch", *map(str, words)]
        typist = Typist(command, screen.display, {**environment, "DISPLAY": screen.display})
        started.append(typist)
        return typist

    yield run
    for typist in started:
        typist.close()


def die(typist: Typist, number: int) -> None:
    typist.program.send_signal(number)
    assert typist.program.wait(30) == -number


def state(home: Path, kind: str, pattern: str) -> list[Path]:
    return sorted((home / "state" / "offcut" / kind).glob(pattern))


def logged(home: Path) -> str:
    path = home / "state" / "offcut" / "offcut.log"
    return path.read_text("utf-8") if path.is_file() else ""


def verdicts(document: Path) -> list[str]:
    with sqlite3.connect(f"file:{document}?mode=ro", uri=True) as connection:
        return [row[0] for row in connection.execute("SELECT verdict FROM decision")]


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_a_window_that_is_killed_comes_back_with_its_document(
    start: Callable[..., Typist], home: Path, document: Path, number: int
) -> None:
    first = start(document)
    first.press(SONG, "a")
    first.wait("the answer", lambda: verdicts(document) == ["accepted"])
    die(first, number)
    (left,) = state(home, "sessions", "*.session")
    assert ("Fatal Python error: Segmentation fault" in left.read_text()) == (number == signal.SIGSEGV)

    second = start()
    second.window("Offcut")
    second.wait("the log", lambda: ENDED in logged(home))
    assert not second.is_open(SONG), "nothing opens by itself"
    second.press("Offcut", "ctrl+shift+b")
    second.window(SONG)
    assert verdicts(document) == ["accepted"]
    text = logged(home)
    assert ("Segmentation fault" in text) == (number == signal.SIGSEGV)
    assert ("in open_window" in text) == (number == signal.SIGSEGV)
    assert ("Killed, or the computer was switched off." in text) == (number == signal.SIGKILL)
    assert not [one for one in (*PERSON.split(), SONG, "Oboe", str(home)) if one in text], text

    second.close()
    assert second.program.returncode == 0, "a system that ends its programs is no crash"
    assert not state(home, "sessions", "*")
    third = start()
    third.press("Offcut", "ctrl+shift+b")
    third.press("Offcut", "ctrl+q")
    assert third.program.wait(30) == 0
    assert logged(home) == text, "it is offered once"


@pytest.mark.long
def test_a_document_that_ends_it_twice_is_not_opened_again_but_its_backup(
    start: Callable[..., Typist], home: Path, document: Path
) -> None:
    for _ in range(2):
        opened = start(document)
        opened.window(SONG)
        die(opened, signal.SIGSEGV)
    after = start()
    after.window("Offcut")
    after.wait("the log", lambda: logged(home).count(ENDED) == 2)
    before = document.read_bytes()
    after.press("Offcut", "ctrl+shift+b")
    after.window(f"{SONG} ")
    assert document.read_bytes() == before
    assert [one for one in home.glob("*.offcut") if one != document], "the backup lies beside it"


@pytest.mark.long
def test_two_windows_do_not_take_each_other_for_crashed(
    start: Callable[..., Typist], home: Path, document: Path
) -> None:
    first = start(document)
    first.window(SONG)
    second = start()
    second.window("^Offcut$")
    second.wait("its notes", lambda: len(state(home, "sessions", "*.session")) == 2)
    second.press("^Offcut$", "ctrl+q")
    assert second.program.wait(30) == 0
    assert len(state(home, "sessions", "*.session")) == 1
    assert not logged(home)
    first.close()
    assert not state(home, "sessions", "*")


def test_an_uncaught_exception_is_logged_and_the_window_goes_on(
    environment: dict[str, str], home: Path, document: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ESCAPES % document],
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    text = logged(home)
    assert text.count("Uncaught exception") == 1
    assert "Traceback (most recent call last)" in text
    assert f"KeyError: '{TRACK}'" in text
    assert "An internal error occurred; your document is unchanged" in ended.stdout
    assert str(home) not in text
    assert not state(home, "sessions", "*")


def test_an_exception_that_ends_the_window_is_logged_and_the_next_start_finds_it(
    environment: dict[str, str], home: Path
) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDS],
        env={**environment, "QT_QPA_PLATFORM": "offscreen"},
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr.count("ValueError: the end") == 1
    assert logged(home).count("ValueError: the end") == 1
    assert len(state(home, "sessions", "*.session")) == 1
