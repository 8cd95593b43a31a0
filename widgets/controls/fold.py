"""Optional content: a button that shows it, and hides it again."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, px


class Fold(QWidget):
    """Folded at first.

    Signals
    -------
    toggled : it is open now, or folded again
    """

    toggled = Signal(bool)

    def __init__(self, theme: Theme, title: str, body: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._title, self._body = title, body
        self.button = KeyButton(theme, title, "", "plus")
        self.button.clicked.connect(lambda: self.set_open(not self.is_open))
        row = QHBoxLayout()
        row.addWidget(self.button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addLayout(row)
        layout.addWidget(body, 1)
        self.set_open(False)

    @property
    def is_open(self) -> bool:
        """Whether the content is visible."""
        return not self._body.isHidden()

    def set_open(self, is_open: bool) -> None:
        """Show or hide the content."""
        self._body.setVisible(is_open)
        self.button.set_icon_name("minus" if is_open else "plus")
        self.button.setAccessibleName(f"{self._title}, {'open' if is_open else 'folded'}")
        self.toggled.emit(is_open)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.button.set_theme(theme)
