"""Sound at another rate, as a stream, without a delay and of a length that is known before."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray

MOST_OVER_CONVERTED = 3.0
"""How many times higher than every sample before the conversion a sample after it can be."""
REACH_SAMPLES = 256
"""How far the filter reaches to either side, in samples of the lower rate."""
_PADDING_FRAMES = 1 << 16


def converted(
    blocks: Iterable[NDArray[Any]],
    rate_hz: int,
    wanted_hz: int,
    *,
    channels: int,
    dtype: type[np.float32] | type[np.float64] = np.float32,
) -> Iterator[NDArray[Any]]:
    """Yield blocks, shape (n, channels), at another rate; unchanged if the rates are equal.

    Parameters
    ----------
    dtype : of the samples that are yielded
    """
    if rate_hz == wanted_hz:
        yield from blocks
        return
    # soxr takes its own delay out: output sample 0 is input sample 0.
    stream = soxr.ResampleStream(rate_hz, wanted_hz, channels, dtype=dtype.__name__, quality="VHQ")
    for block in blocks:
        yield stream.resample_chunk(np.ascontiguousarray(block, dtype))
    yield stream.resample_chunk(np.zeros((0, channels), dtype), last=True)


def of_length(blocks: Iterable[NDArray[Any]], length_samples: int, channels: int) -> Iterator[NDArray[Any]]:
    """Trim or pad with silence: rounding leaves the resampler one sample off, a damaged file more."""
    left = length_samples
    for block in blocks:
        piece = block[:left]
        left -= len(piece)
        yield piece
    while left:
        padding = np.zeros((min(left, _PADDING_FRAMES), channels), np.float32)
        left -= len(padding)
        yield padding
