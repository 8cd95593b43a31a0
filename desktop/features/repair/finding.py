"""Find a sound in the whole recording, and propose to remove it at every occurrence."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from desktop.features.repair.recent_words import RecentWords
from desktop.features.repair.sounds import Sounds
from desktop.shell.dialogs import form_dialogs
from desktop.shell.shell import Shell
from engine.document.recorded import require_recording
from engine.features.repair.finders.repair.requests import RepairSettings

if TYPE_CHECKING:
    pass


class Finding(QObject):
    """Asks for words, has all of the recording searched, and fills the queue.

    Attributes
    ----------
    sounds : all named sounds, and sounds similar to the selection

    Signals
    -------
    said : the result
    """

    said = Signal(str)

    def __init__(
        self, window: QWidget, shell: Shell, recent: RecentWords, settings: Callable[[], RepairSettings]
    ) -> None:
        super().__init__(window)
        self._window, self._shell, self._recent = window, shell, recent
        self._session, self._settings = shell.session, settings
        self.sounds: Sounds = Sounds(window, shell, settings)
        self.sounds.said.connect(self.said)
        shell.finders.add_form("repair", self.ask)
        shell.finders.add_form("like-this", self.sounds.ask_like)

    def ask(self) -> None:
        """Ask which sound is meant, then look for it.

        Raises
        ------
        UsageError : no recording
        """
        require_recording(self._session.state, "search")
        settings = self._settings()
        words = settings.words or ", ".join(self._recent.words[:1])
        asked = form_dialogs.ask_sound(self._window, words)
        if asked is not None:
            self.find(RepairSettings(asked, settings.keeps, settings.strength_db, settings.fade_ms))

    def find(self, settings: RepairSettings) -> None:
        """Look for a sound in the whole recording, on the selected tracks or on all."""
        named = settings.texts
        asked = {
            "words": ", ".join(named),
            "does": "keep" if settings.keeps else "remove",
            "strength_db": settings.strength_db,
            "fade_ms": settings.fade_ms,
        }
        self._shell.finders.start("repair", asked, f"Finding {' or '.join(named)}")
        self._recent.note(named)
