"""The theme and the text scale that a widget is made under, taken off again afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication

from widgets.theme import Theme, load_fonts, palette, set_text_scale, style_sheet

Dress = Callable[..., Theme]


@pytest.fixture
def dress(qapp: QApplication) -> Iterator[Dress]:
    """Return a function that gives the application a theme and a text scale, before widgets are made."""
    before = qapp.palette()

    def put_on(theme: Theme, scale: float = 1.0) -> Theme:
        assert load_fonts()
        set_text_scale(scale)
        qapp.setPalette(palette(theme))
        qapp.setStyleSheet(style_sheet(theme))
        return theme

    yield put_on
    qapp.setStyleSheet("")
    qapp.setPalette(before)
    set_text_scale(None)
