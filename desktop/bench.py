"""What of the window is measured: frames, and how soon it is painted. Started by ``offcut bench``.

Each part runs in a program of its own and prints one JSON object a line.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from engine.bench.measured import Measured

TRACKS = 8
LENGTH_S = 600
FRAMES = 400
WIDTH, HEIGHT = 1600, 1000
STARTS = 5
HEAVY = ("torch", "librosa", "scipy", "sklearn", "numba", "sounddevice")
FRAME_LIMIT_MS = 16.7
START_LIMIT_S = 0.8
_BEGAN = "OFFCUT_BENCH_BEGAN"


def timeline() -> Iterator[Measured]:
    """Scroll and zoom 8 tracks of 10 minutes and all drawn over them, beside plain pyqtgraph curves."""
    from PySide6.QtCore import QSettings

    from desktop.app import make_application
    from desktop.bench_document import made_up_document, pyqtgraph_frame_times
    from desktop.main_window import MainWindow
    from widgets.timeline.frame_times import frame_times

    application = make_application()
    with TemporaryDirectory() as name:
        document, peaks = made_up_document(Path(name), TRACKS, LENGTH_S)
        settings = QSettings(str(Path(name) / "bench.ini"), QSettings.Format.IniFormat)
        window = MainWindow(application, settings)
        window.resize(WIDTH, HEIGHT)
        window.show()
        window.session.open(document)
        while window.work.is_busy:
            application.processEvents()
        frame_times(window.timeline, FRAMES)
        ours_ms = frame_times(window.timeline, FRAMES)
        peer_ms = pyqtgraph_frame_times(application, peaks, FRAMES, (WIDTH, HEIGHT))
        window.close()
    for name, place in (("p50", 50), ("p99", 99)):
        ours, peer = (
            sorted(ours_ms)[len(ours_ms) * place // 100],
            sorted(peer_ms)[len(peer_ms) * place // 100],
        )
        yield Measured(f"timeline_frame_{name}_ms", float(ours), float(peer), FRAMES)


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
