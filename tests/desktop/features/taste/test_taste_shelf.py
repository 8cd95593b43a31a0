"""The shelf in the window, by keys: what is on it, what is taken, and what is wrong with files."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QListView, QPushButton, QWidget

from desktop.demo_files import DEMO_FOLDER
from desktop.features.taste.dialogs import BESIDE, RECENT, SHIPPED, Places, list_places
from desktop.features.taste.widgets.shelf import Elsewhere, TasteShelf
from engine.core.progress import SILENT
from tests.desktop.conftest import Hands, choose_taste, named_field

DEMO = DEMO_FOLDER / "demo.taste"


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """The folder of the document, with two tastes in it, one of which was cut off."""
    shutil.copy(DEMO, tmp_path / "Our band.taste")
    (tmp_path / "Broken.taste").write_bytes(DEMO.read_bytes()[:5_000])
    return tmp_path


def rows(dialog: QWidget) -> list[str]:
    model = dialog.findChild(QListView).model()
    return [str(model.index(row, 0).data()) for row in range(model.rowCount())]


def wait_until_read(hands: Hands, dialog: QWidget) -> None:
    hands.qtbot.waitUntil(lambda: any("Our band" in row and "learned from" in row for row in rows(dialog)))


def test_a_taste_is_found_by_typing_and_taken_by_enter(song: Hands, beside: Path) -> None:
    seen: list[str] = []

    def find(dialog: QWidget) -> None:
        wait_until_read(song, dialog)
        seen.extend(rows(dialog))
        field = named_field(dialog, "Find a taste")
        song.qtbot.waitUntil(field.hasFocus)
        QTest.keyClicks(field, "our b")
        QTest.keyClick(field, Qt.Key.Key_Return)

    song.press_and_answer("Ctrl+T", find)
    assert song.window.analysing.taste == beside / "Our band.taste"
    song.finish_work()
    assert not song.refused
    assert RECENT not in seen, "nothing was used yet"
    assert seen.index(SHIPPED) < seen.index(BESIDE)

    def look(dialog: QWidget) -> None:
        wait_until_read(song, dialog)
        assert rows(dialog)[0] == RECENT
        assert rows(dialog)[1].startswith("Our band · in use")
        assert sum("Our band" in row for row in rows(dialog)) == 1
        assert isinstance(dialog, QDialog)
        dialog.reject()

    song.press_and_answer("Ctrl+T", look)


@pytest.mark.usefixtures("beside")
def test_a_damaged_taste_says_so_and_cannot_be_taken(song: Hands) -> None:
    def choose(dialog: QWidget) -> None:
        wait_until_read(song, dialog)
        field = named_field(dialog, "Find a taste")
        QTest.keyClicks(field, "broken")
        use = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Use")
        song.qtbot.waitUntil(lambda: not use.isEnabled())
        assert "is damaged" in rows(dialog)[1]
        QTest.keyClick(field, Qt.Key.Key_Return)
        assert dialog.isVisible()
        QTest.keyClick(field, Qt.Key.Key_Escape)

    song.press_and_answer("Ctrl+T", choose)
    assert song.window.analysing.taste is None
    assert not song.refused


def test_a_taste_that_was_deleted_since_is_still_named(song: Hands, beside: Path) -> None:
    song.window.shelves.note(beside / "Deleted.taste")

    def look(dialog: QWidget) -> None:
        song.qtbot.waitUntil(lambda: "Deleted · The file is missing" in rows(dialog)[1])
        assert isinstance(dialog, QDialog)
        dialog.reject()

    song.press_and_answer("Ctrl+T", look)


@pytest.mark.parametrize("count", [10, pytest.param(500, marks=pytest.mark.alone)])
def test_a_folder_is_remembered_and_listed(song: Hands, beside: Path, tmp_path: Path, count: int) -> None:
    library = tmp_path / "library"
    library.mkdir()
    for number in range(count):
        os.link(beside / "Our band.taste", library / f"take {number}.taste")

    def ask_for_a_folder(dialog: QWidget) -> None:
        field = named_field(dialog, "Find a taste")
        while dialog.findChild(TasteShelf).chosen() is not Elsewhere.FOLDER:
            QTest.keyClick(field, Qt.Key.Key_Up)
        QTest.keyClick(field, Qt.Key.Key_Return)

    def name_it(dialog: QWidget) -> None:
        field = dialog.findChild(QLineEdit, "fileNameEdit")
        field.setCompleter(None)
        field.setText(str(library))
        next(one for one in dialog.findChildren(QPushButton) if "hoose" in one.text()).click()

    def take(dialog: QWidget) -> None:
        began_s = time.monotonic()
        song.qtbot.waitUntil(lambda: any(f"take {count - 1}" in row for row in rows(dialog)), timeout=10_000)
        assert time.monotonic() - began_s < 5.0
        field = named_field(dialog, "Find a taste")
        QTest.keyClicks(field, f"take {count - 1}")
        QTest.keyClick(field, Qt.Key.Key_Return)

    song.press_and_answer("Ctrl+T", ask_for_a_folder, name_it, take)
    assert song.window.analysing.taste == library / f"take {count - 1}.taste"
    song.finish_work()


def test_a_file_elsewhere_is_chosen_past_the_list(song: Hands, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    mine = Path(shutil.copy(DEMO, elsewhere / "mine.taste"))
    song.press_and_answer("Ctrl+T", *choose_taste(mine))
    assert song.window.analysing.taste == mine
    song.finish_work()


def test_a_folder_that_cannot_be_read_or_is_gone_is_told_in_a_sentence(tmp_path: Path) -> None:
    shelves = list_places(Places((), None, tmp_path / "gone"), SILENT)
    assert shelves[-1].note == "This folder cannot be read: no such file or directory."
    (tmp_path / "empty").mkdir()
    assert list_places(Places((), None, tmp_path / "empty"), SILENT)[-1].note == "No taste in this folder."


@pytest.mark.parametrize("stored", ["", 7, "[1,2]", "\0"])
def test_nonsense_in_the_settings_does_no_harm(song: Hands, stored: object) -> None:
    settings = song.window._settings
    settings.setValue("recent_tastes", stored)
    settings.setValue("taste_folder", stored)

    def look(dialog: QWidget) -> None:
        song.qtbot.waitUntil(lambda: SHIPPED in rows(dialog))
        assert isinstance(dialog, QDialog)
        dialog.reject()

    song.press_and_answer("Ctrl+T", look)
    assert not song.refused
