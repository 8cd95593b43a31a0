"""Playable sources, and the mapping of their channels to the two of a device."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from engine.sound.edl.levels.track_peaks import TrackPeaks

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
