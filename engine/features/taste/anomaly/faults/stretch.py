"""Change the tempo of a recording and keep its pitch, well enough to plant a passage at the wrong tempo.

WSOLA (W. Verhelst and M. Roelands, "An overlap-add technique based on waveform similarity", ICASSP 1993).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WINDOW_S = 0.06
_SEARCH_S = 0.015
_THINNED = 4  # the best match is looked for among every fourth sample


def stretched(audio: NDArray[np.float32], factor: float, rate_hz: int) -> NDArray[np.float32]:
    """Return a recording `factor` times as long, shape (round(factor * frames), channels).

    Parameters
    ----------
    audio : float32, shape (frames, channels)
    """
    hop = max(_THINNED, round(_WINDOW_S * rate_hz / 2))
    width = 2 * hop
    reach = _THINNED * round(_SEARCH_S * rate_hz / _THINNED)  # so that no shift is among the candidates
    length = round(factor * len(audio))
    # Room on both sides, so that every window and every search is inside.
    padded = np.pad(audio, ((reach + hop, 2 * width + reach), (0, 0)))
    guide = padded.mean(axis=1)
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width))[:, None]
    out = np.zeros((length + 2 * width, audio.shape[1]))
    natural = reach + hop
    for index in range(length // hop + 2):
        wanted = min(reach + round(index * hop / factor), len(padded) - width - reach)
        start = wanted + _best_shift(guide, natural, wanted, width, reach) if index else wanted
        out[index * hop : index * hop + width] += window * padded[start : start + width]
        natural = min(start + hop, len(padded) - width)
    return out[hop : hop + length].astype(np.float32)


def _best_shift(guide: NDArray[np.float32], natural: int, wanted: int, width: int, reach: int) -> int:
    """Find the shift within `reach` at which the music goes on most like its natural continuation."""
    template = guide[natural : natural + width : _THINNED]
    region = guide[wanted - reach : wanted + reach + width : _THINNED]
    likeness = np.correlate(region, template, "valid")
    energy = np.convolve(region.astype(np.float64) ** 2, np.ones(len(template)), "valid")
    best = int(np.argmax(likeness / np.sqrt(energy + 1e-9)))
    return min(best * _THINNED, 2 * reach) - reach
