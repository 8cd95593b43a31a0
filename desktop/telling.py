"""What the parts of the window say, told in the bar under everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QObject

from desktop.session import Session
from engine.wording import begun
from widgets.chrome.status_bar import StatusBar


class Telling(QObject):
    """Hears what every part says and refuses, and tells it in one place."""

    def __init__(self, session: Session, status_bar: StatusBar, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._bar = status_bar
        self._silent = False

    def hear(self, parts: Iterable[Any]) -> None:
        """Tell from now on what these say, refuse and fail at, as far as they have signals for it."""
        for part in parts:
            for name, tell in (("said", self.say), ("refused", self.refuse), ("failed", self.refuse)):
                signal = getattr(part, name, None)
                if signal is not None:
                    signal.connect(tell)

    def say(self, sentence: str) -> None:
        """Say what the last command did and what undo would take back."""
        self._bar.set_message(sentence, self._session.undo_label or None)

    def refuse(self, sentence: str) -> None:
        """Say what could not be done, and why."""
        self._bar.set_error(sentence)

    def device(self, status: str) -> None:
        """Say that there is nothing to play on, and that there is again."""
        if status.startswith("no audio device"):
            self._silent = True
            self.say(f"{begun(status)}; the playhead moves in silence until a device is connected.")
        elif self._silent:
            self._silent = False
            self.say(f"The sound is back: {status}.")
