"""The time of day in the real window: imported, set at the playhead, counted by ruler and clips."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialogButtonBox, QLabel, QLineEdit, QPushButton, QWidget

from engine.core.timebase import s_to_samples
from engine.document.settings import TimeOfDay, set_time_of_day, starts_at
from tests.desktop.conftest import Hands
from tests.desktop.timeline.test_clips import day, drag, middle, starts_s  # noqa: F401
from tests.engine.features.placement.files import NOON, wav
from tests.hostile.bad_files import RATE_HZ
from widgets.forms.short_forms import TimeOfDayForm
from widgets.timeline.ruler import RulerMode, labelled_times_of_day

COMMAND = "clips.time_of_day"
SHOWN = "Last command"


def said(hands: Hands) -> str:
    found = [one for one in hands.window.findChildren(QLabel) if one.accessibleName() == SHOWN]
    return found[0].text()


def shown_time(hands: Hands) -> str:
    return hands.window.top_bar._time.text()


def answer(hands: Hands, time: str, date: str = "", press: str = "Set") -> list[str]:
    """Type a time and a date into the form, and press a button; return the words below the fields."""
    words: list[str] = []

    def fill(dialog: QWidget) -> None:
        for name, text in (("Time", time), ("Date", date)):
            line = next(one for one in dialog.findChildren(QLineEdit) if one.accessibleName() == name)
            line.setText(text)
        words.extend(one.text() for one in dialog.findChildren(QLabel) if one.isVisible())
        buttons = dialog.findChildren(QPushButton)
        button = next(one for one in buttons if one.text().replace("&", "") == press)
        if not button.isEnabled():
            words.append("refused")
            button = dialog.findChild(QDialogButtonBox).button(QDialogButtonBox.StandardButton.Cancel)
        button.click()

    hands.do_and_answer(lambda: hands.window.commands.run(COMMAND), fill)
    return words


def start(hands: Hands) -> TimeOfDay | None:
    return starts_at(hands.window.session.state)


def test_it_is_set_at_the_playhead_shown_and_undone(day: Hands) -> None:  # noqa: F811
    window = day.window
    window.zooms.seek(2 * RATE_HZ)
    answer(day, "0:00:01.5", "2026-05-03")
    assert str(start(day)) == "23:59:59.500 on 2026-05-02"
    assert shown_time(day) == "0:02.000", "the ruler counts time"
    for _ in range(3):
        day.press("F6")
    assert window.timeline.canvas.shown.ruler_mode is RulerMode.OF_DAY
    assert shown_time(day) == "00:00:01.500"
    window.commands.run("transport.copy_time")
    assert QGuiApplication.clipboard().text() == "00:00:01.500"
    day.press("Ctrl+Z")
    assert start(day) is None
    assert shown_time(day) == "0:02.000"
    day.press("Ctrl+Shift+Z")
    assert shown_time(day) == "00:00:01.500"
    answer(day, "")
    assert start(day) is None


@pytest.mark.parametrize(
    ("time", "date"), [("25:00", ""), ("2 pm", ""), ("14:03", "May"), ("", "2026-05-02"), ("", "")]
)
def test_wrong_input_is_refused_in_the_form(day: Hands, time: str, date: str) -> None:  # noqa: F811
    assert "refused" in answer(day, time, date)
    assert start(day) is None


def test_the_form_says_when_the_start_is(day: Hands) -> None:  # noqa: F811
    day.window.zooms.seek(3 * RATE_HZ)
    assert any("14:03:08 on 2026-05-02" in one for one in answer(day, "14:03:11", "2026-05-02"))


def test_a_form_that_is_not_changed_changes_nothing(day: Hands) -> None:  # noqa: F811
    window = day.window
    window.session.apply(set_time_of_day(window.session.state, 0, TimeOfDay(3)))
    form = TimeOfDayForm(window.look.theme, window.session.state, 1)
    assert set_time_of_day(window.session.state, 1, form.value()).changes == ()


def test_a_document_without_one_offers_the_command(day: Hands) -> None:  # noqa: F811
    for _ in range(3):
        day.press("F6")
    assert "no time of day" in said(day)
    assert "Set time of day" in said(day)
    assert shown_time(day) == "0:00.000"


@pytest.mark.parametrize(("typed", "reached_s"), [("23:59:58.25", 1), ("00:00:02", 4.75), ("0:00:08", None)])
def test_the_playhead_goes_to_a_time_of_day(day: Hands, typed: str, reached_s: float | None) -> None:  # noqa: F811
    window = day.window
    late = TimeOfDay(round((23 * 3600 + 59 * 60 + 57.2500004) * 1e6))
    window.session.apply(set_time_of_day(window.session.state, 0, late))
    for _ in range(3):
        day.press("F6")

    def fill(dialog: QWidget) -> None:
        line = dialog.findChild(QLineEdit)
        assert line.text() == "23:59:57.25"
        line.setText(typed)
        button = next(one for one in dialog.findChildren(QPushButton) if one.text() == "Go")
        assert button.isEnabled() == (reached_s is not None)
        (button if button.isEnabled() else dialog.findChildren(QPushButton)[0]).click()

    day.do_and_answer(lambda: window.commands.run("transport.go_to"), fill)
    assert window.transport.playhead_samples == round((reached_s or 0) * RATE_HZ)


def test_without_a_recording_there_is_nothing_to_set(hands: Hands) -> None:
    hands.window.commands.run(COMMAND)
    assert "import a recording first" in hands.refused[-1]


def test_dragged_clips_snap_to_labelled_times(day: Hands) -> None:  # noqa: F811
    window, canvas = day.window, day.window.timeline.canvas
    window.session.apply(set_time_of_day(window.session.state, 0, TimeOfDay(s_to_samples(0.3, 1_000_000))))
    canvas.snapping.is_on = True
    ticks_s = labelled_times_of_day(canvas.frame, canvas.shown.clock) / RATE_HZ
    tick_s = float(ticks_s[ticks_s > 6.2][0])
    by_px = round((tick_s - 6 + 0.03) * RATE_HZ / canvas.viewport.samples_per_px)
    drag(day, middle(day, 2), by_px)
    assert starts_s(day)[2] == pytest.approx(tick_s + 0.03, abs=0.02), "the ruler counts time"
    day.press("Ctrl+Z")
    for _ in range(3):
        day.press("F6")
    drag(day, middle(day, 2), by_px)
    assert starts_s(day)[2] == pytest.approx(tick_s, abs=1 / RATE_HZ)
    assert (starts_s(day)[2] + 0.3) % 1 == pytest.approx(0)


def test_an_import_takes_it_from_the_files(hands: Hands, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1
    first = wav(tmp_path / "R_0001.wav", noise, NOON + timedelta(seconds=0.5))
    hands.window.recordings.import_files((first,))
    hands.finish_work()
    assert str(start(hands)) == "12:00:00.500 on 2026-05-03"
    assert any("bext time reference" in one.text for one in hands.window.messages.messages)
    hands.window.session.close()
