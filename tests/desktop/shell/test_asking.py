"""Dialogs as hands find them: Enter, Tab, what they say before, and the playhead by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QPushButton, QScrollArea, QWidget

from engine.cli.main import main
from tests.desktop.conftest import Hands, fill, named_field
from tests.desktop.review.test_by_hand import select
from tests.hostile.bad_files import good
from widgets.forms.short_forms import NumbersForm


@pytest.mark.parametrize(
    ("command", "do"),
    [("hand.repeat", "Repeat"), ("file.export", "Export"), ("file.snapshot", "Save"), ("grid.bar", "Set")],
)
def test_enter_in_a_field_goes_ahead_also_after_a_walk_through_the_buttons(
    song: Hands, command: str, do: str
) -> None:
    """A button that had the focus must not stay the one that Enter presses."""
    select(song, 10.0, 2)
    looks: list[tuple[str, bool]] = []

    def walk(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        first = QApplication.focusWidget()
        assert first is not None
        for button in dialog.findChildren(QPushButton):
            button.setFocus(Qt.FocusReason.TabFocusReason)
        first.setFocus(Qt.FocusReason.TabFocusReason)
        looks.extend((one.text(), one.isDefault()) for one in dialog.findChildren(QPushButton))
        dialog.reject()

    song.do_and_answer(lambda: song.window.commands.run(command), walk)
    assert (do, True) in looks
    assert ("Cancel", False) in looks


def test_a_repeat_says_how_long_the_result_will_be(song: Hands) -> None:
    window = song.window
    rate_hz = window.session.state.rate_hz
    select(song, 12.0, 1)
    window.commands.run("hand.cut")
    select(song, 10.0, 4)
    now_s = window.transport.result.length_samples / rate_hz
    said: list[str] = []

    def look(dialog: QWidget) -> None:
        form, field = dialog.findChild(NumbersForm), named_field(dialog, "Times in a row")
        for times in ("3", "1000"):
            field.setText(times)
            said.append(form.outlook())
        field.setText("3")
        QTest.keyClick(field, Qt.Key.Key_Return)

    song.do_and_answer(lambda: window.commands.run("hand.repeat"), look)
    # One of the four seconds is cut, so each time more is three seconds.
    assert window.transport.result.length_samples / rate_hz == pytest.approx(now_s + 6.0)
    assert said[0] == f"The result will be {_time(now_s + 6.0)} long; it is {_time(now_s)} now."
    assert said[1] == f"The result will be {_time(now_s + 999 * 3.0)} long; it is {_time(now_s)} now."

    def change(dialog: QWidget) -> None:
        named_field(dialog, "Times in a row").setText("2")
        said.append(dialog.findChild(NumbersForm).outlook())
        dialog.close()

    song.do_and_answer(lambda: window.commands.run("hand.change"), change)
    assert said[2] == f"The result will be {_time(now_s + 3.0)} long; it is {_time(now_s + 6.0)} now."


def _time(seconds: float) -> str:
    whole, tenth = divmod(round(seconds * 10), 10)
    return f"{whole // 60}:{whole % 60:02d}.{tenth}"


def test_arrows_and_a_typed_time_move_the_playhead_in_both_views(song: Hands) -> None:
    window = song.window
    rate_hz = window.session.state.rate_hz
    song.press("Home")
    song.press("Right")
    song.press("Right")
    song.press("Ctrl+Right")
    assert window.transport.playhead_samples == 11 * rate_hz
    song.press("Ctrl+Left")
    song.press("Left")
    assert window.transport.playhead_samples == 5 * rate_hz
    song.press("Left")
    song.press("Left")
    assert window.transport.playhead_samples == 0
    song.press_and_answer("Ctrl+G", fill(Time="1:30.5"))
    assert window.transport.playhead_samples == round(90.5 * rate_hz)
    select(song, 20.0, 10)
    song.press("Delete")
    song.press("Q")
    song.press_and_answer("Ctrl+G", fill(Time="18"))
    song.press("Right")
    assert window.transport.result_samples == 23 * rate_hz
    assert window.transport.playhead_samples == 33 * rate_hz


@pytest.mark.parametrize("room", [(1280, 500), (960, 540)], ids=["low", "1920×1080 at 200 %"])
def test_the_export_dialog_never_scrolls_sideways(
    song: Hands, monkeypatch: pytest.MonkeyPatch, room: tuple[int, int]
) -> None:
    monkeypatch.setattr("desktop.export.dialog.room_for", lambda _dialog: QSize(*room))
    found: list[tuple[bool, bool]] = []

    def look(dialog: QWidget) -> None:
        area = dialog.findChild(QScrollArea)
        assert dialog.width() <= room[0]
        found.append((area.verticalScrollBar().isVisible(), area.horizontalScrollBar().isVisible()))
        dialog.close()

    song.do_and_answer(lambda: song.window.commands.run("file.export"), look)
    assert found == [(True, False)]


def test_running_work_is_named_once(hands: Hands, tmp_path: Path) -> None:
    assert main(["new", str(tmp_path / "fresh.offcut"), str(good(tmp_path / "fresh.wav", 20.0))]) == 0
    told: list[str] = []
    hands.window.work.progressed.connect(lambda text, *_: told.append(text))
    hands.window.session.open(tmp_path / "fresh.offcut")
    hands.finish_work()
    assert "Analysing" in told
    assert "Analysing · Analysing" not in told
