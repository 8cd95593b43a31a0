"""The sound device without hardware that tests play on, and what arrived there."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from desktop.bench.surroundings import CAPTURED, PACER_PID, paced_device

RATE_HZ = 48_000
on_alsa = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="ALSA is Linux's")


class CapturingDevice:
    """The device's files in a folder, and what arrived there."""

    def __init__(self, folder: Path) -> None:
        self.configuration = paced_device(folder, RATE_HZ, keep=True)
        self._working = self.configuration.read_text()
        self._captured, self._pacer = folder / CAPTURED, folder / PACER_PID

    def heard(self) -> NDArray[np.float32]:
        """What arrived, shape (n, 2), without the silence before it; complete once the player is closed."""
        frames = np.fromfile(self._captured, np.float32).reshape(-1, 2)
        sounding = np.flatnonzero(frames.any(axis=1))
        return frames[sounding[0] :] if len(sounding) else frames[:0]

    def unplug(self) -> None:
        """Make the device go away, as a cable that is pulled does."""
        os.kill(int(self._pacer.read_text()), signal.SIGKILL)
        self._pacer.unlink()

    @property
    def is_taking(self) -> bool:
        """Whether it takes what is played."""
        return self._pacer.exists()

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
