"""Quality of a separation with known ground truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
_TINY = 1e-12


def si_sdr_db(heard: Samples, truth: Samples) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB over all channels together.

    J. Le Roux et al., "SDR - half-baked or well done?", ICASSP 2019.

    Parameters
    ----------
    heard, truth : of the same shape, (frames,) or (frames, channels)
    """
    one, two = heard.astype(np.float64).ravel(), truth.astype(np.float64).ravel()
    scaled = float(one @ two) / max(float(two @ two), _TINY) * two
    return ratio_db(scaled, one - scaled)


def sdr_db(heard: Samples, truth: Samples) -> float:
    """Return the signal-to-distortion ratio in dB: level errors count."""
    return ratio_db(truth, heard - truth)


def ratio_db(above: NDArray[np.floating], below: NDArray[np.floating]) -> float:
    """Return how much more energy the one has than the other, in dB."""
    up, down = (float(np.sum(np.square(each, dtype=np.float64))) for each in (above, below))
    return 10.0 * float(np.log10((up + _TINY) / (down + _TINY)))
