"""Sound whose samples can be read anywhere, from a file or from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import Progress
from engine.document.tracks.track import Source
from engine.sound.conform import conformed_path
from engine.sound.reader import SourceReader, content_hash

Samples = NDArray[np.float32]
_BLOCK_SAMPLES = 1 << 17


@dataclass(frozen=True, slots=True)
class Sound:
    """A recording.

    Attributes
    ----------
    path : its name
    read : (start, stop) to float32, shape (stop - start, channels); zeros outside of it; any thread may ask
    """

    path: Path
    length_samples: int
    rate_hz: int
    channels: int
    read: Callable[[int, int], Samples]

    def mono(self, start_samples: int, stop_samples: int) -> Samples:
        """Return the mean over the channels, float32, shape (stop - start,)."""
        samples = self.read(start_samples, stop_samples)
        mixed = samples[:, 0].astype(np.float32)
        for channel in range(
            1, self.channels
        ):  # numpy's own mean would run along the channels of each sample
            mixed += samples[:, channel]
        mixed /= np.float32(self.channels)
        return mixed

    def mono_blocks(self) -> Iterator[Samples]:
        """Yield the mean over the channels from start to end."""
        for start in range(0, self.length_samples, _BLOCK_SAMPLES):
            yield self.mono(start, min(self.length_samples, start + _BLOCK_SAMPLES))


def sound_of(path: Path, samples: Samples, rate_hz: int) -> Sound:
    """Return samples in memory, shape (n, channels), as a sound."""
    length = len(samples)

    def read(start: int, stop: int) -> Samples:
        inside = samples[max(0, start) : max(0, min(stop, length))]
        if start >= 0 and stop <= length:
            return inside
        out = np.zeros((max(0, stop - start), samples.shape[1]), np.float32)
        first = max(0, -start)
        out[first : first + len(inside)] = inside
        return out

    return Sound(path, length, rate_hz, samples.shape[1], read)


@contextmanager
def opened(path: Path, progress: Progress, rate_hz: int = 0) -> Iterator[Sound]:
    """Open a file, optionally at another rate.

    A file without exact seeking is decoded into the cache first (`engine.sound.conform`).

    Raises
    ------
    SourceError : the file cannot be read
    """
    with SourceReader(path) as reader:
        wanted_hz = rate_hz or reader.rate_hz
        is_itself = reader.seeks_exactly and reader.rate_hz == wanted_hz
        source = Source(
            "matched",
            str(path),
            content_hash(path),
            reader.rate_hz,
            reader.channels,
            reader.frames,
            reader.container,
            reader.subtype,
        )
        if is_itself:
            yield _sound_in(reader, path)
            return
    with SourceReader(conformed_path(source, wanted_hz, progress)) as reader:
        yield _sound_in(reader, path)


def _sound_in(reader: SourceReader, path: Path) -> Sound:
    return Sound(path, reader.frames, reader.rate_hz, reader.channels, one_at_a_time(reader.read))


def one_at_a_time(read: Callable[[int, int], Samples]) -> Callable[[int, int], Samples]:
    """Return a reader for several threads that locks a single-threaded one."""
    lock = Lock()

    def locked(start: int, stop: int) -> Samples:
        with lock:
            return read(start, stop)

    return locked
