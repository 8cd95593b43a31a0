"""Hint next to a new marker about renaming; it takes neither keys nor focus."""

from __future__ import annotations

from PySide6.QtCore import QRect, Qt
from PySide6.QtWidgets import QWidget

from widgets.controls.elided_label import ElidedLabel
from widgets.theme import TEXT_SMALL, Theme, px


class NameOffer(ElidedLabel):
    """Styled like the field that a click or a key opens in its place."""

    def __init__(self, theme: Theme, name: str, key: str, place: QRect, parent: QWidget) -> None:
        super().__init__(f"{name} · {f'{key} or ' if key else ''}click: name it", parent=parent)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        self.setStyleSheet(
            f"NameOffer {{ background: {theme.bg}; color: {theme.text}; border: 1px solid {theme.faint};"
            f" border-radius: {px(3)}px; padding: 0 {px(4)}px; font-size: {px(TEXT_SMALL)}px; }}"
        )
        self.ensurePolished()
        width = min(self.sizeHint().width() + px(2), parent.width())
        self.setGeometry(min(place.x(), parent.width() - width), place.y(), width, place.height())
        self.show()
        self.raise_()
