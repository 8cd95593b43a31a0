"""The form that asks how much to cut: its four ways, and what it says of them."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QRadioButton
from pytestqt.qtbot import QtBot

from engine.document.settings import CutSettings, cut_settings
from tests.as_before import require_sentence
from tests.widgets.conftest import Dress
from widgets.controls.fields import CheckBox
from widgets.forms.propose_form import ProposeForm
from widgets.theme import DARK

HOUR_S = 3730.0
MATERIAL_S = 4.36


@pytest.fixture
def form(qtbot: QtBot, dress: Dress) -> ProposeForm:
    return made(qtbot, dress, CutSettings())


def made(qtbot: QtBot, dress: Dress, settings: CutSettings, length_s: float = HOUR_S) -> ProposeForm:
    form = ProposeForm(dress(DARK), settings, length_s, MATERIAL_S)
    qtbot.addWidget(form)
    with qtbot.waitExposed(form):
        form.show()
    return form


def field(form: ProposeForm, name: str) -> QLineEdit:
    return next(one for one in form.findChildren(QLineEdit) if one.accessibleName().startswith(name))


def write(qtbot: QtBot, form: ProposeForm, name: str, text: str) -> None:
    line = field(form, name)
    line.selectAll()
    qtbot.keyClicks(line, text)


def choose(form: ProposeForm, name: str) -> None:
    next(one for one in form.findChildren(QRadioButton) if one.text() == name).click()


def words(form: ProposeForm) -> list[str]:
    return [label.text() for label in form.findChildren(QLabel)]


def test_automatic_and_as_the_material_come_first(form: ProposeForm) -> None:
    assert form.values() == {"threshold_mode": "automatic", "minimum_kept_s": None}
    assert form.problem() == ""
    assert field(form, "Minimum").text() == "4.36"


@pytest.mark.parametrize(
    "settings",
    [
        CutSettings(),
        CutSettings("keep", keep=0.4137),
        CutSettings("percentile", percentile=63.0, minimum_kept_s=4.0),
        CutSettings("score", score=0.85, minimum_kept_s=0.25),
    ],
)
def test_what_is_in_force_is_shown_and_comes_back(qtbot: QtBot, dress: Dress, settings: CutSettings) -> None:
    values = made(qtbot, dress, settings).values()
    assert cut_settings({"keep": settings.keep, **values}).threshold_mode == settings.threshold_mode
    wanted = {name: getattr(settings, name) for name in values}
    assert values == wanted


def test_percent_and_minutes_follow_each_other(form: ProposeForm, qtbot: QtBot) -> None:
    write(qtbot, form, "Keep, minutes", "41.3")
    assert form.values()["keep"] == pytest.approx(41.3 * 60 / HOUR_S, abs=1e-9)
    assert field(form, "Keep, percent").text() == "66.4"
    write(qtbot, form, "Keep, percent", "50")
    assert form.values() == {"threshold_mode": "keep", "keep": 0.5, "minimum_kept_s": None}
    assert field(form, "Keep, minutes").text() == "31.1"
    qtbot.keyClick(field(form, "Keep, minutes"), Qt.Key.Key_Up)
    assert field(form, "Keep, percent").text() == "51.6"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Keep, minutes", "63"),
        ("Keep, minutes", "0"),
        ("Keep, percent", "101"),
        ("Keep, percent", "nan"),
        ("Minimum", "many"),
    ],
)
def test_invalid_numbers_are_reported_and_corrected(
    form: ProposeForm, qtbot: QtBot, name: str, text: str
) -> None:
    write(qtbot, form, name, text)
    problem = form.problem()
    require_sentence("forms", f"propose cuts, {name} {text}", problem)
    assert problem in words(form)
    write(qtbot, form, name, "1")
    assert form.problem() == ""
    assert problem not in words(form)


@pytest.mark.parametrize("length_s", [0.2, 9.0, 61.0, 86_400.0])
def test_all_of_any_recording_can_be_kept(qtbot: QtBot, dress: Dress, length_s: float) -> None:
    form = made(qtbot, dress, CutSettings("keep", keep=0.5), length_s)
    write(qtbot, form, "Keep, percent", "100")
    write(qtbot, form, "Keep, minutes", field(form, "Keep, minutes").text())
    assert form.problem() == ""
    assert cut_settings(form.values()).keep == pytest.approx(1.0, abs=0.02)


def test_the_shortest_piece_follows_the_material_until_seconds_are_typed(
    form: ProposeForm, qtbot: QtBot
) -> None:
    box = form.findChild(CheckBox)
    assert box.isChecked()
    write(qtbot, form, "Minimum", "2.5")
    assert not box.isChecked()
    assert form.values()["minimum_kept_s"] == 2.5
    box.click()
    assert form.values()["minimum_kept_s"] is None
    assert field(form, "Minimum").text() == "4.36"


def test_a_way_that_is_not_chosen_has_no_problem(form: ProposeForm, qtbot: QtBot) -> None:
    write(qtbot, form, "Percentile", "7")
    field(form, "Percentile").clear()
    require_sentence("forms", "propose cuts, empty percentile", form.problem())
    choose(form, "&Automatic")
    assert form.problem() == ""


def test_the_outlook_stands_below_and_gives_way_to_a_problem(form: ProposeForm, qtbot: QtBot) -> None:
    sentence = "14 cuts, 41:20 of 1:02:10 remain"
    form.set_outlook(sentence)
    assert sentence in words(form)
    write(qtbot, form, "Score", "60")
    field(form, "Score").clear()
    assert sentence not in words(form)
    choose(form, "&Automatic")
    assert sentence in words(form)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_form_fits_a_small_screen(qtbot: QtBot, dress: Dress, scale: float) -> None:
    form = ProposeForm(dress(DARK, scale), CutSettings(), HOUR_S, MATERIAL_S)
    qtbot.addWidget(form)
    hint = form.minimumSizeHint()
    assert hint.width() <= 1024 - round(40 * scale)
    assert hint.height() <= 700 - round(100 * scale)  # the dialog's margins, buttons and title
