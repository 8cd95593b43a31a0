"""Playing a click to learn how soon a device sounds and whether it keeps up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QObject, QTimer, Signal

from desktop.shell.playback.output import AudioChoice
from desktop.shell.playback.play_source import Frames
from desktop.shell.playback.player import Player

RATE_HZ = 48_000
LENGTH_S, CLICK_S = 1.0, 0.004


@dataclass(frozen=True, slots=True)
class LatencyReport:
    """Result of the latency test.

    Attributes
    ----------
    start_delay_s : from the order to play to the first sample handed to the device; None: none was
    device_latency_s : output latency according to the driver; None if unknown
    trouble : reason for silence, or ""
    """

    start_delay_s: float | None
    device_latency_s: float | None
    underruns: int
    trouble: str = ""

    def sentence(self) -> str:
        """Format the result in one line."""
        if self.trouble or self.start_delay_s is None:
            return f"No click: {self.trouble or 'the device accepted no audio'}."
        started = f"First sample sent after {1000 * self.start_delay_s:.0f} ms"
        said = self.device_latency_s
        heard = f" audible {1000 * said:.0f} ms later according to the driver" if said else ""
        gaps = "no underrun" if not self.underruns else f"{self.underruns} underruns: choose a larger buffer"
        return f"{started}{heard}; {gaps}."


class Click:
    """A second with one short click at its start."""

    rate_hz = RATE_HZ
    channels = 1
    length_samples = round(LENGTH_S * RATE_HZ)

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Return float32, shape (stop - start, 1)."""
        times_s = np.arange(start_samples, stop_samples) / RATE_HZ
        click = 0.5 * np.sin(2 * np.pi * 1_000 * times_s) * (times_s < CLICK_S)
        frames: Frames = click[:, None].astype(np.float32)
        return frames

    def close(self) -> None:
        """Do nothing: no resources to release."""


class LatencyTest(QObject):
    """Plays the click once; no other program may use the device.

    Signals
    -------
    finished : a `LatencyReport`
    """

    finished = Signal(object)

    def __init__(self, choice: AudioChoice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = Player(self)
        self._player.set_audio(choice)
        self._player.set_source(Click, RATE_HZ)
        self._player.playing_changed.connect(self._follow)
        self._player.device_status_changed.connect(self._follow_device)
        self._trouble = ""

    def start(self) -> None:
        """Play."""
        self._player.play()

    def close(self) -> None:
        """Stop, and release the device."""
        self._player.close()

    def _follow_device(self, status: str) -> None:
        if status.startswith("no audio device"):
            self._trouble = status

    def _follow(self, playing: bool) -> None:
        if not playing:
            QTimer.singleShot(0, self._report)  # once the player has come to rest

    def _report(self) -> None:
        player = self._player
        report = LatencyReport(player.start_delay_s, player.device_latency_s, player.underruns, self._trouble)
        player.close()
        self.finished.emit(report)
