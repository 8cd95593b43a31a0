"""Meters of the playing audio, in sync with playback."""

from __future__ import annotations

import time
from typing import Protocol

from PySide6.QtCore import QObject, QTimer

from desktop.shell.playback.levels import PlayedLevels
from desktop.shell.playback.player import Player

SHOW_MS = 33
SILENCE = PlayedLevels({}, (0.0, 0.0), 0.0)


class Meters(Protocol):
    """Displays for levels."""

    def show_levels(
        self, tracks: dict[str, float], mix: tuple[float, float], true_peak: float, passed_s: float
    ) -> bool:
        """Show the highest absolute values of a time; return whether anything moves on."""


class Metering(QObject):
    """Updates thirty times a second during playback, and until the meters rest."""

    def __init__(self, player: Player, meters: Meters, parent: QObject) -> None:
        super().__init__(parent)
        self._player, self._meters = player, meters
        self._shown_s = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(SHOW_MS)
        self._timer.timeout.connect(self._show)
        player.playing_changed.connect(self._follow)

    def _follow(self, playing: bool) -> None:
        if playing and not self._timer.isActive():
            self._shown_s = time.monotonic()
            self._timer.start()

    def _show(self) -> None:
        now_s = time.monotonic()
        passed_s, self._shown_s = now_s - self._shown_s, now_s
        heard = self._player.take_levels() or SILENCE
        moves = self._meters.show_levels(dict(heard.tracks), heard.mix, heard.true_peak, passed_s)
        if not (moves or self._player.is_playing):
            self._timer.stop()
