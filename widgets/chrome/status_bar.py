"""The status bar: last result, undo step, sound device and running work; and the log of its messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QResizeEvent, QTextCursor
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QLabel,
    QProgressBar,
    QSizePolicy,
    QTextEdit,
    QWidget,
)

from engine.core.timebase import format_time
from engine.core.wording import counted
from widgets.controls.command_entries import with_keys
from widgets.controls.fields import CheckBox
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.controls.text_and_icons import ElidedLabel, announce
from widgets.theme import BAR, Theme, mono_font, px, ui_font

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
        self._count = label(role="dim")
        below = row(self._copy, self._errors, 1, self._count, gap=12)
        column((self._text, 1), below, gap=10, margins=(16, 16, 16, 12), owner=self)
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
        self._show_count()

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
        self._show_count()

    def _show_count(self) -> None:
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


_STEPS = 1000
_STARTS_BELOW = 0.1
"""Share of a job below which it is called starting, until its end can be estimated."""
_GAP = 14
_WORKING = 0.28
"""Minimum share of the width for running work."""


class StatusBar(QFrame):
    """Shows the last result on the left, and running work on the right."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Status")
        self.setFixedHeight(px(BAR))
        self.setMinimumWidth(px(480))
        self._keys = keys
        self._theme = theme
        self._failed = False
        self._done = ElidedLabel(lines=2)
        self._undo = ElidedLabel(role="dim")
        self._job, self._left = ElidedLabel(role="dim", lines=2), label(role="dim", name="Time left")
        self._notice = label(role="dim", name="State of the audio device")
        self._notice.hide()
        self._done.setAccessibleName("Last command")
        self._done.setCursor(Qt.CursorShape.PointingHandCursor)
        self._done.clicked.connect(lambda: self.command_requested.emit("view.messages"))
        self._undo.setAccessibleName("Undo step")
        self._job.setAccessibleName("Running work")
        self._bar = QProgressBar()
        self._bar.setRange(0, _STEPS)
        self._bar.setTextVisible(False)
        self._bar.setMinimumWidth(px(64))
        self._bar.setMaximumWidth(px(190))
        self._bar.setAccessibleName("Progress")
        self._cancel = KeyButton(theme, "Cancel", keys.get("job.cancel", ""))
        self._cancel.setAccessibleName("Cancel the running work")
        self._cancel.clicked.connect(lambda: self.command_requested.emit("job.cancel"))
        self._offer, self._offered = KeyButton(theme), ""
        self._offer.clicked.connect(lambda: self.command_requested.emit(self._offered))
        self._offer.hide()
        self._mode = KeyButton(theme)
        self._mode.clicked.connect(lambda: self.command_requested.emit("clips.ripple"))
        self._mode.hide()
        bar = (self._bar, 1)  # up to its maximum, before the gap in the middle grows
        done, work = (self._done, self._offer, self._undo), (self._job, self._left, bar, self._cancel)
        parts = (*done, 1, self._mode, self._notice, *work)
        self._layout = row(*parts, gap=_GAP, margins=(14, 0, 12, 0), owner=self)
        self._bar.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.clear_job()
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        for button in (self._cancel, self._offer, self._mode):
            button.set_theme(theme)
        self.setStyleSheet(f"StatusBar {{ border-top: 1px solid {theme.line}; }}")
        self._paint_message()

    def _paint_message(self) -> None:
        sheet = f"color: {self._theme.error if self._failed else self._theme.text};"
        if sheet != self._done.styleSheet():  # Qt takes as long for the one it has
            self._done.setStyleSheet(sheet)
        self._share()

    @property
    def message(self) -> str:
        """The last message."""
        return self._done.text()

    def set_message(self, text: str, undo_label: str | None = None) -> None:
        """Show the result of the last command, and the edit that undo reverses (None: no edit)."""
        self._failed = False
        self._offer.hide()
        self._done.setText(with_keys(text, self._keys))
        announce(self, self._done.text())
        step = " it" if undo_label == text else f": {undo_label}"  # it is the message on the left
        undone = f"{self._keys.get('edit.undo', 'Undo')} undoes{step}"
        self._undo.setText("" if undo_label is None else undone)
        self._paint_message()

    def _share(self) -> None:
        """Shorten the text of running work before the message and the undo step."""
        fixed = (self._left, self._cancel, self._offer, self._mode, self._notice)
        taken = sum(each.sizeHint().width() + px(_GAP) for each in fixed if not each.isHidden())
        taken += 0 if self._bar.isHidden() else self._bar.minimumWidth() + px(_GAP)
        room = max(0, self.width() - taken - px(6 * _GAP))
        job = _wanted(self._job)  # in two lines, with room for a wrapped word, where it is long
        half = job if job < px(160) else round(0.6 * job)
        working = 0 if self._job.isHidden() else min(half, round(_WORKING * room))
        done = min(_wanted(self._done), round(0.5 * room))
        undo = min(_wanted(self._undo), round(0.35 * room), max(room - done - working, 0))
        for part, least in ((self._done, done), (self._undo, undo), (self._job, working)):
            part.setMinimumWidth(least)
        self._layout.activate()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._share()

    def set_error(self, sentence: str) -> None:
        """Show an error; undo does not relate to it."""
        self._failed = True
        self._offer.hide()
        self._done.setText(with_keys(sentence, self._keys))
        self._undo.setText("")
        announce(self, self._done.text(), urgent=True)
        self._paint_message()

    def clear_error(self, *_: object) -> None:
        """Remove an error message; other messages stay."""
        if self._failed:
            self.set_message("")

    @property
    def notice(self) -> str:
        """The displayed state, "" without one."""
        return self._notice.text()

    def set_notice(self, words: str, more: str = "") -> None:
        """Show a state in few words until it ends; the tooltip has details."""
        self._notice.setText(words)
        self._notice.setToolTip(more)
        self._notice.setVisible(bool(words))
        self._share()

    @property
    def mode(self) -> str:
        """The displayed mode of ripple, "" without one."""
        return self._mode.text()

    def set_mode(self, words: str) -> None:
        """Show the mode of ripple while there is one; a click switches to the next."""
        if words != self._mode.text():
            self._mode.setText(words)
            self._mode.setVisible(bool(words))
            self._share()

    def offer(self, text: str, command_id: str) -> None:
        """Offer a command next to the message; the next message removes it."""
        self._offered = command_id
        self._offer.setText(text)
        self._offer.show()
        self._share()

    def set_job(self, text: str, fraction: float, left_s: float | None = None) -> None:
        """Show running work; `left_s` is None if unknown, as while it starts."""
        self._job.setText(text)
        self._bar.setValue(round(_STEPS * min(1.0, max(0.0, fraction))))
        starting = "starting" if fraction < _STARTS_BELOW else ""
        self._left.setText(starting if left_s is None else f"{format_time(left_s, 0)} left")
        self._left.setVisible(bool(self._left.text()))
        for part in (self._job, self._bar, self._cancel):
            part.show()
        self._share()

    def clear_job(self) -> None:
        """Show that nothing runs."""
        for part in (self._job, self._left, self._bar, self._cancel):
            part.hide()
        self._share()


def _wanted(text: QLabel) -> int:
    """Return the natural width of a label; a QLabel never returns less than its minimum."""
    text.setMinimumWidth(0)
    return text.sizeHint().width()
