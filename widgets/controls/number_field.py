"""A whole number to type in; the arrow keys step it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget


class NumberField(QLineEdit):
    """A line for whole numbers from `lowest` to `highest`."""

    def __init__(self, value: int, lowest: int, highest: int, parent: QWidget | None = None) -> None:
        super().__init__(str(value), parent)
        self._lowest, self._highest = lowest, highest
        self.setValidator(QIntValidator(lowest, highest, self))

    def value(self) -> int | None:
        """Return the number, or None if the text is not a number within the limits."""
        return int(self.text()) if self.hasAcceptableInput() else None

    def problem(self, name: str) -> str:
        """Return the error message, or "" for valid input."""
        if self.value() is not None:
            return ""
        return f"{name} must be a whole number from {self._lowest:,} to {self._highest:,}."

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        value = self.value()
        if step is None or value is None:
            super().keyPressEvent(event)
        else:
            self.setText(str(min(self._highest, max(self._lowest, value + step))))
