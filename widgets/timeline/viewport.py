"""Which part of the recording is on screen: pure arithmetic, no Qt."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

FINEST_SAMPLES_PER_PX = 1 / 16
PAGE_MARGIN = 0.08
AROUND = 1.5
SEAM_S = 4
# A span that is framed takes a third of the window, with so much beside it at least. A window in which it
# takes a share between these, with pre-roll and post-roll in view, stays as it is.
FRAMED, BESIDE_S, ROLL_S = 3.0, 3.0, 2.0
LARGEST_SHARE, SMALLEST_SHARE = 0.8, 0.08


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible window of time.

    Attributes
    ----------
    start_samples : position of the left edge; fractional, since a zoom may stop anywhere
    samples_per_px : samples per logical pixel
    width_px : width of the window in logical pixels
    length_samples : length of the whole recording
    rate_hz : the document's rate
    """

    start_samples: float = 0.0
    samples_per_px: float = 1.0
    width_px: int = 1
    length_samples: int = 0
    rate_hz: int = 48_000

    @property
    def visible_samples(self) -> float:
        """Length of the window."""
        return self.samples_per_px * self.width_px

    @property
    def stop_samples(self) -> float:
        """Position of the right edge."""
        return self.start_samples + self.visible_samples

    @property
    def coarsest_samples_per_px(self) -> float:
        """The zoom at which the whole recording fits."""
        return max(self.length_samples / max(self.width_px, 1), FINEST_SAMPLES_PER_PX)

    def x_at(self, samples: float) -> float:
        """Return the logical pixel at which a position is drawn."""
        return (samples - self.start_samples) / self.samples_per_px

    def xs_at(self, samples: ArrayLike) -> NDArray[np.float64]:
        """Return the logical pixels of positions, shape (n,)."""
        return (np.asarray(samples, np.float64) - self.start_samples) / self.samples_per_px

    def sample_at(self, x_px: float) -> int:
        """Return the sample under a logical pixel, inside the recording."""
        return int(min(max(round(self.start_samples + x_px * self.samples_per_px), 0), self.length_samples))

    def first_column(self, dpr: float) -> int:
        """Return the index of the first column of device pixels, counted from the recording's start."""
        return round(self.start_samples / (self.samples_per_px / dpr))

    def holds(self, samples: float) -> bool:
        """Return whether a position is in the window."""
        return self.start_samples <= samples < self.stop_samples

    def clamped(self) -> Viewport:
        """Return the nearest window that is inside the recording and within the zoom's limits."""
        zoom = min(max(self.samples_per_px, FINEST_SAMPLES_PER_PX), self.coarsest_samples_per_px)
        last_start = max(self.length_samples - zoom * self.width_px, 0.0)
        return replace(self, samples_per_px=zoom, start_samples=min(max(self.start_samples, 0.0), last_start))

    def moved(self, start_samples: float) -> Viewport:
        """Return the window with its left edge at a position, clipped to the recording."""
        return replace(self, start_samples=start_samples).clamped()

    def scrolled(self, distance_px: float) -> Viewport:
        """Return the window moved to the right by pixels."""
        return self.moved(self.start_samples + distance_px * self.samples_per_px)

    def zoomed(self, factor: float, about_px: float) -> Viewport:
        """Return the window zoomed in by `factor` (below 1: out); the position at `about_px` is fixed."""
        fixed = self.start_samples + about_px * self.samples_per_px
        zoom = min(max(self.samples_per_px / factor, FINEST_SAMPLES_PER_PX), self.coarsest_samples_per_px)
        return replace(self, samples_per_px=zoom, start_samples=fixed - about_px * zoom).clamped()

    def fitted(self) -> Viewport:
        """Return the window of the whole recording."""
        return replace(self, start_samples=0.0, samples_per_px=self.coarsest_samples_per_px)

    def resized(self, width_px: int) -> Viewport:
        """Return the window at another width, with the same left edge and zoom if possible."""
        return replace(self, width_px=max(width_px, 1)).clamped()

    def recorded(self, length_samples: int, rate_hz: int) -> Viewport:
        """Return the window over a recording of another length; a first recording is shown whole."""
        other = replace(self, length_samples=length_samples, rate_hz=rate_hz or self.rate_hz)
        return other.clamped() if self.length_samples else other.fitted()

    def centred(self, samples: float) -> Viewport:
        """Return the window with a position in its middle."""
        return self.moved(samples - self.visible_samples / 2)

    def paged(self, samples: float, *, backwards: bool = False) -> Viewport:
        """Return this window if it contains the position, else the one that starts just before it.

        Parameters
        ----------
        backwards : the one that ends just after it instead
        """
        before = 1 - PAGE_MARGIN if backwards else PAGE_MARGIN
        return self if self.holds(samples) else self.moved(samples - before * self.visible_samples)

    def showing(self, start_samples: int, stop_samples: int) -> Viewport:
        """Return the window that contains a span with a margin, moving and zooming out only as needed."""
        room = 2 * PAGE_MARGIN * self.visible_samples
        if self.start_samples <= start_samples and stop_samples <= self.stop_samples:
            return self
        if stop_samples - start_samples + room > self.visible_samples:
            zoom = (stop_samples - start_samples) * AROUND / self.width_px
            return replace(self, samples_per_px=zoom).clamped().centred((start_samples + stop_samples) / 2)
        return self.centred((start_samples + stop_samples) / 2)

    def framing(self, start_samples: int, stop_samples: int, beside_s: float = BESIDE_S) -> Viewport:
        """Return the window that shows a span with context; this one if it already does.

        A span that is in view and neither tiny nor all there is to see moves nothing, and one out of view
        whose size is right changes no zoom.

        Parameters
        ----------
        beside_s : minimum margin on either side
        """
        length, roll = stop_samples - start_samples, ROLL_S * self.rate_hz * beside_s / BESIDE_S
        wanted = max(FRAMED * length, length + 2 * beside_s * self.rate_hz)
        closest = min(max(length / LARGEST_SHARE, length + 2 * roll), self.length_samples)
        middle = (start_samples + stop_samples) / 2
        if not closest <= self.visible_samples <= wanted / (FRAMED * SMALLEST_SHARE):
            return replace(self, samples_per_px=wanted / self.width_px).clamped().centred(middle)
        first, last = max(start_samples - roll, 0.0), min(stop_samples + roll, float(self.length_samples))
        near = self.samples_per_px  # a window that was centred may be off by rounding
        is_framed = self.start_samples <= first + near and last <= self.stop_samples + near
        return self if is_framed else self.centred(middle)

    def close_to(self, start_samples: int, stop_samples: int) -> Viewport:
        """Return the window that fits a span with a margin; a seam gets a few seconds."""
        length = stop_samples - start_samples or SEAM_S * self.rate_hz
        zoom = length * AROUND / self.width_px
        return replace(self, samples_per_px=zoom).clamped().centred((start_samples + stop_samples) / 2)


@dataclass(frozen=True, slots=True)
class ViewportPart(Viewport):
    """Some columns of a window, aligned to the pixels of the whole window.

    Attributes
    ----------
    whole : the window
    left_px : offset of its left edge
    """

    whole: Viewport = field(default_factory=Viewport)
    left_px: int = 0

    @classmethod
    def of(cls, whole: Viewport, left_px: int, right_px: int) -> ViewportPart:
        """Return the part of a window between two of its logical pixels."""
        start = whole.start_samples + left_px * whole.samples_per_px
        rest = (whole.samples_per_px, right_px - left_px, whole.length_samples, whole.rate_hz)
        return cls(start, *rest, whole, left_px)

    def x_at(self, samples: float) -> float:
        return self.whole.x_at(samples) - self.left_px

    def xs_at(self, samples: ArrayLike) -> NDArray[np.float64]:
        return self.whole.xs_at(samples) - self.left_px

    def first_column(self, dpr: float) -> int:
        return self.whole.first_column(dpr) + round(self.left_px * dpr)
