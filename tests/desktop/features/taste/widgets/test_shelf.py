"""The list of tastes: typed into, walked by arrows, and honest about files that are gone."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QListView
from pytestqt.qtbot import QtBot

from desktop.features.taste.widgets.shelf import (
    NOTHING_FOUND,
    Elsewhere,
    Shelf,
    TasteShelf,
    day_of,
    learned_from,
    name_of,
)
from engine.features.taste.anomaly.taste_header import NOT_THERE, TasteSummary
from tests.widgets.conftest import Dress
from widgets.theme import DARK, LIGHT

MUSIC = Path("/music")
BAND, DRUMS, GONE = MUSIC / "Band.taste", MUSIC / "Drums.taste", MUSIC / "Gone.taste"
TALK = Path("/radio/Talk.taste")
SHELVES = (
    Shelf("Recent", (BAND, GONE)),
    Shelf("Next to this document", (DRUMS,)),
    Shelf("In /radio", (TALK,)),
)
SUMMARIES = {
    BAND: TasteSummary(3, 116.0, 1.0),
    DRUMS: TasteSummary(1, 5400.0, 1.0),
    GONE: TasteSummary(trouble=NOT_THERE),
}


@pytest.fixture
def shelf(qtbot: QtBot, dress: Dress) -> TasteShelf:
    made = TasteShelf(dress(DARK), in_use=BAND)
    qtbot.addWidget(made)
    made.set_shelves(SHELVES)
    made.set_summaries(SUMMARIES)
    with qtbot.waitExposed(made):
        made.show()
    return made


def field(shelf: TasteShelf) -> QLineEdit:
    found = shelf.findChild(QLineEdit)
    assert found is not None
    return found


def rows(shelf: TasteShelf) -> list[str]:
    model = shelf.findChild(QListView).model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def walk(shelf: TasteShelf, *keys: Qt.Key) -> list[object]:
    seen = []
    for key in keys:
        QTest.keyClick(field(shelf), key)
        seen.append(shelf.chosen())
    return seen


def test_the_first_that_is_not_in_use_is_chosen_and_arrows_go_round(shelf: TasteShelf) -> None:
    assert shelf.chosen() == GONE
    down, up = Qt.Key.Key_Down, Qt.Key.Key_Up
    assert walk(shelf, down, down, down) == [DRUMS, TALK, Elsewhere.FILE]
    assert walk(shelf, down, down, up) == [Elsewhere.FOLDER, BAND, Elsewhere.FOLDER]
    assert walk(shelf, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown) == [BAND, Elsewhere.FOLDER]


def test_each_row_says_what_is_known_of_it(shelf: TasteShelf) -> None:
    said = rows(shelf)
    assert said[0] == "Recent"
    assert said[1].startswith("Band · in use · learned from 1:56 in 3 recordings, ")
    assert said[2] == f"Gone · {NOT_THERE}"
    assert said[-3:] == ["Talk", "Choose a file…", "List a folder…"]


def test_typing_finds_by_name_and_folder(shelf: TasteShelf, qtbot: QtBot) -> None:
    qtbot.keyClicks(field(shelf), "dru mus")
    assert shelf.chosen() == DRUMS
    assert len(rows(shelf)) == 4
    field(shelf).clear()
    qtbot.keyClicks(field(shelf), "RADIO")
    assert shelf.chosen() == TALK
    qtbot.keyClicks(field(shelf), "zz")
    assert rows(shelf)[0] == NOTHING_FOUND
    assert shelf.chosen() == Elsewhere.FILE
    assert shelf.problem() == ""


def test_a_name_comes_before_a_folder_that_holds_the_words(shelf: TasteShelf) -> None:
    named = Path("/music/Our band.taste")
    shelf.set_shelves((Shelf("Comes along", (Path("/b/resources/demo.taste"),)), Shelf("Beside", (named,))))
    QTest.keyClicks(field(shelf), "our b")
    assert len(rows(shelf)) == 4 + len(Elsewhere)
    assert shelf.chosen() == named


def test_what_is_gone_cannot_be_taken(shelf: TasteShelf, qtbot: QtBot) -> None:
    assert shelf.problem() == NOT_THERE
    with qtbot.waitSignal(shelf.changed):
        shelf.set_summaries({GONE: TasteSummary(1, 60.0)})
    assert shelf.problem() == ""


def test_more_tastes_arrive_without_moving_what_is_chosen(shelf: TasteShelf) -> None:
    walk(shelf, Qt.Key.Key_Down)
    shelf.set_shelves((Shelf("Recent", (TALK, GONE)), *SHELVES[1:2]))
    assert shelf.chosen() == DRUMS
    walk(shelf, Qt.Key.Key_Down)
    shelf.set_shelves(SHELVES)
    assert shelf.chosen() == Elsewhere.FILE


def test_a_folder_that_cannot_be_read_says_so_in_its_place(shelf: TasteShelf) -> None:
    shelf.set_shelves((Shelf("In /secret", (), "This folder cannot be read: permission denied."),))
    assert rows(shelf)[:2] == ["In /secret", "This folder cannot be read: permission denied."]
    assert shelf.chosen() == Elsewhere.FILE


def test_five_hundred_tastes_are_shown_and_found_at_once(shelf: TasteShelf, qtbot: QtBot) -> None:
    many = tuple(MUSIC / f"{number} {'long ' * 40}.taste" for number in range(500))
    shelf.set_shelves((Shelf("In /music", many),))
    qtbot.keyClicks(field(shelf), "499 long")
    assert shelf.chosen() == many[499]


@pytest.mark.parametrize(
    ("name", "shown"),
    [("two\nlines", "two lines"), ("🥁 fills", "🥁 fills"), ("\x1b[31m", "[31m"), ("\u2028", "(no name)")],
)
def test_any_name_stands_on_one_line(name: str, shown: str) -> None:
    assert name_of(Path(f"/m/{name}.taste")) == shown


def test_days_are_said_as_people_say_them() -> None:
    now = datetime(2026, 11, 21, 0, 30)
    days = (
        datetime(2026, 11, 21, 0, 1),
        datetime(2026, 11, 20, 23, 59),
        datetime(2026, 3, 4),
        datetime(2024, 3, 4),
    )
    assert [day_of(day.timestamp(), now) for day in days] == ["today", "yesterday", "4 Mar", "4 Mar 2024"]
    assert day_of(1e300, now) == ""
    assert learned_from(TasteSummary()).startswith("learned by an early version")


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_names_and_days_do_not_run_into_each_other(qtbot: QtBot, dress: Dress, scale: float) -> None:
    """The pixels between a long name and its day are ground, at any size of the text."""
    theme = dress(LIGHT, scale)
    path = MUSIC / f"{'A long name that was typed ' * 8}.taste"
    shelf = TasteShelf(theme)
    qtbot.addWidget(shelf)
    shelf.set_shelves((Shelf("Recent", (path,)),))
    shelf.set_summaries({path: TasteSummary(2, 100.0, datetime(2024, 12, 30).timestamp())})
    shelf.resize(round(420 * scale), round(300 * scale))
    with qtbot.waitExposed(shelf):
        shelf.show()
    view = shelf.findChild(QListView)
    rect = view.visualRect(view.model().index(1, 0))
    image: QImage = view.viewport().grab().toImage()
    line = range(rect.top() + rect.height() // 8, rect.center().y())
    ground = QColor(theme.current_row).rgb()
    clear = [all(image.pixel(x, y) == ground for y in line) for x in range(rect.right() - 4)]
    runs = "".join(" " if one else "x" for one in clear).rstrip().split(" " * round(7 * scale))
    assert len([run for run in runs if run.strip()]) >= 2, "the day stands clear of the name"
