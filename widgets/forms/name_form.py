"""A form with one name and a description."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from widgets.forms.outlook_form import LINE
from widgets.theme import px


class NameForm(QWidget):
    """Asks for a name.

    Parameters
    ----------
    label : with an ampersand before its mnemonic
    name : initial text

    Signals
    -------
    changed : `problem()` may have changed
    """

    changed = Signal()

    def __init__(self, label: str, said: str, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QLineEdit(name)
        self._line.setAccessibleName(label.replace("&", ""))
        self._line.textChanged.connect(lambda _text: self.changed.emit())
        note = QLabel(said)
        note.setProperty("role", "dim")
        note.setWordWrap(True)
        note.setMinimumWidth(px(LINE))
        form = QFormLayout()
        form.setHorizontalSpacing(px(12))
        form.addRow(label, self._line)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(12))
        layout.addLayout(form)
        layout.addWidget(note)

    def name(self) -> str:
        """Return the name without spaces around it."""
        return self._line.text().strip()

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return "" if self.name() else "Type a name."
