"""Playing sixteen tracks of three hours while a model trains and the user decides: is anything missing?

Started by ``offcut bench playback --minutes 30``, in a program of its own, on a device without hardware that
consumes audio in real time. The first half plays the source, the second the result, where each answer changes
the audio.

A person's actions on a playing window: start playback, and answer the playing proposals.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, QTimer
from PySide6.QtWidgets import QApplication

from desktop.app import make_application
from desktop.bench.document import TARGET, Load, made_up_document, train_until_cancelled
from desktop.bench.surroundings import live_in
from desktop.main_window import MainWindow
from desktop.shell.work.job_lanes import JobLanes
from engine.core.errors import OffcutError
from engine.document.table import table_of
from engine.lab.bench.measured import Measured


def start_playing(window: MainWindow) -> None:
    """Start playback.

    Raises
    ------
    OffcutError : the playback device is missing
    """
    window.transport.toggle()
    status = window.player.device_status
    if not status.startswith("default"):
        raise OffcutError(f"This needs ALSA and PortAudio: {status}.")


def choose_at_playhead(window: MainWindow) -> None:
    """Go to the next proposal after the playhead, or to the last."""
    made = table_of(window.session.state).made
    place = int(np.searchsorted(made.starts_samples, window.transport.playhead_samples))
    window.review.choose(made.ids[min(place, len(made.ids) - 1)])


RATE_HZ = 48_000
DECIDE_EVERY_MS = 3_000
LOOK_EVERY_MS = 50
COMMANDS = ("review.accept", "review.reject", "review.accept", "edit.undo")


def playback(minutes: float, load: Load = TARGET) -> Iterator[Measured]:
    """Play a load for some minutes."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        live_in(folder, RATE_HZ)
        yield from _measure(folder, minutes, load)


def _measure(folder: Path, minutes: float, load: Load) -> Iterator[Measured]:
    application = make_application()
    document, _ = made_up_document(folder, load)
    window = MainWindow(application, QSettings(str(folder / "bench.ini"), QSettings.Format.IniFormat))
    window.resize(1600, 1000)
    window.show()
    window.session.open(document)
    while window.work.is_busy:
        application.processEvents()
    listener = _Listener(window, folder)
    try:
        for name, result in (("source", False), ("result", True)):
            heard = listener.listen(minutes / 2, result=result)
            yield Measured(f"{name}_underruns", heard.underruns, 0.0)
            yield Measured(f"{name}_least_ahead_ms", heard.least_ahead_ms)
            yield Measured(f"{name}_decisions", heard.decisions)
            yield Measured(f"{name}_epochs_trained", heard.epochs)
            yield Measured(f"{name}_minutes_played", heard.minutes, minutes / 2)
    finally:
        listener.close()
        window.close()


@dataclass(frozen=True, slots=True)
class _PlaybackRun:
    """Result of playing for a while."""

    underruns: int
    least_ahead_ms: float
    decisions: int
    epochs: int
    minutes: float


class _Listener:
    """Plays, answers a proposal every few seconds, and looks how near the sound comes to running out."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._keys = cycle(COMMANDS)
        self._loop = QEventLoop()
        self._failure = ""
        self._decisions, self._epochs = 0, 0
        self._least_ahead = inf
        self._lanes = JobLanes(window)
        job = self._lanes.compute.submit(train_until_cancelled, folder, title="Training")
        job.progressed.connect(self._trained)
        for failed in (job.failed, window.player.failed, window.commands.refused):
            failed.connect(self._fail)
        self._timers = [self._every(DECIDE_EVERY_MS, self._decide), self._every(LOOK_EVERY_MS, self._look)]

    def _every(self, interval_ms: int, do: Callable[[], None]) -> QTimer:
        timer = QTimer(self._window)
        timer.setInterval(interval_ms)
        timer.timeout.connect(do)
        return timer

    def listen(self, minutes: float, *, result: bool) -> _PlaybackRun:
        """Play for so long, in the source or in the result."""
        transport, player = self._window.transport, self._window.player
        transport.choose_result(result)
        start_playing(self._window)
        self._until(lambda: self._epochs > 0 and player.ahead_samples > 0)
        self._decisions, self._least_ahead = 0, inf
        underruns, epochs, begun_s = player.underruns, self._epochs, time.monotonic()
        for timer in self._timers:
            timer.start()
        QTimer.singleShot(round(minutes * 60_000), self._loop.quit)
        self._loop.exec()
        for timer in self._timers:
            timer.stop()
        played_s = time.monotonic() - begun_s
        if not transport.is_playing and not self._failure:
            self._failure = "Playing stopped before its time."
        transport.stop()
        if self._failure:
            raise OffcutError(self._failure)
        return _PlaybackRun(
            player.underruns - underruns,
            1000 * self._least_ahead / RATE_HZ,
            self._decisions,
            self._epochs - epochs,
            played_s / 60,
        )

    def close(self) -> None:
        """End the training."""
        self._lanes.close()

    def _until(self, reached: Callable[[], bool]) -> None:
        while not reached() and not self._failure:
            QApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

    def _decide(self) -> None:
        """Answer the next proposal."""
        choose_at_playhead(self._window)
        self._window.commands.run(next(self._keys))
        self._decisions += 1

    def _look(self) -> None:
        self._least_ahead = min(self._least_ahead, self._window.player.ahead_samples)

    def _trained(self, _fraction: float, _text: str, figures: Mapping[str, float], _left_s: object) -> None:
        self._epochs += "epoch" in figures

    def _fail(self, sentence: str) -> None:
        self._failure = sentence
        self._loop.quit()


if __name__ == "__main__":
    for measured in playback(float(sys.argv[1])):
        print(json.dumps(asdict(measured)), flush=True)
