"""The documents opened last."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QListWidget
from pytestqt.qtbot import QtBot

from desktop.shell.user_settings.remembered import LIMIT, Recent, Recents
from widgets.chrome.start_panel import RecentList
from widgets.theme import DARK


@pytest.fixture
def settings(tmp_path: Path) -> QSettings:
    return QSettings(str(tmp_path / "recent.ini"), QSettings.Format.IniFormat)


def test_the_last_opened_is_first_and_once(settings: QSettings, tmp_path: Path) -> None:
    recents = Recents(settings)
    for name in ("a", "b", "a", "c"):
        recents.note(tmp_path / f"{name}.offcut")
    assert [path.stem for path in Recents(settings).paths] == ["c", "a", "b"]


def test_ten_are_remembered(settings: QSettings, tmp_path: Path) -> None:
    recents = Recents(settings)
    for number in range(LIMIT + 5):
        recents.note(tmp_path / f"{number}.offcut")
    assert [int(path.stem) for path in recents.paths] == list(range(LIMIT + 4, 4, -1))


def test_what_is_missing_is_told_and_can_be_forgotten(settings: QSettings, tmp_path: Path) -> None:
    recents = Recents(settings)
    here, gone = tmp_path / "here.offcut", tmp_path / "gone.offcut"
    here.touch()
    recents.note(here)
    recents.note(gone)
    assert recents.look() == (Recent(gone, False), Recent(here, True))
    recents.forget(gone)
    assert recents.look() == (Recent(here, True),)
    assert here.exists()


@pytest.mark.parametrize("stored", ["", "not json", "3", '[1, "", null]', '{"a": 1}'])
def test_a_damaged_list_is_empty(settings: QSettings, stored: str) -> None:
    settings.setValue("recent", stored)
    assert Recents(settings).paths == ()


@pytest.fixture
def shown(qtbot: QtBot, tmp_path: Path) -> RecentList:
    form = RecentList(DARK)
    qtbot.addWidget(form)
    form.show_documents([(tmp_path / "here.offcut", True), (tmp_path / "gone.offcut", False)])
    return form


def test_enter_opens_what_is_there(shown: RecentList, qtbot: QtBot, tmp_path: Path) -> None:
    listed = shown.findChild(QListWidget)
    with qtbot.waitSignal(shown.opened) as asked:
        QTest.keyClick(listed, Qt.Key.Key_Return)
    assert asked.args == [tmp_path / "here.offcut"]
    QTest.keyClick(listed, Qt.Key.Key_Down)
    assert "missing" in shown.problem()
    with qtbot.assertNotEmitted(shown.opened):
        QTest.keyClick(listed, Qt.Key.Key_Return)


def test_delete_takes_one_off_the_list(shown: RecentList, qtbot: QtBot, tmp_path: Path) -> None:
    listed = shown.findChild(QListWidget)
    with qtbot.waitSignal(shown.forgotten) as asked:
        QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert asked.args == [tmp_path / "here.offcut"]
    assert shown.chosen() == tmp_path / "gone.offcut"
    QTest.keyClick(listed, Qt.Key.Key_Delete)
    assert shown.chosen() is None
    assert shown.problem() == "No recent documents."
