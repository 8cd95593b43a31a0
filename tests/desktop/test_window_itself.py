"""The window as the system sees it: its title, its first size, and whose settings it keeps."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QSettings
from PySide6.QtWidgets import QApplication

from desktop.app import own_settings
from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


def test_the_title_names_the_document(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    assert window.windowTitle() == "Offcut"
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"), ()))
    assert window.windowTitle() == "jam"


def test_the_first_window_fits_the_screen(window: MainWindow) -> None:
    room = window.screen().availableSize()
    assert window.width() <= room.width()
    assert window.height() <= room.height()


@pytest.fixture
def named(qapp: QApplication, tmp_path: Path) -> object:
    """The application as the program names it, with its settings in a folder of the test."""
    before = (
        QCoreApplication.organizationName(),
        QCoreApplication.applicationName(),
        QSettings.defaultFormat(),
    )
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))
    qapp.setOrganizationName("Offcut")
    qapp.setApplicationName("offcut")
    yield
    qapp.setOrganizationName(before[0])
    qapp.setApplicationName(before[1])
    QSettings.setDefaultFormat(before[2])


@pytest.mark.usefixtures("named")
def test_settings_of_before_are_taken_over_once(tmp_path: Path) -> None:
    scope = QSettings.Scope.UserScope
    old = QSettings(QSettings.Format.IniFormat, scope, "Unknown Organization", "offcut")
    old.setValue("look", "light")
    old.sync()
    assert own_settings().value("look") == "light"
    assert (tmp_path / "Offcut" / "offcut.ini").is_file()
    old.setValue("look", "dark")
    old.sync()
    assert own_settings().value("look") == "light", "what was chosen since is the user's"
