"""Hours of work with the window, one round after another: does anything grow, run out or stay behind?

Started by ``offcut bench soak --minutes 240``, in a program of its own, on a device without hardware that
consumes audio in real time. A round reviews the target load while it plays and a model trains, removes a
sound, and puts drums in time; all of it is undone. Resources are counted between rounds, when nothing runs.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

import numpy as np
from PySide6.QtCore import QEventLoop, QSettings, QTimer

from desktop.app import make_application
from desktop.bench.document import LOADS, TARGET, Load, made_up_document, train_until_cancelled
from desktop.bench.playback import choose_at_playhead, start_playing
from desktop.bench.surroundings import Held, held_now, live_in
from desktop.features.timing.form import AlignAsked
from desktop.main_window import MainWindow
from desktop.shell.work.job_lanes import JobLanes
from engine.core.errors import OffcutError
from engine.features.repair.separation.paint import Range
from engine.lab.bench.measured import Measured

RATE_HZ = 48_000
WARM_MINUTES = 15.0
"""Growth is counted after this warm-up, since lazy loading is not growth."""
TOLD_EVERY_MINUTES = 30.0
PLAYED_S = 40.0
ANSWER_EVERY_MS = 250
POLL_MS = 10
REPAIRED_S = 2.0
REPAIRED_HZ = (2_000.0, 4_000.0)
MEMORY_LIMIT_PERCENT = 5.0
KEYS = (
    *("review.accept", "view.zoom_in", "review.reject", "review.next", "edit.undo", "view.zoom_out"),
    *("review.undecided", "edit.undo", "edit.redo", "edit.undo", "review.previous", "edit.undo"),
)


def soak(minutes: float, load: Load = TARGET, drums: Load = LOADS["small"]) -> Iterator[Measured]:
    """Work for some minutes; the first quarter, a quarter of an hour at most, is the warm-up."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        live_in(folder, RATE_HZ)
        temporary = folder / "temporary"
        temporary.mkdir()
        tempfile.tempdir = os.environ["TMPDIR"] = str(temporary)
        try:
            yield from _measure(folder, temporary, minutes, load, drums)
        finally:
            tempfile.tempdir = None


@dataclass(frozen=True, slots=True)
class _Sample:
    minutes: float
    held: Held


def _measure(folder: Path, temporary: Path, minutes: float, load: Load, drums: Load) -> Iterator[Measured]:
    application = make_application()
    documents = []
    for name, one in (("reviewed", load), ("drums", drums)):
        (folder / name).mkdir()
        documents.append(made_up_document(folder / name, one)[0])
    window = MainWindow(application, QSettings(str(folder / "bench.ini"), QSettings.Format.IniFormat))
    window.resize(1600, 1000)
    window.show()
    rounds = _Rounds(window, folder, *documents)
    samples: list[_Sample] = []
    every = min(TOLD_EVERY_MINUTES, minutes / 4)
    begun_s, told = time.monotonic(), 0.0
    try:
        while not samples or samples[-1].minutes < minutes:
            rounds.go_round()
            samples.append(_Sample((time.monotonic() - begun_s) / 60, held_now(temporary)))
            if samples[-1].minutes >= told + every:
                told = samples[-1].minutes
                after, n = f"after_{told:.1f}_minutes", len(samples)
                yield Measured(f"memory_mb_{after}", samples[-1].held.memory_mb, n=n)
                yield Measured(f"underruns_{after}", rounds.underruns, 0.0, n)
    finally:
        window.close()
    yield from _figures(samples, minutes)
    for name, count in rounds.done.items():
        yield Measured(name, count)
    yield Measured("underruns", rounds.underruns, 0.0)


def _figures(samples: list[_Sample], minutes: float) -> Iterator[Measured]:
    """Yield the maximum after the warm-up, compared with the value at its end."""
    warm = min(WARM_MINUTES, minutes / 4)
    later = [one.held for one in samples if one.minutes >= warm]
    first, last = later[0], later[-1]
    most_mb = max(one.memory_mb for one in later)
    growth = 100.0 * (most_mb / first.memory_mb - 1.0)
    yield Measured("memory_growth_percent", growth, MEMORY_LIMIT_PERCENT, len(later))
    for name in ("threads", "handles", "processes", "temporary_files"):
        yield Measured(f"{name}_more", getattr(last, name) - getattr(first, name), 0.0, len(later))


class _Rounds:
    """Repeats a person's actions of an evening.

    Attributes
    ----------
    done : how much was done, by its name
    underruns : how often the sound ran out while it was played
    """

    def __init__(self, window: MainWindow, folder: Path, reviewed: Path, drums: Path) -> None:
        self._window, self._folder = window, folder
        self._reviewed, self._drums = reviewed, drums
        self._keys = cycle(KEYS)
        self._rng = np.random.default_rng(0)
        self._failure = ""
        self._begun_at = 0
        self.done = dict.fromkeys(("rounds", "answers", "epochs", "repairs", "moves"), 0)
        self.underruns = 0
        for failed in (window.player.failed, window.commands.refused, window.work.failed):
            failed.connect(self._fail)

    def go_round(self) -> None:
        """Review, remove a sound, put drums in time; then release everything.

        Raises
        ------
        OffcutError : an action was refused or failed, or the sound device is missing
        """
        self._open(self._reviewed)
        self._review()
        self._take_out()
        self._open(self._drums)
        self._put_in_time()
        gc.unfreeze()
        gc.collect()
        self.done["rounds"] += 1

    def _open(self, document: Path) -> None:
        self._window.session.open(document)
        self._until(lambda: not self._window.work.is_busy)

    def _review(self) -> None:
        """Answer several times a second while it plays and a model trains, and take all back."""
        window, transport, player = self._window, self._window.transport, self._window.player
        self._begun_at = before = self._steps_done()
        lanes = JobLanes(window)
        job = lanes.compute.submit(train_until_cancelled, self._folder, title="Training")
        job.progressed.connect(self._trained)
        job.failed.connect(self._fail)
        transport.choose_result(bool(self.done["rounds"] % 2))
        transport.seek(int(self._rng.uniform(0.1, 0.8) * window.session.state.length_samples))
        start_playing(window)
        self._until(lambda: player.ahead_samples > 0)
        underruns = player.underruns
        timer = QTimer(window, interval=ANSWER_EVERY_MS)
        timer.timeout.connect(self._answer)
        timer.start()
        self._wait(PLAYED_S)
        timer.stop()
        self.underruns += player.underruns - underruns
        transport.stop()
        lanes.close()
        lanes.deleteLater()
        timer.deleteLater()
        window.session.travel(before - self._steps_done())

    def _steps_done(self) -> int:
        return sum(not step.undone for step in self._window.session.steps())

    def _answer(self) -> None:
        """Press the next key on the next proposal."""
        window, key = self._window, next(self._keys)
        if key == "edit.undo" and self._steps_done() <= self._begun_at:
            return  # earlier steps stay
        if key.startswith("review."):
            choose_at_playhead(window)
            self.done["answers"] += 1
        window.commands.run(key)

    def _take_out(self) -> None:
        """Remove a frequency range from a span of all tracks, play it, accept it, and undo that.

        Words would be refused where their sound is not there.
        """
        window = self._window
        start = int(self._rng.uniform(0.1, 0.8) * window.session.state.length_samples)
        stop = start + round(REPAIRED_S * RATE_HZ)
        window.selecting.select(start, stop)
        window.commands.run("repair.open")
        window.repairing.painting.put((Range(start, stop, *REPAIRED_HZ),))
        for command in ("repair.preview", "repair.result", "repair.accept", "edit.undo"):
            window.commands.run(command)
            self._until(lambda: not window.work.is_busy)
        window.transport.stop()
        window.selecting.let_go()
        self.done["repairs"] += 1

    def _put_in_time(self) -> None:
        """Propose to move the hits of the drums, and take that back."""
        window, before = self._window, self._steps_done()
        window.timing_proposing.propose(AlignAsked())
        self._until(lambda: not window.work.is_busy)
        self.done["moves"] += len(window.session.state.proposals)
        window.session.travel(before - self._steps_done())

    def _wait(self, length_s: float) -> None:
        until_s = time.monotonic() + length_s
        self._until(lambda: time.monotonic() >= until_s)

    def _until(self, reached: Callable[[], bool]) -> None:
        """Run the event loop, as a program does: Qt runs deferred deletions only there."""
        loop = QEventLoop()
        poll = QTimer(interval=POLL_MS)
        poll.timeout.connect(lambda: loop.quit() if reached() or self._failure else None)
        poll.start()
        loop.exec()
        poll.stop()
        if self._failure:
            raise OffcutError(self._failure)

    def _trained(self, _fraction: float, _text: str, figures: Mapping[str, float], _left_s: object) -> None:
        self.done["epochs"] += "epoch" in figures

    def _fail(self, sentence: str) -> None:
        self._failure = sentence


if __name__ == "__main__":
    for measured in soak(float(sys.argv[1])):
        print(json.dumps(asdict(measured)), flush=True)
