"""The forms of numbers and of a name: times as they are read, and what the numbers would lead to."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QLabel, QLineEdit
from pytestqt.qtbot import QtBot

from engine.core.errors import UsageError
from tests.as_before import require_sentence
from tests.widgets.conftest import Dress
from widgets.forms.short_forms import NameForm, Number, NumbersForm
from widgets.theme import DARK

MOMENT = Number("To &time", 170.5, 0.0, 241.5, decimals=3, is_time=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2:50.5", 170.5),
        ("170,5", 170.5),
        ("0:02:50.5", 170.5),
        (" 12 ", 12.0),
        ("3:75", None),
        ("4:02", None),
    ],
)
def test_a_moment_is_read_as_a_clock_shows_it_or_in_seconds(text: str, value: float | None) -> None:
    assert MOMENT.read(text) == value


def test_a_moment_is_written_as_a_clock_shows_it() -> None:
    assert MOMENT.text(170.5) == "2:50.5"
    assert MOMENT.text(0.0) == "0:00"
    assert MOMENT.text(120.0) == "2:00"


def test_a_form_says_what_its_numbers_lead_to_or_why_not(qtbot: QtBot, dress: Dress) -> None:
    def outlook(values: tuple[float, ...]) -> str:
        if values[0] > 100:
            raise UsageError("That is too often.")
        return f"{values[0]:g} times"

    form = NumbersForm(dress(DARK), [Number("&Times", 2, 2, 1000)], "Said.", outlook)
    qtbot.addWidget(form)
    field = form.findChild(QLineEdit)

    def shown() -> list[str]:
        return [label.text() for label in form.findChildren(QLabel) if not label.isHidden()]

    assert form.outlook() == "2 times"
    field.setText("50")
    assert form.outlook() == "50 times"
    field.setText("500")
    assert (form.outlook(), form.problem()) == ("", "That is too often.")
    assert "That is too often." in shown()
    field.setText("5000")
    require_sentence("forms", "numbers, 5000 times", form.problem())
    field.setText("3")
    assert (form.outlook(), form.problem()) == ("3 times", "")
    assert "That is too often." not in shown()


def test_a_name_without_letters_is_none(qtbot: QtBot, dress: Dress) -> None:
    dress(DARK)
    form = NameForm("&Name", "Kept under this name.")
    qtbot.addWidget(form)
    require_sentence("forms", "name, empty", form.problem())
    with qtbot.waitSignal(form.changed):
        form.findChild(QLineEdit).setText("  before the mix ")
    assert (form.problem(), form.name()) == ("", "before the mix")
