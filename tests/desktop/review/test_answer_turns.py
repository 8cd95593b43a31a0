"""An answer in turns of the event loop: on disk, then the lanes, then the queue, then the figures."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.conftest import Hands
from tests.desktop.features.timing.test_drum_timing import made_once, timing
from widgets.review.queue_view import QueueView

__all__ = ["made_once", "timing"]


class Watch(QObject):
    """Notes what is painted, and how many answers the file on disk holds by then."""

    def __init__(self, path: Path, watched: dict[str, QWidget]) -> None:
        super().__init__()
        self.path, self.watched = path, watched
        self.seen: list[tuple[str, int]] = []
        for one in watched.values():
            one.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            name = next(name for name, one in self.watched.items() if one is watched)
            with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as file:
                self.seen.append((name, file.execute("SELECT count(*) FROM decision").fetchone()[0]))
        return False


def press(hands: Hands, *, is_held: bool = False) -> None:
    """Press the key that accepts, and look at nothing yet."""
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", is_held)
    QApplication.sendEvent(hands.window.timeline, key)


def queue_of(hands: Hands) -> QueueView:
    found = hands.window.queue_panel.findChild(QueueView)
    assert found is not None
    return found


@pytest.fixture
def drums(timing: Hands) -> Hands:
    """The window with all of it painted."""
    timing.look()
    QApplication.processEvents()
    timing.window.timeline.setFocus()
    return timing


def test_the_lanes_come_first_and_nothing_before_it_is_on_disk(drums: Hands) -> None:
    window = drums.window
    assert window.session.path is not None
    queue = queue_of(drums)
    watch = Watch(window.session.path, {"lanes": window.timeline.canvas, "queue": queue.viewport()})
    before, panel = window.review.current, window.queue_panel
    press(drums)
    assert window.review.current != before == panel._shown[1], "the queue follows in a turn of its own"
    assert window.timeline.canvas.shown.current == window.review.current
    drums.qtbot.waitUntil(lambda: panel._shown[1] == window.review.current)
    drums.qtbot.waitUntil(lambda: ("queue", 1) in watch.seen)
    assert watch.seen[0] == ("lanes", 1)
    assert {answers for _, answers in watch.seen} == {1}


def test_a_held_key_has_the_figures_told_once(drums: Hands) -> None:
    window = drums.window
    told: list[str] = []
    summary = window.queue_panel._head._summary

    class Told(QObject):
        def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint and (not told or told[-1] != summary.text()):
                told.append(summary.text())
            return False

    filtering = Told()
    summary.installEventFilter(filtering)
    for _ in range(4):
        press(drums, is_held=True)
    assert not summary.text().startswith("4 of")
    drums.qtbot.waitUntil(lambda: bool(told) and told[-1].startswith("4 of"))
    assert len(told) <= 2
    assert "4 of" in window.timing_panel._summary.text() or "open" in window.timing_panel._summary.text()


def test_another_document_shows_all_of_itself_at_once(drums: Hands, tmp_path: Path) -> None:
    window = drums.window
    press(drums)
    window.session.create(tmp_path / "other.offcut")
    assert not window.queue._following.is_due
    assert not window.queue._counting.is_due
    assert not window.timing._counting.is_due
    assert not window.queue_panel._head._summary.text()
