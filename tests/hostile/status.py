"""What the window said, and whether it is what a person should be told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QWidget

from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands


def said(window: MainWindow) -> str:
    """Return what the left of the status bar says."""
    labels = window.status_bar.findChildren(QLabel)
    return next(label for label in labels if label.accessibleName() == "Last command").text()


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and "unexpectedly" not in text


def drop(hands: Hands, *paths: Path) -> None:
    """Drop files on the timeline, as tracks where that is asked, and wait for what they start."""

    def import_it(dialog: QWidget) -> None:
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    is_one = len(paths) == 1 and paths[0].is_file() and paths[0].suffix != ".offcut"
    is_asked = is_one and bool(hands.window.session.state.tracks)
    hands.do_and_answer(
        lambda: hands.window.timeline.files_dropped.emit([str(path) for path in paths]),
        *([import_it] if is_asked else []),
    )
    hands.finish_work()
