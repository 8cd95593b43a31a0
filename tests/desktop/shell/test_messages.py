"""What was said: in the status line, on hover, and in the log."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QTextEdit, QToolTip

from desktop.shell.messages import MOST_MESSAGES
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.chrome.status_bar import MessageLog
from widgets.controls.fields import CheckBox

CUTS = ((4 * RATE_HZ, 8 * RATE_HZ), (12 * RATE_HZ, 16 * RATE_HZ))


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    recording = good(tmp_path / "jam.wav", 20)
    hands.window.session.open(make_document(tmp_path / "jam.offcut", recording, CUTS))
    hands.finish_work()
    return hands


def log_of(hands: Hands) -> MessageLog:
    hands.press("Ctrl+Shift+H")
    found = hands.window.messages.log
    assert found is not None
    assert found.isVisible()
    return found


def test_the_log_lists_what_was_said_with_the_time_and_marks_errors(reviewing: Hands) -> None:
    reviewing.press("X")
    reviewing.press("Alt+K")
    log = log_of(reviewing)
    lines = log.lines()[-2:]
    assert lines[0][8:] == "  Rejected cut 0:04.0 – 0:08.0"
    assert lines[1][8:].startswith("  Error: Takes not searched yet.")
    assert "(Alt Shift P)" in lines[1]
    assert all(line[2] == line[5] == ":" and line[:2].isdecimal() for line in lines)
    assert lines[0].split("  ")[1] in log.findChild(QTextEdit).toPlainText()
    errors = log.findChild(CheckBox)
    errors.setChecked(True)
    assert [line for line in log.lines() if "Error: " not in line] == []


def test_it_goes_on_while_it_is_open_and_is_copied(reviewing: Hands) -> None:
    log = log_of(reviewing)
    reviewing.press("X")
    reviewing.press("X")
    assert log.lines()[-1].endswith("Rejected cut 0:12.0 – 0:16.0")
    text = log.findChild(QTextEdit)
    assert text.toPlainText().endswith("Rejected cut 0:12.0 – 0:16.0")
    next(one for one in log.findChildren(type(log._copy)) if one.text() == "Copy all").click()
    assert QGuiApplication.clipboard().text() == "\n".join(log.lines())
    log.activateWindow()
    reviewing.qtbot.waitUntil(log.isActiveWindow)
    QTest.keyClick(log, Qt.Key.Key_Escape)
    assert log.isHidden()


def test_the_oldest_give_way(hands: Hands) -> None:
    for number in range(MOST_MESSAGES + 10):
        hands.window.say(f"Said {number}")
    messages = hands.window.messages.messages
    assert len(messages) == MOST_MESSAGES
    assert messages[0].text == "Said 10"


def test_a_click_on_the_line_opens_the_log(reviewing: Hands) -> None:
    reviewing.press("X")
    QTest.mouseClick(reviewing.window.status_bar._done, Qt.MouseButton.LeftButton)
    assert reviewing.window.messages.log.isVisible()


def test_no_undo_of_something_else_beside_an_error(reviewing: Hands) -> None:
    reviewing.press("X")
    assert reviewing.window.status_bar._undo.text().endswith("undoes it")
    reviewing.press("Alt+K")
    assert not reviewing.window.status_bar._undo.text()
    reviewing.press("Down")
    reviewing.window.say("Next")
    assert "Rejected cut" in reviewing.window.status_bar._undo.text()


def hover(hands: Hands) -> str:
    label = hands.window.status_bar._done
    QToolTip.hideText()
    hands.qtbot.waitUntil(lambda: not QToolTip.isVisible())
    where = label.rect().center()
    QApplication.sendEvent(label, QHelpEvent(QHelpEvent.Type.ToolTip, where, label.mapToGlobal(where)))
    return QToolTip.text() if QToolTip.isVisible() else ""


def test_a_line_that_is_cut_short_is_whole_on_hover(hands: Hands) -> None:
    hands.window.resize(1024, 700)
    long = "The recording <jam> cannot be read, since its folder is gone: " * 8
    hands.window.say(long)
    assert hover(hands) == f"<qt>{long.replace('<', '&lt;').replace('>', '&gt;')}</qt>"
    hands.window.say("Short")
    assert hover(hands) == ""


def test_in_the_result_a_time_says_which_clock_it_is_of(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("A")
    assert window.status_bar.message == "Accepted cut 0:04.0 – 0:08.0"
    reviewing.press("Q")
    assert window.status_bar.message == "Result: 0:16 of 0:20"
    reviewing.press("X")
    assert window.status_bar.message == "Rejected cut 0:12.0 – 0:16.0 (source time)"
    assert window.status_bar._undo.text() == "Ctrl Z undoes it"
    reviewing.press("Ctrl+Z")
    assert window.status_bar.message == "Undid: rejected cut 0:12.0 – 0:16.0 (source time)"
    reviewing.press("Q")
    reviewing.press("Ctrl+Shift+Z")
    assert window.status_bar.message == "Redid: rejected cut 0:12.0 – 0:16.0"


def test_in_the_result_markers_and_selections_are_told_on_its_clock(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("A")
    window.transport.seek(10 * RATE_HZ)
    reviewing.press("M")
    window.selecting.select(10 * RATE_HZ, 11 * RATE_HZ)
    assert window.selecting.words == "Selected 0:10.000 – 0:11.000 (0:01.000)"
    reviewing.press("Q")
    reviewing.press("Home")
    reviewing.press(".")
    assert window.status_bar.message == "Marker 1 at 0:06.0"
    assert window.top_bar._time.text() == "0:06.000"
    assert window.selecting.words == "Selected 0:06.000 – 0:07.000 (0:01.000)"
    assert window.selecting.words in (window.selection_bar._said.text(), window.selection_bar._said.toolTip())
    window.selecting.select(5 * RATE_HZ, 7 * RATE_HZ)
    assert (
        window.selecting.words == "Selected 0:05.000 – 0:07.000 of the source (0:02.000), cut from the result"
    )


def test_an_error_goes_with_the_next_command(reviewing: Hands) -> None:
    bar = reviewing.window.status_bar
    reviewing.press("Alt+K")
    assert bar.message.startswith("Takes not searched yet")
    reviewing.press("Home")
    assert bar.message == ""


def test_an_error_goes_once_the_document_has_changed(reviewing: Hands) -> None:
    window = reviewing.window
    window.work.failed.emit("jam.wav cannot be read.")
    assert window.status_bar.message == "jam.wav cannot be read."
    window.session.undo()
    assert window.status_bar.message == ""
    window.work.failed.emit("jam.wav cannot be read.")
    window.session.open(window.session.path)
    assert window.status_bar.message != "jam.wav cannot be read."


def test_a_result_is_not_replaced_by_the_state_of_the_device(reviewing: Hands) -> None:
    window = reviewing.window
    window.work.said.emit("Exported jam edited.wav")
    window.player.device_status_changed.emit("no audio device: Pulled out is not connected")
    assert window.status_bar.message == "Exported jam edited.wav"
    assert window.status_bar.notice == "No audio device"
    assert window.messages.messages[-1].text.startswith("No audio device: Pulled out is not connected")
    window.player.device_status_changed.emit("Built-in, 48000 Hz")
    assert window.status_bar.message == "Exported jam edited.wav"
    assert window.status_bar.notice == ""


def test_the_state_of_the_device_is_reported_where_no_result_waits_to_be_read(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Home")
    window.player.device_status_changed.emit("no audio device")
    assert window.status_bar.message.startswith("No audio device")
    window.work.said.emit("Exported jam edited.wav")
    assert window.status_bar.message == "Exported jam edited.wav"
