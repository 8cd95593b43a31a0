"""A rehearsal on three tracks, from the files to what a band takes home."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget

from engine.document.decisions import Verdict
from engine.edl.build import build
from tests.desktop.conftest import Hands, fill, type_path
from tests.desktop.hour.editor import MINUTES, Editor
from tests.desktop.hour.recordings import rehearsal
from tests.hostile.bad_files import REFUSED

REVIEWED = 100


@pytest.fixture
def editor(hands: Hands) -> Editor:
    hands.window.arrivals.toggle()
    assert hands.window.arrivals.is_on
    hands.window.resize(1600, 1000)
    return Editor(hands)


def press_enter(dialog: QWidget) -> None:
    QTest.keyClick(dialog, Qt.Key.Key_Return)


def import_takes(editor: Editor, folder: Path) -> None:
    takes = rehearsal(folder, MINUTES)
    broken = [REFUSED["not audio"][0](folder / f"{name}.wav") for name in ("notes", "more notes")]
    with editor.point("first screen"):
        editor.picture("first-screen")
    with editor.point("six files: two broken, one twice, two rates") as point:
        editor.ask("Ctrl+N", type_path(folder / "rehearsal.offcut"))
        editor.ask("Ctrl+O", type_path(*takes, *broken, takes[0]), press_enter)
        editor.hands.finish_work()
        state = editor.window.session.state
        assert [track.name for track in state.tracks] == [take.stem for take in takes]
        assert state.rate_hz == 48_000
    assert "notes.wav" in point.said


def propose(editor: Editor) -> None:
    window = editor.window
    with editor.point("pauses, before any taste"):
        editor.press("Alt+R")
        editor.hands.finish_work()
        assert window.session.state.proposals
        editor.press("Shift+Z")
        editor.picture("whole-recording")


def review(editor: Editor) -> None:
    window = editor.window
    count = min(REVIEWED, len(window.session.state.proposals))
    with editor.point(f"{count} proposals answered as they come") as point:
        for number in range(count):
            editor.press("A" if number % 4 else "X")
        verdicts = [window.session.state.verdict(key) for key in window.session.state.proposals]
        assert sum(verdict is not Verdict.UNDECIDED for verdict in verdicts) == count
    assert point.keys <= 1.3 * count
    editor.picture("reviewed")


def make_edits(editor: Editor) -> None:
    window = editor.window
    rate_hz = window.session.state.rate_hz
    edits = (
        ("cut", 5, 2, "Delete", ()),
        ("keep", 12, 3, "Keep the selection", ()),
        ("mute", 20, 2, "Mute the selection", ()),
        ("repeat", 30, 4, "Repeat the selection", (fill(**{"Times in a row": "3"}),)),
        ("move", 40, 4, "Move the selection…", (fill(**{"To time": "0:28"}),)),
        ("slip", 50, 1, "Slip the selection", (fill(Milliseconds="12"),)),
        ("gain", 55, 2, "Gain of the selection", (fill(Decibels="-6"),)),
    )
    with editor.point("an own edit of every kind"):
        for kind, start_s, length_s, how, answers in edits:
            before = len(window.session.state.proposals)
            window.zooms.go_to(start_s * rate_hz)
            editor.press(*["Shift+Right"] * length_s)
            if how == "Delete":
                editor.press(how)
            else:
                editor.find(how, *answers)
            assert len(window.session.state.proposals) == before + 1, kind
            assert window.session.state.proposals[window.review.here()].kind == kind
            editor.press("C", "Esc")
    editor.picture("own-edits")


def take_home(editor: Editor, folder: Path) -> None:
    window = editor.window
    with editor.point("the result, heard and written"):
        editor.press("Q", "Shift+Z")
        editor.picture("result")
        editor.ask("Ctrl+E", fill(Folder=str(folder), File="home"))
        editor.hands.finish_work()
        written = soundfile.info(folder / "home.wav")
        assert written.frames == build(window.session.state).length_samples


def undo_all(editor: Editor) -> None:
    window = editor.window
    with editor.point("everything taken back and made again"):
        after, steps = window.session.state, 0
        while window.session.undo_label and steps < 400:
            editor.press("Ctrl+Z")
            steps += 1
        assert not window.session.state.tracks
        for _ in range(steps):
            editor.press("Ctrl+Shift+Z")
        assert window.session.state == after


@pytest.mark.timeout(1_800)
def test_a_rehearsal_on_three_tracks(editor: Editor, tmp_path: Path) -> None:
    import_takes(editor, tmp_path)
    propose(editor)
    review(editor)
    make_edits(editor)
    take_home(editor, tmp_path)
    undo_all(editor)
    editor.write_report("A rehearsal on three tracks")
