"""A source of playback that needs no file."""

from __future__ import annotations

import threading

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import SourceError
from tests.desktop.sound_device import RATE_HZ

Frames = NDArray[np.float32]


class ArraySource:
    """Plays an array, and remembers on which threads it was touched."""

    def __init__(self, frames: Frames, rate_hz: int = RATE_HZ, breaks_at: int | None = None) -> None:
        self._frames = frames
        self._breaks_at = breaks_at
        self.rate_hz = rate_hz
        self.channels = frames.shape[1]
        self.length_samples = len(frames)
        self.threads: set[str] = set()
        self.closed = False

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Return [start, stop), which never reaches past the end."""
        assert 0 <= start_samples < stop_samples <= self.length_samples
        self.threads.add(threading.current_thread().name)
        if self._breaks_at is not None and stop_samples > self._breaks_at:
            raise SourceError("'jam.wav' cannot be read any more; see that its disk is there.")
        return self._frames[start_samples:stop_samples]

    def close(self) -> None:
        """Remember it."""
        self.closed = True
