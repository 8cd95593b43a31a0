"""A raw recording read along a line, so that it stands beside the edited file sample by sample."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from numpy.typing import NDArray

from engine.edl.delay import delayed, reclocked
from engine.matching.sound import Sound

Wide = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A raw recording at an offset, at the rate of the edited file.

    Attributes
    ----------
    offset_samples : by how much later the same sound lies in the raw recording
    delay_samples : by how much less than a sample it lies later in the edited file than the offset says
    speed : samples of the raw recording for one of the edited file, from `origin_samples` on
    origin_samples : of the edited file, where the offset holds
    """

    raw: int
    offset_samples: int
    delay_samples: float = 0.0
    speed: float = 1.0
    origin_samples: int = 0

    def raw_at(self, edited_samples: float) -> float:
        """Return the raw position of an edited one."""
        ahead = (edited_samples - self.origin_samples) * (self.speed - 1.0)
        return edited_samples + self.offset_samples + ahead

    def read(self, raws: tuple[Sound, ...], start: int, stop: int) -> Wide:
        """Return what is there for [start, stop) of the edited file, shape (stop - start, channels)."""
        sound = raws[self.raw]
        if self.speed == 1.0 and not self.delay_samples:
            return sound.read(start + self.offset_samples, stop + self.offset_samples).astype(np.float64)

        def around(first: int, last: int) -> Wide:
            return sound.read(floor(first), ceil(last)).astype(np.float64)

        if self.speed == 1.0:
            first = start + self.offset_samples
            return delayed(around, first, first + stop - start, self.delay_samples)
        # reclocked reads at t * (1 + drift) - by for t from 0 on; t counts from the origin here.
        shift = self.origin_samples + self.offset_samples

        def moved(first: int, last: int) -> Wide:
            return around(first + shift, last + shift)

        drift_ppm = (self.speed - 1.0) * 1e6
        return reclocked(
            moved, start - self.origin_samples, stop - self.origin_samples, self.delay_samples, drift_ppm
        )


def as_channels(samples: Wide, channels: int) -> Wide:
    """Return samples with as many channels as the edited file has: their mean where it has fewer or more."""
    if samples.shape[1] == channels:
        return samples
    return np.repeat(samples.mean(axis=1, keepdims=True), channels, axis=1)
