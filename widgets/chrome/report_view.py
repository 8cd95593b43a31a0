"""Window for reading, copying and saving a report; it stays open."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, mono_font, px


class ReportView(QDialog):
    """A text that is selected and copied as any other; Esc closes.

    Signals
    -------
    save_requested : the user wants to save it
    """

    save_requested = Signal()

    def __init__(self, theme: Theme, title: str, below: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setStyleSheet(f"font-family: '{mono_font().family()}'")
        self._text.setAccessibleName("The report")
        readable = (
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._text.setTextInteractionFlags(readable)
        self._copy = KeyButton(theme, "Copy all")
        self._save = KeyButton(theme, "Save…")
        self._copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.text))
        self._save.clicked.connect(self.save_requested)
        note = QLabel(below)
        note.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(16), px(16), px(16), px(12))
        layout.setSpacing(px(10))
        layout.addWidget(self._text, 1)
        row = QHBoxLayout()
        row.setSpacing(px(12))
        for button in (self._copy, self._save):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(note)
        layout.addLayout(row)
        self.resize(px(760), px(480))

    @property
    def text(self) -> str:
        """The displayed text."""
        return self._text.toPlainText()

    def show_text(self, text: str) -> None:
        """Show a report."""
        self._text.setPlainText(text)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in (self._copy, self._save):
            button.set_theme(theme)
