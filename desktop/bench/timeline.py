"""The window at a load: opening, frames, decisions and memory, each part in a program of its own.

Frames measure the cost of a wheel step, see `frame_times`. Parts of a close view that another thread reads
are loaded before a frame is timed, as they are when a person scrolls.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QObject, QSettings, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from desktop.app import make_application
from desktop.bench.document import LOADS, cut, document_of, pyqtgraph_frame_times, train_until_cancelled
from desktop.bench.frame_times import frame_times, walk
from desktop.main_window import MainWindow
from desktop.shell.work.job_lanes import JobLane
from engine.core.progress import SILENT
from engine.document.edits.tracks import set_pictures
from engine.document.proposals import Verdict
from engine.document.table import table_of
from engine.document.tracks import Picture
from engine.lab.bench.measured import Measured
from engine.recordings.media import MediaRequest, find_media
from widgets.review.queue_view import QueueView
from widgets.timeline.viewport import Viewport

FRAMES = 400
PEER_FRAMES = 60
PEER_REGIONS = 1_000
DECISIONS = 100
BUSY_WALKS = 3
SPECTROGRAMS = {"small": 8, "target": 4}
"""How many lanes show one; as many as are in view at once."""
OFF_SCREEN = (100, 1_000, 10_000, 100_000)
VIEWS = {"source": False, "result": True}
WIDTH, HEIGHT = 1600, 1000
HELD_MS = 33.0
"""Interval between two repeats of a held key."""
RESTS_MS = 250.0
"""Delay after a single press until figures and overview show the answer, too."""
FRAME_LIMIT_MS, TRAINING_LIMIT_MS = 8.3, 16.7
SCREEN_MS = 16.7
"""Duration of a picture on a screen: longer blocks of the event loop are visible."""
DECISION_LIMIT_MS = 50.0
MEMORY_LIMIT_MB = 600.0


class Bench:
    """A window over a document, as a person has it before them."""

    def __init__(self, folder: Path, load: str) -> None:
        self.folder, self.load = folder, load
        self.application = make_application()
        settings = QSettings(str(folder / f"{load}.ini"), QSettings.Format.IniFormat)
        self.window = MainWindow(self.application, settings)
        self.window.resize(WIDTH, HEIGHT)
        self.window.show()
        self.window.activateWindow()
        self.application.processEvents()

    def open(self) -> float:
        """Open the document; return the seconds to its first full picture."""
        begun = time.perf_counter()
        self.window.session.open(document_of(self.folder, self.load))
        while self.window.work.is_busy:
            self.application.processEvents()
        self.window.grab()
        return time.perf_counter() - begun

    def show(self, *, result: bool) -> None:
        """Show the source or the result, whole."""
        self.window.transport.choose_result(result)
        self.window.timeline.zooms.fit()
        self.settle()

    def settle(self) -> None:
        """Let everything arrive and be painted."""
        self.application.processEvents()
        window = self.window
        while window.recordings.wave_tiles.is_busy or window.spectrograms.is_busy or window.work.is_busy:
            self.application.processEvents()
            time.sleep(0.001)  # the interpreter is left to the thread that is waited for

    def frames(self, clock: Callable[[], float] = time.perf_counter) -> NDArray[np.float64]:
        """Return the times of a walk's frames in ms, shape (FRAMES,)."""
        timeline = self.window.timeline
        return frame_times(timeline, walk(timeline.canvas.viewport, FRAMES), clock, self.settle)

    def busy(self) -> NDArray[np.float64]:
        """Return how long the window's thread ran for each frame in ms, the best of some walks."""
        walks = [self.frames(time.thread_time) for _ in range(BUSY_WALKS)]
        best: NDArray[np.float64] = np.min(walks, axis=0)
        return best

    def close(self) -> None:
        """Close the window and stop its threads."""
        self.window.close()


@contextmanager
def opened(folder: Path, load: str) -> Iterator[Bench]:
    """Yield a window with its document open; decisions in it do not affect later parts."""
    document = document_of(folder, load)
    as_made = document.read_bytes()
    bench = Bench(folder, load)
    bench.open()
    bench.settle()
    try:
        yield bench
    finally:
        bench.close()
        document.write_bytes(as_made)


def at(times: NDArray[np.float64], percent: int) -> float:
    """Return a percentile of times."""
    return float(np.percentile(times, percent))


def opening(folder: Path, load: str) -> Iterator[Measured]:
    """Open a document whose peaks are in the cache."""
    bench = Bench(folder, load)
    yield Measured("warm_open_to_picture_s", bench.open())
    bench.close()


def frames(folder: Path, load: str) -> Iterator[Measured]:
    """Walk through the source and the result, and compare with pyqtgraph's curves and regions."""
    with opened(folder, load) as bench:
        canvas = bench.window.timeline.canvas
        state, whole = bench.window.session.state, canvas.viewport.fitted()
        found = find_media(MediaRequest(state, folder), SILENT)
        size, peaks = (canvas.width(), canvas.height()), list(found.peaks.values())
        table = table_of(state)
        spans = np.stack([table.starts_samples, table.stops_samples], axis=1)[:PEER_REGIONS]
        peer = np.sort(pyqtgraph_frame_times(bench.application, peaks, spans, walk(whole, PEER_FRAMES), size))
        for view, result in VIEWS.items():
            bench.show(result=result)
            bench.frames()
            times, busy = bench.frames(), bench.busy()
            name = f"{load}_{view}_frame"
            yield Measured(f"{name}_p50_beside_pyqtgraph_ms", at(times, 50), at(peer, 50), FRAMES)
            yield Measured(f"{name}_p99_beside_pyqtgraph_ms", at(times, 99), at(peer, 99), FRAMES)
            yield Measured(f"{name}_p99_ms", at(times, 99), FRAME_LIMIT_MS, FRAMES)
            yield Measured(f"{name}_p99_cpu_ms", at(busy, 99), FRAME_LIMIT_MS, FRAMES)


def frames_while_training(folder: Path, load: str) -> Iterator[Measured]:
    """Walk through both views while a taste is trained in the background, as it is for users."""
    with opened(folder, load) as bench:
        bench.frames()
        yield Measured(f"{load}_source_frame_before_training_p99_ms", at(bench.frames(), 99), None, FRAMES)
        lane = JobLane("training lane", bench.window)
        job = lane.submit(train_until_cancelled, folder, title="Training")
        said: list[str] = []
        epochs: list[float] = []

        def hear(_fraction: float, text: str, figures: Mapping[str, float], _left: object) -> None:
            said.append(text)
            epochs.extend([figures["epoch"]] if "epoch" in figures else [])

        def wait_for(reached: Callable[[], object]) -> None:
            while not reached() and lane.is_busy:
                bench.application.processEvents()
            assert reached(), "it learns"

        job.progressed.connect(hear)
        wait_for(lambda: said and said[-1].startswith("Making"))
        times = bench.frames()
        name = f"{load}_source_frame_while_practice_is_made"
        yield Measured(f"{name}_p50_ms", at(times, 50), TRAINING_LIMIT_MS, FRAMES)
        yield Measured(f"{name}_p99_ms", at(times, 99), TRAINING_LIMIT_MS, FRAMES)
        wait_for(lambda: epochs)
        for view, result in VIEWS.items():
            bench.show(result=result)
            bench.frames()
            before, times = len(epochs), bench.frames()
            name = f"{load}_{view}_frame_while_training"
            yield Measured(f"{name}_p50_ms", at(times, 50), TRAINING_LIMIT_MS, FRAMES)
            yield Measured(f"{name}_p99_ms", at(times, 99), TRAINING_LIMIT_MS, FRAMES)
            yield Measured(f"{name}_epochs", float(len(epochs) - before))
        lane.close()


def off_screen(folder: Path, load: str) -> Iterator[Measured]:
    """Scroll over the same few proposals with ever more of them elsewhere."""
    with opened(folder, load) as bench:
        timeline, state = bench.window.timeline, bench.window.session.state
        step = 40 * state.rate_hz  # the visible part does not depend on their number
        near = [cut(number * step, number * step + step // 2) for number in range(20)]
        first, states = 20 * step, []
        for count in OFF_SCREEN:
            width = (state.length_samples - first) // count
            far = [
                cut(first + number * width, first + number * width + width // 2) for number in range(count)
            ]
            proposals = {one.id: one for one in (*near, *far[: count - len(near)])}
            states.append(replace(state, proposals=proposals, decisions={}))
        length, rate_hz = state.length_samples, state.rate_hz
        view = Viewport(0.0, step / 100, timeline.canvas.viewport.width_px, length, rate_hz)
        windows = [view.scrolled(10.0 * number) for number in range(100)]
        rounds: dict[int, list[NDArray[np.float64]]] = {count: [] for count in OFF_SCREEN}
        for _ in range(BUSY_WALKS):  # in turns, so that all see the same machine
            for shown, times in zip(states, rounds.values(), strict=True):
                timeline.lanes.set_document(shown)
                times.append(frame_times(timeline, windows, time.thread_time, bench.settle))
        costs = {count: float(np.median(np.min(times, axis=0))) for count, times in rounds.items()}
        for count, cost in costs.items():
            few = costs[OFF_SCREEN[0]]
            yield Measured(f"frame_with_{count}_proposals_cpu_ms", cost, few, len(windows))


def spectrograms(folder: Path, load: str) -> Iterator[Measured]:
    """Have spectrograms made while they are shown, then walk through both views."""
    with opened(folder, load) as bench:
        session = bench.window.session
        shown = [track.id for track in session.state.tracks[: SPECTROGRAMS.get(load, 4)]]
        begun = time.perf_counter()
        session.apply(set_pictures(session.state, shown, Picture.SPECTROGRAM))
        bench.settle()
        took_s = time.perf_counter() - begun
        length_s = len(shown) * session.state.length_samples / session.state.rate_hz
        yield Measured(f"{load}_{len(shown)}_spectrograms_times_real_time", length_s / took_s)
        for view, result in VIEWS.items():
            bench.show(result=result)
            bench.frames()
            times, busy = bench.frames(), bench.busy()
            name = f"{load}_{view}_frame_with_{len(shown)}_spectrograms"
            yield Measured(f"{name}_p99_ms", at(times, 99), FRAME_LIMIT_MS, FRAMES)
            yield Measured(f"{name}_p99_cpu_ms", at(busy, 99), FRAME_LIMIT_MS, FRAMES)
    yield Measured(f"{load}_anonymous_memory_with_spectrograms_mb", _held_mb()["RssAnon"], MEMORY_LIMIT_MB)


class Painted(QObject):
    """Reports when a widget was painted."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.is_done = False
        watched.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        self.is_done |= event.type() == QEvent.Type.Paint
        return False


def decisions(folder: Path, load: str) -> Iterator[Measured]:
    """Press the key that accepts, again and again, until timeline and queue show the answer."""
    with opened(folder, load) as bench:
        window = bench.window
        painted = Painted(window.timeline.canvas)
        for view, result in VIEWS.items():
            bench.show(result=result)
            table = table_of(window.session.state)
            undecided = np.flatnonzero(table.are(Verdict.UNDECIDED))
            window.review.choose(table.made.ids[int(undecided[len(undecided) // 2])])
            window.timeline.zooms.zoom(200.0)
            bench.settle()
            count = min(DECISIONS, len(undecided) // 4)
            times = np.sort([_decide(bench, painted) for _ in range(count)])
            name = f"{load}_{view}_decision_to_painted"
            yield Measured(f"{name}_p50_ms", at(times, 50), DECISION_LIMIT_MS, count)
            yield Measured(f"{name}_p99_ms", at(times, 99), DECISION_LIMIT_MS, count)


def _decide(bench: Bench, painted: Painted) -> float:
    bench.settle()
    before, painted.is_done = bench.window.session.state.decisions, False
    begun = time.perf_counter()
    QTest.keyClick(bench.window.timeline, Qt.Key.Key_A)
    assert bench.window.session.state.decisions is not before, "the key decides"
    while not painted.is_done:
        bench.application.processEvents()
    return (time.perf_counter() - begun) * 1000


def answers(folder: Path, load: str) -> Iterator[Measured]:
    """Answer one proposal after another, by single presses and with the key held, until all shows it.

    The figures are the time from the key until timeline and queue are painted, and the longest turn of the
    event loop from the key until the delayed updates after an answer are visible, too.
    """
    with opened(folder, load) as bench:
        window = bench.window
        if window.arrivals.is_on:
            window.arrivals.toggle()  # playback is not waited for
        queue = window.queue_panel.findChild(QueueView)
        assert queue is not None, "the panel shows a queue"
        painted = Painted(window.timeline.canvas), Painted(queue.viewport())
        for view, result in VIEWS.items():
            bench.show(result=result)
            table = table_of(window.session.state)
            undecided = np.flatnonzero(table.are(Verdict.UNDECIDED))
            window.review.choose(table.made.ids[int(undecided[0])])
            for way, is_held in (("answer", False), ("held_answer", True)):
                found = np.array([_answer(bench, painted, is_held=is_held) for _ in range(DECISIONS)])
                for (what, clock), times in zip(_TOLD, found.T, strict=True):
                    for percent in (50, 95, 100):
                        name = f"{load}_{view}_{way}_{what}_p{percent}_{clock}"
                        yield Measured(name, at(times, percent), SCREEN_MS, DECISIONS)


_TOLD = tuple((what, clock) for what in ("to_painted", "longest_block") for clock in ("ms", "cpu_ms"))
"""What `_answer` returns."""


class Turns:
    """The turns of the event loop since a moment: by the clock and of the window's thread, in ms."""

    def __init__(self) -> None:
        self.longest_ms = self.whole_ms = (0.0, 0.0)
        self._begun = self._turn = self._now()

    def end_one(self) -> None:
        """Take that a turn is over."""
        now = self._now()
        self.whole_ms, took = self._since(self._begun, now), self._since(self._turn, now)
        self.longest_ms = max(self.longest_ms[0], took[0]), max(self.longest_ms[1], took[1])
        self._turn = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        return time.perf_counter(), time.thread_time()

    @staticmethod
    def _since(then: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
        return (now[0] - then[0]) * 1000, (now[1] - then[1]) * 1000


def _answer(bench: Bench, painted: tuple[Painted, ...], *, is_held: bool) -> tuple[float, ...]:
    """Return how long it is until an answer is painted, and the longest turn until all shows it.

    Both by the clock and of the window's thread, in ms.
    """
    if not is_held:
        bench.settle()
    before = bench.window.session.state.decisions
    for one in painted:
        one.is_done = False
    turns = Turns()
    key = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_A, Qt.KeyboardModifier.NoModifier, "a", is_held)
    QApplication.sendEvent(bench.window.timeline, key)
    assert bench.window.session.state.decisions is not before, "the key decides"
    turns.end_one()
    while not all(one.is_done for one in painted):
        bench.application.processEvents()
        turns.end_one()
    painted_ms = turns.whole_ms
    while turns.whole_ms[0] < (HELD_MS if is_held else RESTS_MS):
        bench.application.processEvents()
        turns.end_one()
    return *painted_ms, *turns.longest_ms


def memory(folder: Path, load: str) -> Iterator[Measured]:
    """Open a document, walk through both views, and report the peak memory of this program.

    Mapped pages of the peak cache count as far as they were looked at; the system can take them back.
    """
    with opened(folder, load) as bench:
        for result in VIEWS.values():
            bench.show(result=result)
            bench.frames()
    held = _held_mb()
    yield Measured(f"{load}_peak_memory_mb", held["VmHWM"], MEMORY_LIMIT_MB)
    yield Measured(f"{load}_anonymous_memory_mb", held["RssAnon"], MEMORY_LIMIT_MB)


def _held_mb() -> Mapping[str, float]:
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    return {words[0].rstrip(":"): int(words[1]) / 1024 for words in lines if words[-1] == "kB"}


PARTS = {
    part.__name__: part
    for part in (opening, frames, frames_while_training, off_screen, spectrograms, decisions, answers, memory)
}


if __name__ == "__main__":
    asked, where, load_name = sys.argv[1:]
    assert load_name in LOADS, f"there is no load {load_name}"
    for measured in PARTS[asked](Path(where), load_name):
        print(json.dumps(asdict(measured)), flush=True)
    QApplication.quit()
