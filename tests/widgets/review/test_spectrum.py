"""The spectrum of a repair on its card."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from engine.document.edits.by_hand import REPAIR, repair_payload
from engine.document.file.stored_audio import stored
from engine.document.kinds.spectra import SPECTRA_DB
from tests.widgets.conftest import Dress
from tests.widgets.review.made_up import RATE_HZ, demo_state
from widgets.review.rows import Surroundings, card_of
from widgets.review.spectrum import SpectrumLines
from widgets.theme import DARK, LIGHT, Theme

BEFORE = (-40.0 - 20.0 * np.linspace(0, 1, 49)).tolist()
AFTER = [level - (12.0 if place < 24 else 1.0) for place, level in enumerate(BEFORE)]


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
def test_two_lines_are_painted_with_the_lower_one_below(qtbot: QtBot, dress: Dress, theme: Theme) -> None:
    lines = SpectrumLines(dress(theme))
    qtbot.addWidget(lines)
    lines.resize(300, lines.sizeHint().height())
    lines.set_levels([BEFORE, AFTER])
    picture = lines.grab().toImage()
    blue = QColor(theme.undecided)
    places = [
        (x, y)
        for x in range(picture.width())
        for y in range(20, picture.height())
        if abs(picture.pixelColor(x, y).red() - blue.red()) < 24
        and abs(picture.pixelColor(x, y).green() - blue.green()) < 24
        and abs(picture.pixelColor(x, y).blue() - blue.blue()) < 24
    ]
    columns = {x for x, _ in places}
    assert len(columns) > 0.8 * picture.width()
    assert "12 dB" in lines.accessibleName()


def test_it_takes_no_room_without_levels(qtbot: QtBot) -> None:
    lines = SpectrumLines(DARK)
    qtbot.addWidget(lines)
    lines.set_levels([BEFORE, AFTER])
    assert not lines.isHidden()
    lines.set_levels(())
    assert lines.isHidden()


@pytest.mark.parametrize("levels", [{}, {SPECTRA_DB: [BEFORE, AFTER]}])
def test_the_card_has_the_levels_of_the_payload(levels: dict[str, object]) -> None:
    state = demo_state(1)
    (key, made), *_ = state.proposals.items()
    audio = stored(np.zeros((made.stop_samples - made.start_samples, 1), np.float32), RATE_HZ)
    payload = {**repair_payload(audio, made.start_samples), **levels}
    repair = replace(made, kind=REPAIR, payload=payload, alternatives=())
    shown = card_of(replace(state, proposals={key: repair}), key, Surroundings()).spectra_db
    assert [list(row) for row in shown] == levels.get(SPECTRA_DB, [])
