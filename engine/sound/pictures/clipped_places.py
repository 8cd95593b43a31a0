"""Where a recording reaches full scale, from its peaks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.sound.pictures.peaks import FULL_SCALE, PeakPyramid


def clipped_places(peaks: PeakPyramid, apart_samples: int) -> NDArray[np.int64]:
    """Return the start of each clipped place, in samples of the file, at the resolution of its peaks, shape
    (n,).

    Parameters
    ----------
    apart_samples : clipped peaks closer than this belong to the same place
    """
    lowest, highest = peaks.levels[0][:2]
    full = np.flatnonzero((lowest <= -FULL_SCALE).any(axis=0) | (highest >= FULL_SCALE).any(axis=0))
    starts = full.astype(np.int64) * peaks.base_samples
    first = np.diff(starts, prepend=-apart_samples - 1) > apart_samples
    first[:1] = True
    return starts[first]
