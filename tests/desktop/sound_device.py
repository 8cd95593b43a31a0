"""A sound device without hardware: ALSA hands what is played to a program that takes it in real time.

Measured bit-exact. Its pipe takes about 8,192 frames (0.17 s at 48 kHz) at once when it starts, so what is
heard is known to a quarter of a second.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

RATE_HZ = 48_000
PACER = """
import os, sys, time
rate, frame, out = float(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "ab")
open(sys.argv[3] + ".pid", "w").write(str(os.getpid()))
start, done = None, 0
while block := sys.stdin.buffer.read(480 * frame):
    start = start or time.perf_counter()
    out.write(block)
    done += len(block) // frame
    ahead = start + done / rate - time.perf_counter()
    if ahead > 0:
        time.sleep(ahead)
    elif ahead < -0.2:
        start -= ahead
"""
CONFIGURATION = """
</usr/share/alsa/alsa.conf>
pcm.!default {{ type plug slave {{ pcm "cap" format FLOAT_LE channels 2 rate {rate} }} }}
pcm.cap {{ type file slave.pcm "nul" file "|exec {command}" format "raw" }}
pcm.nul {{ type null }}
"""


class CapturingDevice:
    """The device's files in a folder, and what arrived there."""

    def __init__(self, folder: Path) -> None:
        self.configuration = folder / "asound.conf"
        self._captured = folder / "captured.raw"
        pacer = folder / "pacer.py"
        pacer.write_text(PACER)
        words = [sys.executable, str(pacer), str(RATE_HZ), "8", str(self._captured)]
        self._working = CONFIGURATION.format(rate=RATE_HZ, command=shlex.join(words))
        self.configuration.write_text(self._working)

    def heard(self) -> NDArray[np.float32]:
        """What arrived, shape (n, 2), without the silence before it; complete once the player is closed."""
        frames = np.fromfile(self._captured, np.float32).reshape(-1, 2)
        sounding = np.flatnonzero(frames.any(axis=1))
        return frames[sounding[0] :] if len(sounding) else frames[:0]

    def unplug(self) -> None:
        """Make the device go away, as a cable that is pulled does."""
        os.kill(int(Path(f"{self._captured}.pid").read_text()), signal.SIGKILL)

    def take_away(self) -> None:
        """Pull it out, and let nobody find it again until `put_back`."""
        # PortAudio aborts the process where no name at all is configured, so one that cannot be opened stays.
        self._write("pcm.gone { type hw card 77 }\nctl.hw { type hw card 77 }\n")
        self.unplug()

    def put_back(self) -> None:
        """Let it be found again, with nothing captured yet."""
        self._captured.unlink()
        self._write(self._working)

    def _write(self, configuration: str) -> None:
        """ALSA reads its configuration again when the file's time is another one, in whole seconds."""
        before_s = self.configuration.stat().st_mtime
        self.configuration.write_text(configuration)
        os.utime(self.configuration, (before_s + 2, before_s + 2))


@contextmanager
def alsa_configuration(configuration: Path) -> Iterator[None]:
    """Let PortAudio look for devices in this configuration, and in the machine's own again at the end."""
    import sounddevice

    with pytest.MonkeyPatch.context() as patch:
        sounddevice._terminate()
        patch.setenv("ALSA_CONFIG_PATH", str(configuration))
        sounddevice._initialize()
        yield
        sounddevice._terminate()
    sounddevice._initialize()
