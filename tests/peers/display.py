"""A display of its own for programs with windows, and pictures of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NEEDED = "Xvfb", "openbox", "xdotool", "import", "dbus-run-session"
_NUMBER, _SIZE = ":33", "1600x1000x24"


def missing(programs: Sequence[str]) -> list[str]:
    """Return those programs that are not installed."""
    return [one for one in programs if shutil.which(one) is None]


class Display:
    """A running X server with a window manager; its programs have a home of their own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self._environment = {
            **os.environ,
            "DISPLAY": _NUMBER,
            "HOME": str(home),
            "XDG_RUNTIME_DIR": str(home),
            "LANG": "C.UTF-8",
            "LIBGL_ALWAYS_SOFTWARE": "1",
        }
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        """Start a program in a process group of its own."""
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        one = subprocess.Popen([*map(str, words)], env=self._environment, start_new_session=True, **quiet)
        self._running.append(one)
        return one

    def keys(self, *words: str) -> None:
        """Press keys or type, as xdotool names it: `keys("key", "Return")`."""
        subprocess.run(["xdotool", *words], env=self._environment, check=False)

    def picture(self, path: Path) -> None:
        """Save what the display shows."""
        subprocess.run(["import", "-window", "root", str(path)], env=self._environment, check=True)

    def stop(self) -> None:
        """End what was started, the last first."""
        while self._running:
            one = self._running.pop()
            for signal in (15, 9):
                if one.poll() is None:
                    os.killpg(one.pid, signal)
                    time.sleep(1.0)


@contextmanager
def display(home: Path) -> Iterator[Display]:
    """Run a display; it ends with all that was started on it."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    running = Display(home)
    try:
        running.start("Xvfb", _NUMBER, "-screen", "0", _SIZE)
        time.sleep(2.0)
        running.start("openbox")
        time.sleep(1.0)
        yield running
    finally:
        running.stop()
