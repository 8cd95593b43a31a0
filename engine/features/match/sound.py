"""Sound whose samples can be read anywhere, from a file or from memory, and its features for the search."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dct

from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import mel_power_blocks
from engine.analysis.signal.streams import read_ahead, resampled
from engine.core.progress import Progress
from engine.document.tracks import Source
from engine.sound.conform import conformed_path
from engine.sound.reader import SourceReader, content_hash

Samples = NDArray[np.float32]
Floats = NDArray[np.float32]

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


RATE_HZ = 11_025
"""Sample rate of the search; frequencies above 5 kHz only refine."""

MEL = MelSettings(rate_hz=RATE_HZ, n_fft=1024, hop_samples=512, n_mels=40)
HOP_SAMPLES = MEL.hop_samples
_FLOOR = 1e-3  # of a band's mean power: 30 dB below counts as silence
_ABSOLUTE_FLOOR = 1e-9
_BAND_TERMS = 14
_MEAN_WEIGHT = 0.5
_ROWS = 8192
_BLOCKS_AHEAD = 4


@dataclass(frozen=True, slots=True)
class SearchFeatures:
    """A recording as input of the search.

    Attributes
    ----------
    mono : float32, shape (n,), at `RATE_HZ`
    levels : shape (frames, _BAND_TERMS), the log-mel levels by a DCT over the bands; the middle of
        frame i is sample i * HOP_SAMPLES
    """

    mono: Floats
    levels: Floats


def search_features(sound: Sound, progress: Progress) -> SearchFeatures:
    """Listen to a recording from start to end."""
    length = -(-sound.length_samples * RATE_HZ // sound.rate_hz) + HOP_SAMPLES
    mono = np.zeros(length, np.float32)
    filled = 0

    def stored(blocks: Iterator[Floats]) -> Iterator[Floats]:
        nonlocal filled
        for block in resampled(blocks, sound.rate_hz, RATE_HZ):
            progress.check_cancelled()
            progress.report(filled / length, f"Analysing {sound.path.name}")
            piece = block[: length - filled]
            mono[filled : filled + len(piece)] = piece
            filled += len(piece)
            yield piece

    with read_ahead(sound.mono_blocks(), _BLOCKS_AHEAD) as blocks:
        powers = list(mel_power_blocks(stored(blocks), MEL))
    power = np.concatenate(powers) if powers else np.zeros((0, MEL.n_mels), np.float32)
    return SearchFeatures(mono[:filled], _levels(power))


def _levels(power: Floats) -> Floats:
    if not len(power):
        return np.zeros((0, _BAND_TERMS), np.float32)
    floor = _FLOOR * power.mean(axis=0, dtype=np.float64) + _ABSOLUTE_FLOOR
    logs = np.log(power + floor.astype(np.float32))
    terms: Floats = dct(logs, axis=1, norm="ortho")[:, :_BAND_TERMS].astype(np.float32)
    return terms


def patterns(levels: Floats, frames: int, mean: Floats) -> Floats:
    """Return the course of the levels in a window of some frames that begins at each frame.

    Parameters
    ----------
    levels : shape (n, bands)
    mean : shape (bands,), the reference level; the same for all that is compared

    Returns
    -------
    patterns : shape (n - frames + 1, terms), each of length 1, or 0 where nothing changes
    """
    count = len(levels) - frames + 1
    terms = max(4, round(frames * 0.45))
    basis = dct(np.eye(frames), axis=0, norm="ortho")[:terms].astype(np.float32)
    basis[0] *= _MEAN_WEIGHT
    found = np.zeros((max(0, count), terms * levels.shape[1]), np.float32)
    for first in range(0, count, _ROWS):
        rows = min(_ROWS, count - first)
        windows = np.lib.stride_tricks.sliding_window_view(
            levels[first : first + rows + frames - 1], frames, axis=0
        )
        turned = (windows - mean[:, None]) @ basis.T
        turned[:, 0, 0] = 0.0  # how loud it is as a whole
        found[first : first + rows] = turned.reshape(rows, -1)
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    found /= np.maximum(lengths, 1e-3)
    return found
