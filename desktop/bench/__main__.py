"""Benchmarks of the window: frames, decisions, memory, and time to first paint (``offcut bench``).

Each part runs in programs of its own, whose figures come as one JSON object a line. Documents are made in
separate programs, so that making them affects no figure.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from desktop.bench.surroundings import own_folders
from engine.core.build import module_command, module_environment
from engine.lab.bench.in_program import measured_in_program
from engine.lab.bench.measured import Measured

STARTS = 5
OPENINGS = 3
HEAVY = ("torch", "librosa", "scipy", "sklearn", "numba", "sounddevice")
OPEN_LIMIT_S = 1.5
START_LIMIT_S = 0.8
LOADS = ("target", "arranged", "clips", "ten_hours", "one_hour", "small", "drums", "drums_5000")
"""Documents, the longest in the making first: two are made at a time."""
_BEGAN = "OFFCUT_BENCH_BEGAN"


def timeline() -> Iterator[Measured]:
    """Open, scroll, zoom and decide in documents the size of an evening and of a recording day."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        _make_documents(folder)
        for load in ("target", "clips"):
            opened_s = [
                opening.value for _ in range(OPENINGS) for opening in _measured(folder, "opening", load)
            ]
            yield Measured(f"{load}_warm_open_to_picture_s", median(opened_s), OPEN_LIMIT_S, OPENINGS)
        for load in ("small", "target", "arranged", "clips"):
            yield from _measured(folder, "frames", load)
        yield from _measured(folder, "frames_while_training", "target")
        yield from _measured(folder, "off_screen", "target")
        for load in ("small", "target"):
            yield from _measured(folder, "spectrograms", load)
        for load in ("target", "arranged", "clips", "drums"):
            yield from _measured(folder, "decisions", load)
        for load in ("drums", "drums_5000"):
            yield from _measured(folder, "answers", load)
        for load in ("target", "arranged", "clips", "one_hour", "ten_hours"):
            yield from _measured(folder, "memory", load)


def _environment(folder: Path) -> dict[str, str]:
    return {**module_environment(), **own_folders(folder)}


def _make_documents(folder: Path) -> None:
    """Make all documents, by two programs at a time."""
    halves = (LOADS[:3], LOADS[3:])
    command = module_command("desktop.bench.document", str(folder))
    makers = [subprocess.Popen([*command, *half], env=_environment(folder)) for half in halves]
    for maker in makers:
        if maker.wait():
            raise subprocess.CalledProcessError(maker.returncode, maker.args)


def _measured(folder: Path, part: str, load: str) -> Iterator[Measured]:
    """Run a part of `desktop.bench.timeline` in a program of its own."""
    return measured_in_program(
        "desktop.bench.timeline", part, str(folder), load, environment=own_folders(folder)
    )


def open_window() -> Iterator[Measured]:
    """Start the program several times, each from nothing to a painted window, then with an hour to import."""
    from desktop.bench.importing import hour_from_nothing

    reports = [_start() for _ in range(STARTS + 1)][1:]
    yield Measured(
        "window_painted_s", median(report["painted_s"] for report in reports), START_LIMIT_S, STARTS
    )
    yield Measured("heavy_modules_imported", max(report["heavy"] for report in reports), 0.0, STARTS)
    yield from hour_from_nothing()


def _start() -> dict[str, float]:
    environment = {**module_environment(), _BEGAN: repr(time.time())}
    with TemporaryDirectory() as home:
        environment |= {"XDG_CONFIG_HOME": home}
        command = module_command("desktop.bench", "painted")
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, env=environment, check=True)
    report: dict[str, float] = json.loads(done.stdout)
    return report


def painted() -> None:
    """Open the window, wait for its first paint, and print the time since the program was started."""
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


def main(arguments: Sequence[str]) -> None:
    """Print the figures of a part as they are measured."""
    if arguments[0] == "painted":
        painted()
        return
    for measured in {"timeline": timeline, "open": open_window}[arguments[0]]():
        print(json.dumps(asdict(measured)), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
