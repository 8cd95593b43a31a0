"""Every part of the window and its dialogs has a name, is reached by Tab, and shows that it has the focus."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QApplication,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QScrollBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.chrome.palette_and_key_sheet import KeySheet
from widgets.controls import text_and_icons
from widgets.review.queue_view import QueueView

HANDLED = (QAbstractButton, QLineEdit, QAbstractItemView, QAbstractSlider, QPlainTextEdit)
LEAST_PIXELS = 20
MOST_STOPS = 300
CHANCE = re.compile(r", cut probability \d+ %")
CUTS = ((2, 5), (8, 10), (14, 17))
DIALOGS = (
    "grid.set_tempo",
    "view.spectrogram",
    "taste.learn",
    "taste.propose",
    "file.export",
    "file.preferences",
    "file.recent",
    "file.snapshot",
    "help.rebind",
)


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in CUTS)
    document = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20, 2), cuts)
    hands.window.look.choose("dark")
    hands.window.session.open(document)
    hands.finish_work()
    hands.window.timeline.heads.choose(hands.window.session.state.tracks[0].id)
    return hands


def name_of(widget: QWidget) -> str:
    """Return what a screen reader calls a widget."""
    found = QAccessible.queryAccessibleInterface(widget)
    return found.text(QAccessible.Text.Name) if found else ""


def handled(root: QWidget) -> list[QWidget]:
    """Return what a user can do something with."""
    return [
        each
        for each in root.findChildren(QWidget)
        if each.isVisible()
        and each.isEnabled()
        and not isinstance(each, QScrollBar)
        and (isinstance(each, HANDLED) or each.focusPolicy() & Qt.FocusPolicy.TabFocus)
    ]


def stops(root: QWidget) -> list[QWidget]:
    """Go round by Tab and return where the focus stopped, each once."""
    found: list[QWidget] = []
    for _ in range(MOST_STOPS):
        QTest.keyClick(root.focusWidget() or root, Qt.Key.Key_Tab)
        now = root.focusWidget()
        assert now is not None
        if now in found:
            assert now is found[0], f"Tab is caught at {name_of(now)}"
            return found
        found.append(now)
    raise AssertionError("Tab comes to no end")


def picture(widget: QWidget) -> QImage:
    QApplication.processEvents()
    return widget.grab().toImage()


def differ(one: QImage, other: QImage) -> int:
    """Return how many pixels of two pictures differ."""
    assert one.size() == other.size()
    rows = range(one.height())
    return sum(one.pixel(x, y) != other.pixel(x, y) for y in rows for x in range(one.width()))


def assert_reached_and_seen(qtbot: QtBot, root: QWidget) -> None:
    """Fail for a part of a window that has no name, is not reached by Tab, or hides that it has the focus."""

    def is_active() -> bool:
        root.activateWindow()
        return QApplication.activeWindow() is root

    qtbot.waitUntil(is_active)
    reached = stops(root)
    for widget in handled(root):
        what = f"{type(widget).__name__} {name_of(widget)!r}"
        assert name_of(widget), f"{what} in {type(widget.parentWidget()).__name__} has no name"
        in_group = isinstance(widget, QRadioButton) and not widget.isChecked()  # arrows lead to the others
        assert widget in reached or in_group, f"Tab does not lead to {what}"
    for widget in reached:
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        focused = picture(widget)
        widget.clearFocus()
        assert differ(focused, picture(widget)) >= LEAST_PIXELS, f"the focus of {name_of(widget)!r} is hidden"


def test_every_part_of_the_window(reviewing: Hands) -> None:
    reviewing.window.resize(1200, 800)
    assert_reached_and_seen(reviewing.qtbot, reviewing.window)


def test_the_empty_window_with_its_recent_documents(reviewing: Hands) -> None:
    window = reviewing.window
    window.session.close()
    window.session.replaced.emit()
    assert_reached_and_seen(reviewing.qtbot, window)


@pytest.mark.parametrize("command_id", DIALOGS)
def test_every_part_of_a_dialog(reviewing: Hands, command_id: str) -> None:
    def look(dialog: QWidget) -> None:
        try:
            assert_reached_and_seen(reviewing.qtbot, dialog)
        finally:
            dialog.close()

    reviewing.do_and_answer(lambda: reviewing.window.commands.run(command_id), look)


def test_every_part_of_the_key_sheet(reviewing: Hands) -> None:
    reviewing.window.commands.run("help.keys")
    sheet = next(one for one in QApplication.topLevelWidgets() if isinstance(one, KeySheet))
    assert_reached_and_seen(reviewing.qtbot, sheet)
    sheet.close()


def test_the_history_is_reached_and_seen(reviewing: Hands) -> None:
    reviewing.press("A")
    reviewing.press("Ctrl+H")
    assert_reached_and_seen(reviewing.qtbot, reviewing.window)


# What a screen reader is told.


class Reader:
    """Stands where a screen reader listens, at the edge to Qt."""

    Event, AnnouncementPoliteness = QAccessible.Event, QAccessible.AnnouncementPoliteness

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.urgent: list[str] = []

    def isActive(self) -> bool:
        return True

    def updateAccessibility(self, event: QAccessibleAnnouncementEvent) -> None:
        is_urgent = event.politeness() == QAccessible.AnnouncementPoliteness.Assertive
        (self.urgent if is_urgent else self.heard).append(event.message())


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> Reader:
    listening = Reader()
    monkeypatch.setattr(text_and_icons, "QAccessible", listening)
    return listening


def without_chances(rows: list[str]) -> list[str]:
    """Rows without what the answers so far say of them."""
    return [CHANCE.sub("", row) for row in rows]


def test_keys_that_move_and_decide_are_heard(reviewing: Hands, reader: Reader) -> None:
    reviewing.press("Down")
    assert reader.heard == ["Cut 0:08.0 – 0:10.0, 2.0 s, score 0.90, undecided"]
    reviewing.press("A")
    assert "Accepted cut 0:08.0 – 0:10.0" in reader.heard
    rows = reviewing.window.findChild(QueueView)
    assert rows.hasFocus()  # Qt announces the row of a list that has the focus
    row = str(rows.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole))
    assert without_chances([row]) == ["Cut 0:14.0 – 0:17.0, 3.0 s, score 0.90, undecided"]


def test_an_answer_away_from_the_queue_announces_the_next_row(reviewing: Hands, reader: Reader) -> None:
    reviewing.window.timeline.canvas.setFocus()
    reviewing.press("A")
    assert without_chances(reader.heard[-2:]).count("Cut 0:08.0 – 0:10.0, 2.0 s, score 0.90, undecided") == 1


def test_a_refusal_interrupts(reviewing: Hands, reader: Reader) -> None:
    reviewing.press("V")
    assert reader.urgent == ["This proposal has no alternatives. Nudge its edges instead."]


def test_the_palette_says_what_it_found(reviewing: Hands, reader: Reader) -> None:
    reviewing.press("F1")
    field = QApplication.focusWidget()
    assert field is not None
    reader.heard.clear()
    QTest.keyClicks(field, "zoom out")
    assert reader.heard[-1] == "Zoom out, -"
    reviewing.window.palette_popup.close()


def test_rows_are_told_one_by_one_with_their_state(reviewing: Hands) -> None:
    reviewing.press("X")
    reviewing.press("Shift+Down")
    calibrating = reviewing.window.review.calibrating
    reviewing.qtbot.waitUntil(lambda: not calibrating.is_learning)
    view = next(
        each for each in reviewing.window.findChildren(QAbstractItemView) if name_of(each) == "Proposals"
    )
    rows = QAccessible.queryAccessibleInterface(view)
    told = [rows.child(row).text(QAccessible.Text.Name) for row in range(rows.childCount())]
    assert [CHANCE.search(row) is not None for row in told] == [False, True, True], "of what is undecided"
    assert without_chances(told) == [
        "Cut 0:02.0 – 0:05.0, 3.0 s, score 0.90, rejected",
        "Cut 0:08.0 – 0:10.0, 2.0 s, score 0.90, undecided, selected",
        "Cut 0:14.0 – 0:17.0, 3.0 s, score 0.90, undecided, selected",
    ]


def test_the_timeline_says_what_is_in_view(reviewing: Hands) -> None:
    window = reviewing.window
    window.timeline.zooms.zoom_to(7 * RATE_HZ, 11 * RATE_HZ)
    window.transport.seek(9 * RATE_HZ)
    wanted = "0:06.0 to 0:12.0 of 0:20.0, 1 proposal, playhead at 0:09.0"
    reviewing.qtbot.waitUntil(lambda: window.timeline.accessibleDescription() == wanted)


def test_a_click_shows_no_frame_around_the_timeline_and_tab_does(reviewing: Hands) -> None:
    timeline = reviewing.window.timeline
    timeline.clearFocus()
    plain = picture(timeline)
    timeline.setFocus(Qt.FocusReason.MouseFocusReason)
    assert picture(timeline) == plain
    timeline.setFocus(Qt.FocusReason.OtherFocusReason)
    timeline.clearFocus()
    timeline.setFocus(Qt.FocusReason.BacktabFocusReason)
    assert differ(picture(timeline), plain) > 1_000
