"""A raw recording read along a line, aligned with the edited file sample by sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.features.match.sound import Sound
from engine.sound.edl.tracks.delay import delayed

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A raw recording at an offset, at the rate of the edited file.

    Attributes
    ----------
    offset_samples : delay of the same sound in the raw recording
    delay_samples : additional delay in the edited file, in fractions of a sample
    """

    raw: int
    offset_samples: int
    delay_samples: float = 0.0

    def read(self, raws: tuple[Sound, ...], start: int, stop: int) -> Wide:
        """Return its audio for [start, stop) of the edited file, shape (stop - start, channels)."""
        sound = raws[self.raw]
        first, last = start + self.offset_samples, stop + self.offset_samples
        if not self.delay_samples:
            return sound.read(first, last).astype(np.float64)
        return delayed(
            lambda begin, end: sound.read(begin, end).astype(np.float64), first, last, self.delay_samples
        )


def as_channels(samples: Wide, channels: int) -> Wide:
    """Return samples with as many channels as the edited file has: their mean where it has fewer or more."""
    if samples.shape[1] == channels:
        return samples
    return np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)
