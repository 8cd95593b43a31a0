"""A program that decodes: it may take 2 GiB of memory (on Linux), and is ended when it stops answering."""

from __future__ import annotations

import os
import select
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any

MEMORY_BYTES = 2 << 30
PATIENCE_S = 60.0
_PIPE_BYTES = 1 << 20
"""Limit for users on Linux; the pipe holds more than a block, so that both sides work at once."""


class LimitedProcess:
    """A running program, read by one thread at a time.

    Attributes
    ----------
    is_silent : whether it was ended since it stopped answering

    Raises
    ------
    OSError : it cannot be started
    """

    def __init__(
        self,
        command: list[str],
        *,
        environment: Mapping[str, str] | None = None,
        errors: IO[bytes] | int = subprocess.DEVNULL,
        takes_orders: bool = False,
    ) -> None:
        orders = subprocess.PIPE if takes_orders else subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, bufsize=0, stdin=orders, stdout=subprocess.PIPE, stderr=errors, env=environment
        )
        self.is_silent = False
        output: Any = self._process.stdout  # a FileIO, since nothing is buffered
        self._output = output
        self._handle: int = self._output.fileno()
        if os.name == "posix":
            self._poll = select.poll()
            self._poll.register(self._handle, select.POLLIN | select.POLLHUP)
        if sys.platform == "linux":
            self._limit()

    def _limit(self) -> None:
        import fcntl
        import resource

        with suppress(OSError):  # it has ended already
            resource.prlimit(self.pid, resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
        with suppress(OSError):  # all pipes of the user take too much together
            fcntl.fcntl(self._handle, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def pid(self) -> int:
        """Return the number that the system knows it by."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Return the exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    def write(self, words: bytes) -> None:
        """Write to a program that takes orders.

        Raises
        ------
        OSError : it has ended
        """
        assert self._process.stdin is not None
        self._process.stdin.write(words)

    def read(self, most_bytes: int) -> bytes:
        """Return the next bytes of its output; empty at its end, or if it stops responding."""
        return os.read(self._handle, most_bytes) if self._answers() else b""

    def fill(self, buffer: memoryview) -> bool:
        """Fill a buffer of bytes; return False if the output ends, or stops, before."""
        done = 0
        while done < len(buffer):
            count = self._output.readinto(buffer[done:]) if self._answers() else 0
            if not count:
                return False
            done += count
        return True

    def _answers(self) -> bool:
        if os.name == "posix" and not self._poll.poll(1_000 * PATIENCE_S):
            self._process.kill()
            self.is_silent = True
        return not self.is_silent

    def wait(self) -> int | None:
        """Return the exit status; None if the process does not end."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(PATIENCE_S)
        return None

    def end(self) -> None:
        """End the process, and close its pipes."""
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()
