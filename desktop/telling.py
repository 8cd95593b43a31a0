"""What the parts of the window say, told in the bar under everything and kept in a log."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.actions import Actions
from desktop.commands import PAINT_LAYER
from desktop.session import Session
from desktop.transport import Transport
from desktop.user_settings.look import Look
from engine.wording import begun
from widgets.chrome.message_log import Message, MessageLog
from widgets.chrome.status_bar import StatusBar

MOST_MESSAGES = 1_000
"""So many are kept; the oldest give way."""
_CLOCK = re.compile(r"\b\d+:\d\d")


class Window(Protocol):
    """What telling needs of a window."""

    session: Session
    commands: Actions
    transport: Transport
    look: Look


class Telling(QObject):
    """Hears what every part says and refuses, tells it in one place, and remembers it.

    Attributes
    ----------
    messages : what was said, the newest last
    log : the list of it, once it was asked for
    """

    def __init__(self, window: QWidget, parts: Window, status_bar: StatusBar) -> None:
        super().__init__(window)
        self._window = window
        self._parts = parts
        self._bar = status_bar
        self._silent = False
        self.messages: deque[Message] = deque(maxlen=MOST_MESSAGES)
        self.log: MessageLog | None = None

    def hear(self, parts: Iterable[Any]) -> None:
        """Tell from now on what these say, refuse and fail at, as far as they have signals for it."""
        for part in parts:
            for name, tell in (("said", self.say), ("refused", self.refuse), ("failed", self.refuse)):
                signal = getattr(part, name, None)
                if signal is not None:
                    signal.connect(tell)

    def say(self, sentence: str) -> None:
        """Say what the last command did and what undo would take back."""
        # While a mask is painted the key of undo takes strokes back.
        undo_label = "" if self._parts.commands.layer == PAINT_LAYER else self._parts.session.undo_label
        self._bar.set_message(self._on_clock(sentence), self._on_clock(undo_label) or None)
        self._note(is_error=False)

    def refuse(self, sentence: str) -> None:
        """Say what could not be done, and why."""
        self._bar.set_error(sentence)
        self._note(is_error=True)

    def _on_clock(self, sentence: str) -> str:
        """Say of a time of the history which clock it is of: the one on screen counts the result."""
        labels = (self._parts.session.undo_label, self._parts.session.redo_label)
        is_of_history = any(label and label in sentence for label in labels)
        if self._parts.transport.plays_result and is_of_history and _CLOCK.search(sentence):
            return f"{sentence} (time of the source)"
        return sentence

    def _note(self, *, is_error: bool) -> None:
        if self._bar.message:
            self.messages.append(Message(datetime.now(), self._bar.message, is_error))
            if self.log is not None and self.log.isVisible():
                self.log.add(self.messages[-1])

    def show_log(self) -> None:
        """Show the list of all that was said, or come back to it."""
        if self.log is None:
            self.log = MessageLog(self._parts.look.theme, self._window)
            self._parts.look.changed.connect(self.log.set_theme)
        self.log.show_messages(self.messages)
        self.log.show()
        self.log.raise_()
        self.log.activateWindow()

    def device(self, status: str) -> None:
        """Say that there is nothing to play on, and that there is again."""
        if status.startswith("no audio device"):
            self._silent = True
            self.say(f"{begun(status)}; the playhead moves in silence until a device is connected.")
        elif self._silent:
            self._silent = False
            self.say(f"The sound is back: {status}.")
