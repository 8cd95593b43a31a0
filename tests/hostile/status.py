"""What the window said, and whether it is what a person should be told."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QLabel

from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands


def said(window: MainWindow) -> str:
    """Return what the left of the status bar says."""
    labels = window.status_bar.findChildren(QLabel)
    return next(label for label in labels if label.accessibleName() == "Last command").text()


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and "\n" not in text and "Traceback" not in text and "unexpectedly" not in text


def drop(hands: Hands, *paths: Path) -> None:
    """Drop files on the timeline and wait for what they start."""
    hands.window.timeline.files_dropped.emit([str(path) for path in paths])
    hands.finish_work()
