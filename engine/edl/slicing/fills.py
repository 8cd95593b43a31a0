"""What is made up where two slices were moved apart: pure functions of what was heard before the gap."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.edl.slicing.slices import Gap

Sound = NDArray[np.float64]


def made_up(gap: Gap, left: Callable[[int, int], Sound], rate_hz: int) -> Sound:  # noqa: ARG001
    """Return what is heard in all of a gap, its crossfades included, shape (frames, channels).

    Parameters
    ----------
    left : (start, stop) to what the segment before the gap plays there
    """
    length = gap.stop_samples - gap.start_samples
    return left(gap.start_samples, gap.start_samples + length)
