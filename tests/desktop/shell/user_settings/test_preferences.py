"""Preferences, changed keys and recent documents in the real window."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QDialog,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QPushButton,
    QRadioButton,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from desktop.main_window import MainWindow
from desktop.shell.playback import AudioChoice, Player
from desktop.shell.playback.latency_test import LatencyReport, LatencyTest
from desktop.shell.user_settings.preferences import THREADS_VARIABLE, Look, Preferences
from desktop.shell.user_settings.remembered import Recents
from engine.analysis.learning import loop as torch_threads
from engine.core.errors import OffcutError
from engine.core.files.places import CACHE_VARIABLE, cache_bytes, cache_folder
from tests.desktop.conftest import Hands, named_field
from tests.desktop.documents import make_document
from tests.desktop.sound_device import CapturingDevice, alsa_configuration, on_alsa
from tests.hostile.bad_files import good
from widgets.chrome.palette_and_key_sheet import KeySheet
from widgets.chrome.start_panel import StartPanel
from widgets.controls.key_caps import KeyButton
from widgets.forms.key_editor import KeyEditor, KeyField
from widgets.forms.preferences_form import PreferencesForm, PreferenceValues
from widgets.theme import DARK, LIGHT, Theme, px, set_text_scale, style_sheet, text_scale, ui_font

CHOSEN = PreferenceValues("", 30, "", 7, 2, "light", 125)


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give back the variables that preferences set, and the size of the text."""
    for name in (CACHE_VARIABLE, THREADS_VARIABLE):
        monkeypatch.setenv(name, "")
    yield
    set_text_scale(None)


@pytest.mark.parametrize(
    ("stored", "scale"), [("125", 1.25), ("80", 0.8), ("150", 1.5), ("40", 1.0), ("wide", 1.0), ("", 1.0)]
)
def test_the_text_has_the_size_that_was_chosen_before(
    qapp: QApplication, tmp_path: Path, stored: str, scale: float
) -> None:
    set_text_scale(None)
    system = text_scale()
    settings = QSettings(str(tmp_path / "sized.ini"), QSettings.Format.IniFormat)
    settings.setValue("preferences/text_percent", stored)
    Look(qapp, settings)
    assert text_scale() == pytest.approx(system * scale)
    assert f"font-size: {px(13)}px" in style_sheet(DARK)


def test_a_new_text_size_says_when_it_holds(hands: Hands) -> None:
    def choose(dialog: QWidget) -> None:
        next(one for one in dialog.findChildren(QRadioButton) if one.text() == "125 %").click()
        QTest.keyClick(dialog, Qt.Key.Key_Return)

    hands.press_and_answer("Ctrl+,", choose)
    assert "restart Offcut" in hands.window.status_bar._done.text()
    assert hands.window.user_settings.preferences.values.text_percent == 125


@pytest.fixture
def preferences(qapp, tmp_path: Path) -> Iterator[Callable[[], Preferences]]:
    """Read the preferences from disk, as a start of the program does."""
    players = []

    def read() -> Preferences:
        settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
        players.append(Player())
        return Preferences(settings, players[-1], Look(qapp, settings))

    yield read
    for player in players:
        player.close()


@pytest.fixture
def document(tmp_path: Path) -> Path:
    return make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 4))


def click(dialog: QWidget, text: str) -> None:
    """Press the button that says so."""
    (button,) = [one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "") == text]
    button.click()


# What is kept and put into force.


def test_choices_are_in_force_at_once_and_after_a_restart(
    preferences: Callable[[], Preferences], tmp_path: Path
) -> None:
    first = preferences()
    assert first.values == PreferenceValues()
    chosen = replace(CHOSEN, cache_folder=str(tmp_path / "disk"))
    first.choose(chosen)
    for reader in (first, preferences()):
        assert reader.values == chosen
        assert reader._player._choice == AudioChoice("", 30)
        assert cache_folder() == tmp_path / "disk" / "offcut-cache"
        assert os.environ[THREADS_VARIABLE] == "2"
    first.choose(PreferenceValues())
    assert THREADS_VARIABLE not in os.environ
    assert tmp_path / "disk" not in cache_folder().parents


def test_training_uses_the_threads_allowed(preferences: Callable[[], Preferences]) -> None:
    assert torch_threads.THREADS_VARIABLE == THREADS_VARIABLE
    reader = preferences()
    for threads in (2, 1):
        reader.choose(PreferenceValues(threads=threads))
        with torch_threads.few_threads():
            assert torch_threads.torch.get_num_threads() == threads


def test_a_folder_that_cannot_be_used_changes_nothing(
    preferences: Callable[[], Preferences], tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("no folder")
    reader = preferences()
    with pytest.raises(OffcutError, match="cannot be made"):
        reader.choose(replace(CHOSEN, cache_folder=str(tmp_path / "file")))
    assert reader.values == PreferenceValues()
    assert cache_folder().is_dir()


@pytest.mark.parametrize("value", ["-1", "many", "99999", ""])
def test_stored_nonsense_counts_as_never_chosen(
    preferences: Callable[[], Preferences], tmp_path: Path, value: str
) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    for name in ("buffer_ms", "cache_limit_gb", "threads"):
        settings.setValue(f"preferences/{name}", value)
    settings.sync()
    assert preferences().values == PreferenceValues()


# The dialog.


def test_the_dialog_changes_what_it_says(hands: Hands) -> None:
    def answer(dialog: QWidget) -> None:
        buffer, limit = named_field(dialog, "Buffer"), named_field(dialog, "Largest")
        buffer.setText("5000")
        keep = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Save")
        assert not keep.isEnabled()
        assert "Buffer must be a whole number" in " ".join(one.text() for one in dialog.findChildren(QLabel))
        buffer.setText("25")
        limit.setText("3")
        keep.click()

    hands.press_and_answer("Ctrl+,", answer)
    values = hands.window.user_settings.preferences.values
    assert (values.buffer_ms, values.cache_limit_gb) == (25, 3)


def test_emptying_leaves_the_open_document_its_files(hands: Hands, document: Path, tmp_path: Path) -> None:
    make_document(tmp_path / "other.offcut", good(tmp_path / "other.wav", 6, seed=3))
    hands.window.session.open(document)
    hands.finish_work()
    before = cache_bytes()

    def answer(dialog: QWidget) -> None:
        click(dialog, "Empty now")
        form = dialog.findChild(PreferencesForm)
        assert form._cache.text().startswith("Freed ")
        assert "in use by the open document" in form._cache.text()
        dialog.close()

    hands.press_and_answer("Ctrl+,", answer)
    assert 0 < cache_bytes() < before
    hands.window.timeline.canvas.grab()


def test_opening_a_document_keeps_the_cache_within_its_limit(
    hands: Hands, document: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.shell.user_settings.preferences.GB", 1)  # a limit of some bytes
    stale = cache_folder("peaks") / f"{'0123' * 8}-48000-v1.peaks"
    stale.write_bytes(bytes(1_000))
    hands.window.session.open(document)
    hands.finish_work()
    assert not stale.exists()
    assert cache_bytes() > 20, "what the open document needs stays"


# The click.


@on_alsa
def test_the_click_says_how_soon_it_started(qtbot, qapp, tmp_path: Path) -> None:  # noqa: ARG001
    with alsa_configuration(CapturingDevice(tmp_path).configuration):
        test = LatencyTest(AudioChoice("default", 20))
        with qtbot.waitSignal(test.finished, timeout=10_000) as told:
            test.start()
    (report,) = told.args
    assert report.underruns == 0
    assert report.start_delay_s > 0
    assert report.sentence().startswith("First sample sent after ")
    assert report.sentence().endswith("no underrun.")


@on_alsa
def test_without_a_device_the_click_says_why(qtbot, qapp, tmp_path: Path) -> None:  # noqa: ARG001
    with alsa_configuration(CapturingDevice(tmp_path).configuration):
        test = LatencyTest(AudioChoice("Pulled out"))
        with qtbot.waitSignal(test.finished, timeout=10_000) as told:
            test.start()
    assert told.args[0].sentence() == "No click: no audio device: Pulled out is not connected."


def test_underruns_ask_for_a_larger_buffer() -> None:
    assert LatencyReport(0.01, 0.02, 3).sentence().endswith("3 underruns: choose a larger buffer.")


@on_alsa
def test_the_dialog_plays_the_click_and_may_be_closed_meanwhile(
    hands: Hands, document: Path, tmp_path: Path
) -> None:
    (tmp_path / "device").mkdir()
    with alsa_configuration(CapturingDevice(tmp_path / "device").configuration):
        window = hands.window
        window.session.open(document)
        hands.finish_work()
        hands.press("Space")

        def listen(dialog: QWidget) -> None:
            form = dialog.findChild(PreferencesForm)
            click(dialog, "Play a click")
            assert not window.player.is_playing
            hands.qtbot.waitUntil(lambda: "no underrun" in form._tested.text(), timeout=10_000)
            dialog.close()

        def leave(dialog: QWidget) -> None:
            click(dialog, "Play a click")
            dialog.close()

        hands.press_and_answer("Ctrl+,", listen)
        hands.press_and_answer("Ctrl+,", leave)
        hands.press("Space")
        assert window.player.is_playing
        hands.press("Space")
        window.player.close()


# The forms at any scale.


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("look", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_nothing_is_cut_off_in_the_form(qtbot: QtBot, qapp: QApplication, look: Theme, scale: float) -> None:
    set_text_scale(scale)
    qapp.setStyleSheet(style_sheet(look))
    try:
        form = PreferencesForm(look, replace(CHOSEN, device="Gone"), ["default", "A long name " * 9])
        qtbot.addWidget(form)
        form.show_cache("1.4 GB in a folder")
        form.show()
        qtbot.waitExposed(form)
        assert form.values().device == "Gone"
        for part in form.findChildren(QPushButton) + form.findChildren(QRadioButton):
            assert part.width() >= part.sizeHint().width(), part.text()
        for label in form.findChildren(QLabel):
            assert label.height() >= label.heightForWidth(label.width()), label.text()
    finally:
        set_text_scale(None)
        qapp.setStyleSheet("")


# Keys.


def test_keys_are_changed_without_a_mouse(hands: Hands, document: Path) -> None:
    window = hands.window
    window.session.open(document)
    hands.finish_work()

    def press(key: Qt.Key, *, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> QWidget:
        QTest.keyClick(QApplication.focusWidget(), key, held)
        return QApplication.focusWidget()

    def answer(dialog: QWidget) -> None:
        dialog.activateWindow()
        hands.qtbot.waitUntil(dialog.isActiveWindow)
        assert QApplication.focusWidget() is named_field(dialog, "Name of the command")
        QTest.keyClicks(QApplication.focusWidget(), "nudge")
        press(Qt.Key.Key_Down)
        assert isinstance(press(Qt.Key.Key_Return), KeyField)
        button = press(Qt.Key.Key_F6, held=Qt.KeyboardModifier.ControlModifier)
        assert isinstance(button, KeyButton)
        assert button.text() == "Assign"
        listed = press(Qt.Key.Key_Return)
        assert dialog.isVisible()
        assert isinstance(listed, QListView), "on to the next command"
        press(Qt.Key.Key_Home)
        assert isinstance(press(Qt.Key.Key_Return), KeyField)
        button = press(Qt.Key.Key_X)
        assert isinstance(button, KeyButton)
        assert button.text() == "Swap"
        press(Qt.Key.Key_Return)
        press(Qt.Key.Key_Escape)

    hands.press_and_answer("Ctrl+Shift+K", answer)
    assert window.commands.action("edge.nudge_right").shortcut().toString() == "Ctrl+F6"
    assert window.commands.action("edge.nudge_left").shortcut().toString() == "X"
    assert window.commands.action("review.reject").shortcut().toString() == "Alt+Left"
    assert not window.session.state.decisions


def test_a_changed_key_works_at_once_and_shows_everywhere(hands: Hands, document: Path) -> None:
    window = hands.window
    window.session.open(document)
    hands.finish_work()

    def answer(dialog: QWidget) -> None:
        search = named_field(dialog, "Name of the command")
        QTest.keyClicks(search, "redo")
        field = dialog.findChild(KeyField)
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_X)
        assert "X belongs to 'Reject'" in " ".join(one.text() for one in dialog.findChildren(QLabel))
        QTest.keyClick(field, Qt.Key.Key_Delete)
        assert "is reserved" in " ".join(one.text() for one in dialog.findChildren(QLabel))
        search.clear()
        QTest.keyClicks(search, "preview the cut")
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_F6, Qt.KeyboardModifier.ControlModifier)
        click(dialog, "Assign")
        search.clear()
        QTest.keyClicks(search, "reject")
        field.setFocus()
        QTest.keyClick(field, Qt.Key.Key_F)
        click(dialog, "Swap")
        dialog.close()

    hands.press_and_answer("Ctrl+Shift+K", answer)
    assert window.commands.action("transport.preview").shortcut().toString() == "Ctrl+F6"
    assert "(Ctrl F6)" in window.commands.action("transport.preview").toolTip()
    first = window.review.current
    hands.press("F")  # is "Reject" now
    assert str(window.session.state.verdict(first)) == "rejected"
    keys = {button.text(): button.key for button in window.queue_panel.findChildren(KeyButton)}
    assert keys["Reject"] == "F"
    again = QSettings(window._settings.fileName(), QSettings.Format.IniFormat)
    window._settings.sync()
    again.sync()
    assert "transport.preview" in again.value("keys")


def test_letters_stay_letters_where_text_is_typed(hands: Hands, document: Path) -> None:
    window = hands.window
    window.session.open(document)
    hands.finish_work()
    window.user_settings.keymap.set_keys("review.flag", ("Shift+F9", "F"))
    state = window.session.state
    field = QLineEdit(window)
    field.show()
    field.setFocus()
    hands.press("A")
    hands.press("F")
    assert field.text().casefold() == "af"
    assert window.session.state == state


def test_the_key_sheet_leads_to_the_keys(hands: Hands) -> None:
    hands.press("?")
    hands.qtbot.waitUntil(lambda: hands.window.findChild(KeySheet) is not None)
    (change,) = hands.window.findChild(KeySheet).findChildren(QPushButton)

    def answer() -> None:
        dialog = QApplication.activeModalWidget()
        assert dialog.findChild(KeyEditor) is not None
        dialog.close()

    QTimer.singleShot(100, answer)
    change.click()
    hands.qtbot.waitUntil(lambda: QApplication.activeModalWidget() is None)


def test_reset_all_brings_the_sheet_back(hands: Hands) -> None:
    window = hands.window
    window.user_settings.keymap.set_keys("file.export", ("Ctrl+F6",))
    assert window.caps["file.export"] == "Ctrl F6"

    def answer(dialog: QWidget) -> None:
        assert dialog.findChild(KeyEditor) is not None
        click(dialog, "Reset all keys")
        dialog.close()

    hands.press_and_answer("Ctrl+Shift+K", answer)
    assert window.caps["file.export"] == "Ctrl E"


# Recent documents.


def test_recent_documents_are_offered_and_opened_only_when_asked_for(hands: Hands, document: Path) -> None:
    window = hands.window
    window.session.open(document)
    hands.finish_work()
    gone = document.with_name("gone.offcut")
    window.user_settings.recents.note(gone)
    window.session.close()
    assert not window.session.is_open

    def answer(dialog: QWidget) -> None:
        listed = dialog.findChild(QListWidget)
        assert [listed.item(row).text().split("  ·")[0] for row in range(2)] == ["gone (missing)", "jam"]
        assert isinstance(dialog, QDialog)
        QTest.keyClick(listed, Qt.Key.Key_Delete)
        QTest.keyClick(listed, Qt.Key.Key_Return)

    hands.press_and_answer("Ctrl+Shift+R", answer)
    hands.finish_work()
    assert window.session.path == document
    assert window.user_settings.recents.paths == (document,)


def test_the_palette_finds_recent_documents(hands: Hands, document: Path) -> None:
    window = hands.window
    window.user_settings.recents.note(document)
    window.user_settings.recents.note(document.with_name("gone.offcut"))
    for name in ("jam", "gone"):
        hands.press("F1")
        field = window.palette_popup.findChild(QLineEdit)
        QTest.keyClicks(field, f"open recent {name}")
        QTest.keyClick(field, Qt.Key.Key_Return)
        hands.finish_work()
        assert window.session.path == document
    assert "gone.offcut is no longer in" in window.status_bar._done.text()


def test_an_empty_window_lists_what_was_open_before(
    qtbot: QtBot, qapp: QApplication, document: Path, tmp_path: Path
) -> None:
    settings = QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)
    Recents(settings).note(document)
    window = MainWindow(qapp, settings)
    qtbot.addWidget(window)
    window.show()
    panel = window.findChild(StartPanel)
    assert panel.isVisible()
    window.resize(1_100, 700)
    canvas = window.timeline.canvas
    assert abs(panel.geometry().center().x() - canvas.rect().center().x()) < 2
    assert panel.y() >= canvas.frame.layout.lanes_top
    assert not window.session.is_open
    QTest.keyClick(panel.findChild(QListWidget), Qt.Key.Key_Return)
    assert window.session.path == document
    assert not panel.isVisible()
    qtbot.waitUntil(lambda: not window.work.is_busy, timeout=60_000)
    window.close()


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_tips_have_the_font_of_the_interface(hands: Hands, choice: str) -> None:
    hands.window.look.choose(choice)
    assert QToolTip.font().families() == ui_font().families()
    assert QToolTip.font().pixelSize() == ui_font().pixelSize()
