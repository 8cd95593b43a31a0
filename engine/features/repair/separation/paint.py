"""Paint on a mask: strokes and ranges that add to the target, or remove from it.

Each covers moments and frequencies by shares of 0 to 1. Added paint is a lower limit of the target's share,
removing paint an upper limit; each is applied over those before it. Display and playback read the same
shares on any grid. The window imports this module, without scipy and torch.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

Shares = NDArray[np.float32]


Asked = tuple[str, bytes, bytes]
"""The separator, the sound, and the prompts of a request."""


@dataclass(frozen=True, slots=True, eq=False)
class MaskMemory:
    """`engine.features.repair.separation.outcome.Outcome` by request.

    Attributes
    ----------
    lock : of the masks, for threads that compute several segments side by side
    """

    masks: OrderedDict[Asked, Any] = field(default_factory=OrderedDict)
    lock: Lock = field(default_factory=Lock)


SOFT = 0.35
"""How much of a brush, from its edge inwards, is not covered whole."""
LEAST_REACH_S, LEAST_REACH_HZ = 0.012, 16.0
"""Resolution of a mask: `engine.features.repair.separation.separator` has windows of 64 ms."""


@dataclass(frozen=True, slots=True)
class Dab:
    """A touch of a brush: an ellipse whose upper and lower half may differ in height.

    Attributes
    ----------
    at_samples : its middle on the timeline
    reach_samples : from there to either side
    low_hz, middle_hz, high_hz : infinite beyond the displayed range
    """

    at_samples: float
    reach_samples: float
    low_hz: float
    middle_hz: float
    high_hz: float

    @classmethod
    def of(
        cls, at_samples: float, reach_samples: float, hz: tuple[float, float, float], rate_hz: int
    ) -> Self:
        """Return a dab of at least the resolution of a mask; `hz` are low, middle and high."""
        low, middle, high = hz
        return cls(
            at_samples,
            max(reach_samples, LEAST_REACH_S * rate_hz),
            min(low, middle - LEAST_REACH_HZ),
            middle,
            max(high, middle + LEAST_REACH_HZ),
        )


@dataclass(frozen=True, slots=True)
class Stroke:
    """A brush drawn over a mask.

    Attributes
    ----------
    takes : whether it removes from the target
    tracks : ids of those whose mask it is painted on; none for all
    """

    dabs: tuple[Dab, ...]
    takes: bool = False
    tracks: tuple[str, ...] = ()

    @property
    def span_samples(self) -> tuple[float, float]:
        """From where to where it reaches on the timeline."""
        return (
            min(dab.at_samples - dab.reach_samples for dab in self.dabs),
            max(dab.at_samples + dab.reach_samples for dab in self.dabs),
        )

    def coverage(self, at_samples: NDArray[np.float64], hz: NDArray[np.float64]) -> Shares:
        """Return how much of each moment and frequency is covered, shape (moments, frequencies)."""
        found = np.zeros((len(at_samples), len(hz)), np.float32)
        for dab in self.dabs:
            moments = np.flatnonzero(np.abs(at_samples - dab.at_samples) < dab.reach_samples)
            bands = np.flatnonzero((hz > dab.low_hz) & (hz < dab.high_hz))
            if not len(moments) or not len(bands):
                continue
            beside = (at_samples[moments] - dab.at_samples) / dab.reach_samples
            height = np.where(hz >= dab.middle_hz, dab.high_hz - dab.middle_hz, dab.middle_hz - dab.low_hz)
            above = (hz[bands] - dab.middle_hz) / height[bands]
            away = np.sqrt(beside[:, None] ** 2 + above[None, :] ** 2)
            shares = np.asarray(np.clip((1.0 - away) / SOFT, 0.0, 1.0), np.float32)
            where = np.ix_(moments, bands)
            found[where] = np.maximum(found[where], shares)
        return found


@dataclass(frozen=True, slots=True)
class Range:
    """All frequencies between two, for some time.

    Attributes
    ----------
    takes, tracks : see `Stroke`
    """

    start_samples: int
    stop_samples: int
    low_hz: float
    high_hz: float
    takes: bool = False
    tracks: tuple[str, ...] = ()

    @property
    def span_samples(self) -> tuple[float, float]:
        """From where to where it reaches on the timeline."""
        return self.start_samples, self.stop_samples

    def coverage(self, at_samples: NDArray[np.float64], hz: NDArray[np.float64]) -> Shares:
        """Return 1 for each moment and frequency within it, else 0, shape (moments, frequencies)."""
        moments = (at_samples >= self.start_samples) & (at_samples < self.stop_samples)
        bands = (hz >= self.low_hz) & (hz <= self.high_hz)
        return np.asarray(moments[:, None] & bands[None, :], np.float32)


Paint = Stroke | Range


def on_track(paint: Sequence[Paint], track: str) -> tuple[Paint, ...]:
    """Return the paint on the mask of a track."""
    return tuple(one for one in paint if not one.tracks or track in one.tracks)


def painted(
    shares: Shares, at_samples: NDArray[np.float64], hz: NDArray[np.float64], paint: Sequence[Paint]
) -> Shares:
    """Return shares, shape (moments, frequencies), with the paint applied in its order."""
    laid = shares.copy() if paint else shares
    for one in paint:
        first, last = one.span_samples
        near = np.flatnonzero((at_samples >= first) & (at_samples < last))
        if len(near):
            covered = one.coverage(at_samples[near], hz)
            laid[near] = (
                np.minimum(laid[near], 1.0 - covered) if one.takes else np.maximum(laid[near], covered)
            )
    return laid


class TellsShares(Protocol):
    """Gives the share of the target at any moment and frequency, such as
    `engine.features.repair.separation.separator.Mask`."""

    def at(self, times_s: NDArray[np.float64], bins_hz: NDArray[np.float64]) -> Shares:
        """Return shares at any times and frequencies, shape (times, bins)."""


@dataclass(frozen=True, slots=True, eq=False)
class PaintedMask:
    """A mask of a segment with paint on it.

    Attributes
    ----------
    begins_samples : start of the segment on the timeline
    """

    under: TellsShares
    paint: tuple[Paint, ...]
    begins_samples: float
    rate_hz: int

    def at(self, times_s: NDArray[np.float64], bins_hz: NDArray[np.float64]) -> Shares:
        """Return shares at any times and frequencies, shape (times, bins)."""
        moments = self.begins_samples + times_s * self.rate_hz
        return painted(self.under.at(times_s, bins_hz), moments, bins_hz, self.paint)


def between(rows: NDArray[np.float32], places: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return rows interpolated along the first axis, clamped at both ends."""
    held = np.clip(places, 0.0, len(rows) - 1.0)
    lower = np.minimum(held.astype(np.int64), max(0, len(rows) - 2))
    upper = np.minimum(lower + 1, len(rows) - 1)
    share = (held - lower).astype(np.float32)[:, None]
    return np.asarray(rows[lower] * (1.0 - share) + rows[upper] * share, np.float32)
