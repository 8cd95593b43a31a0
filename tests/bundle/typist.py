"""Somebody at a keyboard before a screen: keys go to the window of a program by way of X, as real ones do."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

PATIENCE_S = 60.0
LOOK_S = 0.1
ENDS_S = 10.0
NEEDED = ("Xvfb", "xdotool")


def missing() -> str:
    """Return what is not installed of what a typist needs."""
    return ", ".join(name for name in NEEDED if shutil.which(name) is None)


class Typist:
    """Starts a program on a display and types into its windows, each found by its title."""

    def __init__(self, command: Sequence[str], display: str, environment: dict[str, str]) -> None:
        self._display = {**os.environ, "DISPLAY": display}
        # A group of its own: what makes namespaces may end without what runs in them.
        self.program = subprocess.Popen(command, env=environment, start_new_session=True)

    def wait(self, what: str, is_so: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until something is so, while the program runs."""
        give_up_s = time.monotonic() + patience_s
        while not is_so():
            assert self.program.poll() is None, f"it ended with {self.program.returncode} before {what}"
            assert time.monotonic() < give_up_s, f"waited {patience_s:.0f} s for {what}"
            time.sleep(LOOK_S)

    def window(self, title: str) -> str:
        """Wait for a window, let keys go to it, and return its number in X."""
        self.wait(f"the window {title!r}", lambda: self._found(title))
        number = self._found(title)[0]
        self._do("windowfocus", "--sync", number)
        return number

    def press(self, title: str, *keys: str) -> None:
        """Press keys in a window, one after another."""
        self.window(title)
        self._do("key", "--delay", "40", *keys)

    def type(self, title: str, text: str) -> None:
        """Type a text into the field of a window that has the cursor."""
        self.window(title)
        self._do("type", "--delay", "20", text)

    def is_open(self, title: str) -> bool:
        """Tell whether there is such a window."""
        return bool(self._found(title))

    def close(self) -> None:
        """End the program, which keeps all that was done."""
        self._tell_all(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.program.wait(ENDS_S)
        self._tell_all(signal.SIGKILL)
        self.program.wait(PATIENCE_S)

    def _tell_all(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # all of them have ended
            os.killpg(self.program.pid, number)

    def _found(self, title: str) -> list[str]:
        return self._do("search", "--onlyvisible", "--name", title).split()

    def _do(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words], env=self._display, capture_output=True, text=True, check=False
        )
        return done.stdout
