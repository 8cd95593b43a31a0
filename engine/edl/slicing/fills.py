"""Synthesise fills between slices that were moved apart: pure functions of the audio before the gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.document.kinds.operations import Fill
from engine.edl.slicing.decay import continued
from engine.edl.slicing.elastic import elastic
from engine.edl.slicing.slices import Gap
from engine.edl.slicing.stretch import stretched

Sound = NDArray[np.float64]


def made_up(gap: Gap, left: Callable[[int, int], Sound], rate_hz: int) -> Sound:
    """Return the fill of a gap, including its crossfades, shape (frames, channels).

    Parameters
    ----------
    left : maps (start, stop) to samples of the segment before the gap
    """
    length = gap.stop_samples - gap.start_samples
    if gap.fill is Fill.ELASTIC:
        return elastic(left(gap.start_samples, gap.tail_stop_samples), length, rate_hz)
    if gap.fill is Fill.STRETCH:
        return stretched(left(gap.start_samples, gap.tail_stop_samples), length, rate_hz)
    tail = left(gap.tail_samples, gap.start_samples)
    return np.stack([continued(channel, length) for channel in tail.T], axis=1)
