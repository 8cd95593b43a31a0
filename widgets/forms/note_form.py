"""A form with a few lines of plain text and a description."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from engine.core.wording import counted
from widgets.forms.outlook_form import LINE
from widgets.theme import px

_HEIGHT = 132


class NoteForm(QWidget):
    """Asks for a note.

    Parameters
    ----------
    longest : maximum number of letters

    Signals
    -------
    changed : `problem()` may have changed
    entered : Ctrl and Enter was pressed; Enter alone starts a line
    """

    changed = Signal()
    entered = Signal()

    def __init__(self, said: str, note: str, longest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._longest = longest
        self._field = QPlainTextEdit(note)
        self._field.setAccessibleName("Note")
        self._field.setTabChangesFocus(True)
        self._field.setMinimumSize(px(LINE), px(_HEIGHT))
        self._field.moveCursor(QTextCursor.MoveOperation.End)
        self._said, self._about = said, QLabel(said)
        self._about.setProperty("role", "dim")
        self._about.setWordWrap(True)
        self._field.textChanged.connect(self._show_room)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(12))
        layout.addWidget(self._about)
        layout.addWidget(self._field, 1)
        self.setFocusProxy(self._field)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.entered.emit)

    def _show_room(self) -> None:
        self._about.setText(self.problem() or self._said)
        self.changed.emit()

    def note(self) -> str:
        """Return the text without empty lines around it."""
        return self._field.toPlainText().strip()

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        over = len(self.note()) - self._longest
        return f"{counted(over, 'letter')} too many." if over > 0 else ""
