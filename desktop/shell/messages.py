"""Messages of the parts of the window: shown in the bar under everything, and stored in a log."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from desktop.shell.command import PAINT_LAYER
from desktop.shell.shell import Shell
from engine.core.errors import OffcutError
from engine.core.wording import begun
from widgets.chrome.status_bar import Message, MessageLog, StatusBar


def reporting_refusals(do: Callable[..., object], refuse: Callable[[str], object]) -> Callable[..., None]:
    """Return a slot that does something, and hands the sentence of an `OffcutError` to `refuse`."""

    def run(*values: object) -> None:
        try:
            do(*values)
        except OffcutError as error:
            refuse(str(error))

    return run


MOST_MESSAGES = 1_000
"""Number of stored messages; the oldest are dropped."""
NO_DEVICE = "No audio device"
_CLOCK = re.compile(r"\b\d+:\d\d")


class Messages(QObject):
    """Collects results and refusals of every part, shows them in one place, and stores them.

    An error is shown until its cause is gone: another command runs, or the document changes. The state of the
    sound device has a place of its own, so that it never replaces a result.

    Attributes
    ----------
    messages : all messages, newest last
    log : the list of it, once it was asked for
    """

    def __init__(self, window: QWidget, shell: Shell, status_bar: StatusBar) -> None:
        super().__init__(window)
        self._window = window
        self._shell = shell
        self._bar = status_bar
        self._has_result = False
        shell.commands.running.connect(self._begin_command)
        shell.session.changed.connect(self._bar.clear_error)
        shell.session.replaced.connect(self._bar.clear_error)
        self.messages: deque[Message] = deque(maxlen=MOST_MESSAGES)
        self.log: MessageLog | None = None

    def collect_from(self, parts: Iterable[Any]) -> None:
        """Show messages, refusals and failures of these parts, if they have such signals."""
        for part in parts:
            for name, tell in (("said", self.say), ("refused", self.refuse), ("failed", self.refuse)):
                signal = getattr(part, name, None)
                if signal is not None:
                    signal.connect(tell)

    def say(self, sentence: str) -> None:
        """Show the result of the last command, and the next undo step."""
        # While a mask is painted the key of undo takes strokes back.
        undo_label = "" if self._shell.commands.layer == PAINT_LAYER else self._shell.session.undo_label
        self._has_result = True
        self._bar.set_message(self._on_clock(sentence), self._on_clock(undo_label) or None)
        self._note(is_error=False)

    def refuse(self, sentence: str) -> None:
        """Show a refusal and its reason."""
        self._has_result = True
        self._bar.set_error(sentence)
        self._note(is_error=True)

    def _begin_command(self, _command_id: str) -> None:
        """Drop the previous message for a new command."""
        self._has_result = False
        self._bar.clear_error()

    def _on_clock(self, sentence: str) -> str:
        """Add the clock of a history time: the displayed one counts the result."""
        labels = (self._shell.session.undo_label, self._shell.session.redo_label)
        is_of_history = any(label and label.lower() in sentence.lower() for label in labels)
        if self._shell.transport.plays_result and is_of_history and _CLOCK.search(sentence):
            return f"{sentence} (source time)"
        return sentence

    def _note(self, *, is_error: bool) -> None:
        if self._bar.message:
            self._log(self._bar.message, is_error=is_error)

    def _log(self, sentence: str, *, is_error: bool) -> None:
        self.messages.append(Message(datetime.now(), sentence, is_error))
        if self.log is not None and self.log.isVisible():
            self.log.add(self.messages[-1])

    def show_log(self) -> None:
        """Show the message log, or focus it."""
        if self.log is None:
            self.log = MessageLog(self._shell.look.theme, self._window)
            self._shell.look.changed.connect(self.log.set_theme)
        self.log.show_messages(self.messages)
        self.log.show()
        self.log.raise_()
        self.log.activateWindow()

    def device(self, status: str) -> None:
        """Show a missing output device until one is connected; a result remains the message."""
        was_missing = bool(self._bar.notice)
        if status.startswith("no audio device"):
            sentence = f"{begun(status)}; playback is silent until a device is connected."
            self._bar.set_notice(NO_DEVICE, sentence)
        elif not was_missing:
            return
        else:
            sentence = f"Audio device connected: {status}."
            self._bar.set_notice("")
        if self._has_result:
            self._log(sentence, is_error=False)
        else:
            self.say(sentence)
            self._has_result = False
