"""What hands do between answers, whatever the recording: find places, listen, look closer, write down."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QWidget

from tests.desktop.conftest import fill
from tests.desktop.hour.editor import Editor


def find_places(editor: Editor) -> None:
    """Go by seconds, to a time, and by J K L."""
    window = editor.window
    rate_hz = window.session.state.rate_hz
    with editor.point("to a time, by seconds, and its timecode copied"):
        editor.ask("Ctrl+G", fill(Time="0:45"))
        assert window.transport.playhead_samples == 45 * rate_hz
        editor.press("Right", "Ctrl+Left", "Ctrl+Shift+C")
        assert window.transport.playhead_samples == 49 * rate_hz
        assert QGuiApplication.clipboard().text().startswith("0:49.000")
    with editor.point("J K L: forward, faster, stop, back"):
        editor.press("L", "L")
        editor.hands.qtbot.waitUntil(lambda: window.transport.playhead_samples > 49.5 * rate_hz)
        editor.press("K")
        editor.hands.qtbot.waitUntil(lambda: not window.transport.is_playing)
        here = window.transport.playhead_samples
        editor.press("J")
        editor.hands.qtbot.waitUntil(lambda: window.transport.playhead_samples < here)
        editor.press("K")
        editor.hands.qtbot.waitUntil(lambda: not window.transport.is_playing)


def look_and_write(editor: Editor) -> None:
    """Look at quiet stretches, write a note, change a fade, and read what was said."""
    window = editor.window
    with editor.point("quiet stretches drawn higher"):
        editor.press("Ctrl++", "Ctrl++")
        editor.picture("drawn-higher")
        editor.press("Ctrl+0")
    with editor.point("a note on a proposal, and how long its cut fades"):
        editor.press("Down")
        editor.ask("Alt+N", _write("ask the drummer"))
        assert window.session.state.decisions[window.review.here()].note == "ask the drummer"
        editor.press("4", "4", "Ctrl+3")
        editor.picture("note-and-fade")
    with editor.point("what was said, in a list"):
        editor.press("Ctrl+Shift+H")
        log = window.messages.log
        assert log is not None
        assert log.isVisible()
        QTest.keyClick(log, Qt.Key.Key_Escape)
    with editor.point("dark and light"):
        editor.press("F9")
        assert "look" in editor.said
        editor.press("F9", "F9")


def _write(text: str) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        field = dialog.findChild(QPlainTextEdit)
        assert field is not None
        QTest.keyClicks(field, text)
        QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    return answer
