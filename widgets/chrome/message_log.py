"""Every message of the status line in a list: with its time, errors marked, and to be copied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QTextCursor
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QTextEdit, QVBoxLayout, QWidget

from engine.core.wording import counted
from widgets.controls.check_box import CheckBox
from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, mono_font, px, ui_font

_ERROR = "Error"
_SPACE = "\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it was shown."""

    at: datetime
    text: str
    is_error: bool = False

    @property
    def line(self) -> str:
        """The message as it is copied."""
        return f"{self.at:%H:%M:%S}  {f'{_ERROR}: ' if self.is_error else ''}{self.text}"


class MessageLog(QDialog):
    """Window that stays open; its text can be selected and copied, Esc closes it."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Message log")
        self._theme = theme
        self._messages: list[Message] = []
        self._text = QTextEdit()
        self._text.setReadOnly(True)
        self._text.setAccessibleName("Messages, newest last")
        readable = (
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._text.setTextInteractionFlags(readable)
        self._errors = CheckBox(theme, "Errors only")
        self._copy = KeyButton(theme, "Copy all")
        self._count = QLabel()
        self._count.setProperty("role", "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(16), px(16), px(16), px(12))
        layout.setSpacing(px(10))
        layout.addWidget(self._text, 1)
        below = QHBoxLayout()
        below.setSpacing(px(12))
        below.addWidget(self._copy)
        below.addWidget(self._errors)
        below.addStretch(1)
        below.addWidget(self._count)
        layout.addLayout(below)
        self._errors.toggled.connect(self._show)
        self._copy.clicked.connect(self._copy_all)
        self.resize(px(680), px(420))
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._errors.set_theme(theme)
        self._copy.set_theme(theme)
        self._text.setStyleSheet(
            f"QTextEdit {{ background: {theme.bg}; border: 1px solid {theme.line}; border-radius: {px(4)}px;"
            f" padding: {px(6)}px; }} QTextEdit:focus {{ border-color: {theme.undecided}; }}"
        )
        self._show()

    def show_messages(self, messages: Iterable[Message]) -> None:
        """Show these, the oldest first."""
        self._messages = list(messages)
        self._show()

    def add(self, message: Message) -> None:
        """Add a message; the scroll position of the user stays."""
        self._messages.append(message)
        if len(self._messages) == 1 or not self._text.toPlainText():
            self._show()
            return
        if message.is_error or not self._errors.isChecked():
            self._text.append(self._row(message))
        self._say_count()

    def lines(self) -> list[str]:
        """Return the messages as copied, one per line."""
        return [one.line for one in self._shown()]

    def _shown(self) -> list[Message]:
        return [one for one in self._messages if one.is_error or not self._errors.isChecked()]

    def _show(self) -> None:
        shown, theme = self._shown(), self._theme
        nothing = "No errors." if self._errors.isChecked() else "No messages yet."
        rows = "".join(self._row(one) for one in shown) or f"<p style='color: {theme.dim}'>{nothing}</p>"
        self._text.setHtml(rows)
        self._text.moveCursor(QTextCursor.MoveOperation.End)
        self._say_count()

    def _say_count(self) -> None:
        errors = sum(one.is_error for one in self._messages)
        self._count.setText(f"{counted(len(self._messages), 'message')}, {counted(errors, 'error')}")
        self._copy.setEnabled(bool(self._shown()))

    def _row(self, one: Message) -> str:
        theme = self._theme
        time_px = QFontMetricsF(mono_font()).horizontalAdvance("00:00:00")
        indent = round(time_px + QFontMetricsF(ui_font()).horizontalAdvance(2 * _SPACE))
        mark = f"<b style='color: {theme.error}'>{_ERROR}: </b>" if one.is_error else ""
        return (
            f"<p style='margin: 0 0 {px(5)}px {indent}px; text-indent: -{indent}px'>"
            f"<span style='color: {theme.dim}; font-family: JetBrains Mono'>{one.at:%H:%M:%S}</span>"
            f"{2 * _SPACE}{mark}{escape(one.text)}</p>"
        )

    def _copy_all(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self.lines()))
