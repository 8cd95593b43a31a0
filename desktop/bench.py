"""What of the window is measured: frames, and how soon it is painted. Started by ``offcut bench``.

Each part runs in a program of its own and prints one JSON object a line.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from engine.bench.measured import Measured

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from desktop.bench_document import Load

FRAMES = 400
WIDTH, HEIGHT = 1600, 1000
STARTS = 5
HEAVY = ("torch", "librosa", "scipy", "sklearn", "numba", "sounddevice")
OPEN_LIMIT_S = 1.5
DECISION_LIMIT_MS = 50.0
START_LIMIT_S = 0.8
_BEGAN = "OFFCUT_BENCH_BEGAN"


def timeline() -> Iterator[Measured]:
    """Scroll and zoom what an evening and what a recording day hold, beside plain pyqtgraph curves."""
    from desktop.app import make_application
    from desktop.bench_document import SMALL, TARGET

    application = make_application()
    for name, load in (("", SMALL), ("target_", TARGET)):
        with TemporaryDirectory() as folder:
            os.environ["XDG_CACHE_HOME"] = folder
            yield from _frames(application, Path(folder), name, load)


def _frames(application: QApplication, folder: Path, name: str, load: Load) -> Iterator[Measured]:
    """Open a document from disk and measure the time to its first full picture, then its frames."""
    from PySide6.QtCore import QSettings

    from desktop.bench_document import made_up_document, pyqtgraph_frame_times
    from desktop.main_window import MainWindow
    from widgets.timeline.frame_times import frame_times

    document, peaks = made_up_document(folder, load)
    window = MainWindow(application, QSettings(str(folder / "bench.ini"), QSettings.Format.IniFormat))
    window.resize(WIDTH, HEIGHT)
    window.show()
    application.processEvents()
    begun = time.perf_counter()
    window.session.open(document)
    while window.work.is_busy:
        application.processEvents()
    window.grab()
    yield Measured(f"{name}warm_open_to_picture_s", time.perf_counter() - begun, OPEN_LIMIT_S)
    frame_times(window.timeline, FRAMES)
    ours_ms = sorted(frame_times(window.timeline, FRAMES))
    peer_ms = sorted(pyqtgraph_frame_times(application, peaks, FRAMES, (WIDTH, HEIGHT)))
    for place in (50, 99):
        ours, peer = (times[len(times) * place // 100] for times in (ours_ms, peer_ms))
        yield Measured(f"{name}timeline_frame_p{place}_ms", float(ours), float(peer), FRAMES)
    begun = time.perf_counter()
    window.commands.run("review.accept_stay")
    window.grab()
    yield Measured(f"{name}decision_to_painted_ms", (time.perf_counter() - begun) * 1000, DECISION_LIMIT_MS)
    yield Measured(f"{name}peak_memory_mb", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 600.0)
    window.close()


def open_window() -> Iterator[Measured]:
    """Start the program several times, each from nothing to a painted window."""
    reports = [_start() for _ in range(STARTS + 1)][1:]
    yield Measured(
        "window_painted_s", median(report["painted_s"] for report in reports), START_LIMIT_S, STARTS
    )
    yield Measured("heavy_modules_imported", max(report["heavy"] for report in reports), 0.0, STARTS)


def _start() -> dict[str, float]:
    environment = {**os.environ, _BEGAN: repr(time.time())}
    with TemporaryDirectory() as home:
        environment |= {"XDG_CONFIG_HOME": home}
        command = [sys.executable, "-m", "desktop.bench", "painted"]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def painted() -> None:
    """Open the window, wait for its first paint, and say how long that took since the program was started."""
    from PySide6.QtCore import QSettings

    from desktop.app import make_application
    from desktop.main_window import MainWindow

    application = make_application()
    window = MainWindow(application, QSettings())
    window.show()
    application.processEvents()
    window.grab()
    painted_s = time.time() - float(os.environ[_BEGAN])
    heavy = sum(name in sys.modules for name in HEAVY)
    window.close()
    print(json.dumps({"painted_s": painted_s, "heavy": heavy}))


if __name__ == "__main__":
    if sys.argv[1] == "painted":
        painted()
    else:
        for measured in {"timeline": timeline, "open": open_window}[sys.argv[1]]():
            print(json.dumps(asdict(measured)), flush=True)
