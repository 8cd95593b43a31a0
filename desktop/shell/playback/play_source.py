"""Playable sources, and the mapping of their channels to the two of a device.

Faster and backward playback is like that of a tape: the pitch follows the speed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.sound.edl.loudness import TrackPeaks

Frames = NDArray[np.float32]


class PlaySource(Protocol):
    """A source of samples at a rate, such as `engine.sound.edl.render.Renderer`.

    It is made, read and closed on the reader's thread alone, so it need not be thread safe.
    """

    @property
    def rate_hz(self) -> int:
        """Samples a second."""

    @property
    def channels(self) -> int:
        """Channels of what `read` returns."""

    @property
    def length_samples(self) -> int:
        """End of the material."""

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Return float32, shape (stop - start, channels)."""

    def close(self) -> None:
        """Close its files."""


@runtime_checkable
class MeteredSource(PlaySource, Protocol):
    """A source that measures the level of each of its tracks."""

    @property
    def track_ids(self) -> tuple[str, ...]:
        """The tracks, in the order of their peaks."""

    def read_metered(self, start_samples: int, stop_samples: int) -> tuple[Frames, TrackPeaks]:
        """Return what `read` does, and the peaks of each track in it."""


SourceFactory = Callable[[], PlaySource]


def to_device_channels(frames: Frames, device_channels: int) -> Frames:
    """Map frames, shape (n, channels), to a device's one or two channels, shape (n, device_channels).

    As many channels as the device has pass through bit for bit, and mono goes to both sides. More are folded
    down, the first, third, ... to the left and the second, fourth, ... to the right, each side averaged, so
    that no microphone of a many-channel recording goes unheard and nothing clips.
    """
    channels = frames.shape[1]
    if channels == device_channels:
        return frames
    if channels == 1:
        return np.repeat(frames, device_channels, axis=1)
    folded = np.empty((len(frames), device_channels), np.float32)
    for side in range(device_channels):
        folded[:, side] = frames[:, side::device_channels].mean(axis=1)
    return folded


def fold_sentence(channels: int, device_channels: int) -> str:
    """Describe an audible change by `to_device_channels`, or return an empty string."""
    if channels <= device_channels:
        return ""
    return f"{channels} channels folded down to {device_channels}"


SPEEDS = (1, 2, 4, 8)
# The low-pass reaches so many samples of what is heard to each side, and passes so much of the band.
_REACH, _PASSED, _KAISER_BETA = 8, 0.78, 6.0


@dataclass(frozen=True, slots=True)
class Shuttle:
    """Playback speed and direction; positions count played frames.

    Attributes
    ----------
    speed : one of `SPEEDS`; below 0 backwards
    length_samples : of the programme
    """

    speed: int = 1
    length_samples: int = 0

    @property
    def heard_samples(self) -> int:
        """Number of played frames of the whole programme."""
        return -(-self.length_samples // abs(self.speed))

    def to_programme(self, heard_samples: int) -> int:
        """Return the programme position of a played frame."""
        if self.speed == 1:
            return heard_samples
        passed = heard_samples * abs(self.speed)
        at = passed if self.speed > 0 else self.length_samples - passed
        return min(max(at, 0), self.length_samples)

    def to_heard(self, programme_samples: int) -> int:
        """Return the played frame of a programme position."""
        if self.speed == 1:
            return programme_samples
        passed = programme_samples if self.speed > 0 else self.length_samples - programme_samples
        return min(max(passed // abs(self.speed), 0), self.heard_samples)

    def of(self, source: PlaySource) -> PlaySource:
        """Return the source at this speed."""
        return source if self.speed == 1 else ShuttledSource(source, self)


class ShuttledSource:
    """A source at another speed or backwards; samples do not depend on block boundaries.

    Each frame is a sample of the low-passed source, so that nothing above half of the rate folds back.
    """

    def __init__(self, source: PlaySource, shuttle: Shuttle) -> None:
        self._source = source
        self._shuttle = shuttle
        self._kernel = _low_pass(abs(shuttle.speed))
        self.rate_hz = source.rate_hz
        self.channels = source.channels
        self.length_samples = shuttle.heard_samples

    def read(self, start_samples: int, stop_samples: int) -> Frames:
        """Return float32, shape (stop - start, channels)."""
        step, count = abs(self._shuttle.speed), stop_samples - start_samples
        is_back, length = self._shuttle.speed < 0, self._source.length_samples
        # the first frame of the source that is read, in the order of time
        first = length - 1 - (stop_samples - 1) * step if is_back else start_samples * step
        reach = len(self._kernel) // 2
        around = self._padded(first - reach, first + (count - 1) * step + reach + 1)
        heard = np.zeros((count, self.channels), np.float32)
        for tap, weight in enumerate(self._kernel):
            heard += weight * around[tap : tap + (count - 1) * step + 1 : step]
        return np.ascontiguousarray(heard[::-1]) if is_back else heard

    def _padded(self, start: int, stop: int) -> Frames:
        """Return the source from start to stop, silent beyond its ends."""
        first, last = max(start, 0), min(stop, self._source.length_samples)
        if first >= last:
            return np.zeros((stop - start, self.channels), np.float32)
        found = self._source.read(first, last)
        return np.pad(found, ((first - start, stop - last), (0, 0)))

    def close(self) -> None:
        """Close its files."""
        self._source.close()


def _low_pass(step: int) -> Frames:
    """Return a symmetric low-pass filter for decimation by step, shape (taps,), with odd length."""
    if step == 1:
        return np.ones(1, np.float32)
    reach = _REACH * step
    at = np.arange(-reach, reach + 1)
    kernel = np.sinc(at * _PASSED / step) * np.kaiser(2 * reach + 1, _KAISER_BETA)
    taps: Frames = (kernel / kernel.sum()).astype(np.float32)
    return taps
