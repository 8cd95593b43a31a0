"""A form of fields, with a note, a preview of the result, and the error that refuses the input."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QVBoxLayout, QWidget

from engine.core.errors import OffcutError
from widgets.theme import Theme, px

LINE = 420
"""Minimum width of sentences in a form."""


class OutlookForm(QWidget):
    """The part that forms with a preview share; subclasses add their fields to `rows`.

    Signals
    -------
    changed : `problem()` may have changed
    """

    changed = Signal()

    def __init__(self, theme: Theme, said: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refusal = ""
        self.rows = QFormLayout()
        self.rows.setHorizontalSpacing(px(12))
        self.rows.setVerticalSpacing(px(8))
        note, self._outlook, self._problem = QLabel(said), QLabel(), QLabel()
        note.setProperty("role", "dim")
        self._problem.setProperty("role", "error")
        self._problem.setStyleSheet(f"color: {theme.error};")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(12))
        layout.addLayout(self.rows)
        for label in (note, self._outlook, self._problem):
            label.setWordWrap(True)
            label.setMinimumWidth(px(LINE))  # else it asks for the height of a narrower one
            layout.addWidget(label)

    def problems(self) -> Iterable[str]:
        """Return the error message of each field, "" for a valid one."""
        raise NotImplementedError

    def look(self) -> str:
        """Return the preview of valid input, "" without one; raise the error that refuses it."""
        raise NotImplementedError

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return next(filter(None, self.problems()), self._refusal)

    def outlook(self) -> str:
        """Return the preview that the form shows."""
        return self._outlook.text()

    def renew(self) -> None:
        """Show the preview or the error of the current input."""
        self._refusal = said = ""
        if not self.problem():
            try:
                said = self.look()
            except OffcutError as error:
                self._refusal = str(error)
        for label, text in ((self._outlook, said), (self._problem, self.problem())):
            label.setText(text)
            label.setVisible(bool(text))
        self.changed.emit()
