"""One hour of stereo from the command to the full picture, with nothing in our cache. Part of ``bench open``.

The reference is a program that only reads the file with soundfile.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import soundfile

from desktop.bench.surroundings import own_folders
from engine.core.build import module_command, module_environment
from engine.lab.bench.measured import Measured, peak_memory_mb
from engine.lab.bench.sound import blocks

RATE_HZ, LENGTH_S, REPEATED_S = 48_000, 3600, 60
ROUNDS = 3
LIMIT_S, LIMIT_MB = 2.5, 200.0
BEGAN = "OFFCUT_BENCH_BEGAN"
_BLOCK_FRAMES = 1 << 16


def hour_from_nothing() -> Iterator[Measured]:
    """Import an hour into a fresh window, several times, in turn with the peer; each in a new program."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        path = _write_hour(folder / "hour.wav")
        ours, peers = [], []
        for number in range(ROUNDS):
            ours.append(_run("window", path, folder / f"home {number}"))
            peers.append(_run("reading", path, folder))
        for metric, figure, limit in (("s", "wall_s", LIMIT_S), ("peak_mb", "peak_mb", LIMIT_MB)):
            value, peer = (median(run[figure] for run in runs) for runs in (ours, peers))
            yield Measured(f"hour_from_nothing_{metric}", value, limit, ROUNDS)
            yield Measured(f"hour_only_read_{metric}", peer, None, ROUNDS)


def _write_hour(path: Path) -> Path:
    minute = list(blocks(REPEATED_S, RATE_HZ, channels=2))
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, subtype="PCM_16") as file:
        for _ in range(LENGTH_S // REPEATED_S):
            for block in minute:
                file.write(block)
    return path


def _run(what: str, path: Path, home: Path) -> dict[str, float]:
    """Run a program and return its report; the document is made next to the recording."""
    environment = {**module_environment(), **own_folders(home), BEGAN: repr(time.time())}
    command = module_command("desktop.bench.importing", what, str(path))
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    for document in path.parent.glob("*.offcut"):
        document.unlink()
    report: dict[str, float] = json.loads(done.stdout)
    return report


def window(path: str) -> None:
    """Do what ``offcut RECORDING`` does, until the waveform is on screen."""
    from desktop.launch import read_ahead

    read_ahead([path])
    from PySide6.QtCore import QEventLoop, QSettings

    from desktop.app import make_application, show
    from desktop.main_window import MainWindow

    application = make_application()
    opened = MainWindow(application, QSettings())
    opened.resize(1600, 1000)
    opened.show()
    drawn: list[object] = []
    opened.recordings.waves_changed.connect(lambda waves: drawn.extend(waves))
    show(opened, [path])
    while not drawn:
        application.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
    opened.timeline.repaint()
    _report()
    opened.close()


def reading(path: str) -> None:
    """Read the file and do nothing with it."""
    with soundfile.SoundFile(path) as file:
        for _ in file.blocks(_BLOCK_FRAMES, dtype="float32"):
            pass
    _report()


def _report() -> None:
    wall_s = time.time() - float(os.environ[BEGAN])
    report = {"wall_s": wall_s, "cpu_s": time.process_time(), "peak_mb": peak_memory_mb()}
    print(json.dumps(report), flush=True)


if __name__ == "__main__":
    {"window": window, "reading": reading}[sys.argv[1]](sys.argv[2])
