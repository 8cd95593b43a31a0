"""The form of spectrograms: what it tells, and that all of it can be read and reached."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.as_before import require_sentence
from tests.widgets.conftest import Dress
from widgets.forms.spectrogram_form import LevelStrip, SpectrogramForm
from widgets.theme import DARK, LIGHT, Theme
from widgets.timeline.sound.spectrogram import ColorMap, Scale, SpectrogramLook, color_tables

CHOSEN = SpectrogramLook(Scale.LINEAR, ColorMap.VIRIDIS, -100, -20, 4096)


def form_of(qtbot: QtBot, theme: Theme, look: SpectrogramLook = CHOSEN) -> SpectrogramForm:
    made = SpectrogramForm(theme, look)
    qtbot.addWidget(made)
    with qtbot.waitExposed(made):
        made.show()
    return made


def test_it_says_what_it_was_given(qtbot: QtBot, dress: Dress) -> None:
    form = form_of(qtbot, dress(DARK))
    assert form.problem() == ""
    assert form.values() == CHOSEN


def test_every_change_is_told_and_defaults_once(qtbot: QtBot, dress: Dress) -> None:
    form = form_of(qtbot, dress(DARK))
    told: list[SpectrogramLook] = []
    form.changed.connect(lambda: told.append(form.values()))
    for field in form.findChildren(QComboBox):
        qtbot.keyClick(field, Qt.Key.Key_Up)
    assert told[-1] == SpectrogramLook(Scale.MEL, ColorMap.INFERNO, -100, -20, 2048)
    assert len(told) == 3
    button = form.findChild(QPushButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert told[3:] == [SpectrogramLook()]


@pytest.mark.parametrize(
    ("floor_db", "ceiling_db"), [("", "0"), ("-121", "0"), ("-80", "1"), ("-40", "-31"), ("-40", "-30")]
)
def test_an_invalid_range_is_reported(qtbot: QtBot, dress: Dress, floor_db: str, ceiling_db: str) -> None:
    form = form_of(qtbot, dress(DARK))
    for field, text in zip(form.findChildren(QLineEdit), (floor_db, ceiling_db), strict=True):
        field.setText(text)
    assert bool(form.problem()) == ((floor_db, ceiling_db) != ("-40", "-30"))
    require_sentence("forms", f"spectrogram, levels {floor_db} to {ceiling_db}", form.problem())


def test_keys_step_the_range(qtbot: QtBot, dress: Dress) -> None:
    form = form_of(qtbot, dress(DARK))
    quietest, loudest = form.findChildren(QLineEdit)
    qtbot.keyClick(quietest, Qt.Key.Key_Up)
    qtbot.keyClick(loudest, Qt.Key.Key_Down)
    assert (form.values().floor_db, form.values().ceiling_db) == (-99, -21)


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=["dark", "light"])
def test_the_strip_shows_the_colours_of_the_range(qtbot: QtBot, dress: Dress, tokens: Theme) -> None:
    form = form_of(qtbot, dress(tokens))
    strip = form.findChild(LevelStrip)
    assert strip is not None
    image = strip.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    table = color_tables(CHOSEN, tokens, True)[0]
    for share, cell in ((0.02, 41 + 3), (0.5, 121), (0.98, 201 - 3)):
        shown = np.array([image.pixel(int(share * image.width()), 5)], np.uint32).view(np.uint8)
        assert np.abs(shown.astype(int) - table[[cell]].view(np.uint8)).max() <= 12


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_everything_has_a_name_and_room(qtbot: QtBot, dress: Dress, scale: float) -> None:
    form = form_of(qtbot, dress(LIGHT, scale))
    fields = [*form.findChildren(QComboBox), *form.findChildren(QLineEdit), *form.findChildren(QPushButton)]
    assert all(field.accessibleName() for field in fields)
    boxes = [field for field in fields if isinstance(field, QComboBox)]
    for box in boxes:
        words = [box.fontMetrics().horizontalAdvance(box.itemText(row)) for row in range(box.count())]
        assert max(words) < box.width()
    inside = [one.geometry() for one in form.children() if isinstance(one, QWidget)]
    assert all(form.rect().contains(geometry) for geometry in inside)
