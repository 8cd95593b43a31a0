"""The peak between the samples: four times oversampled after ITU-R BS.1770-4, annex 2."""

from __future__ import annotations

from collections.abc import Iterator
from math import log10
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The four phases of the interpolator; the last two are the first two reversed.
_PHASES = np.array(
    [
        [
            *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
            *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
            *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
        ],
        [
            *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
            *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
            *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
        ],
    ]
)
_INTERPOLATOR = np.concatenate([_PHASES, _PHASES[:, ::-1]]).T
TAPS = len(_INTERPOLATOR)
MOST_OVER_SAMPLES = float(np.abs(_INTERPOLATOR).sum(axis=0).max())
"""How many times higher than every sample around it the sound between them can be."""
_PEAK_STEP_FRAMES = (
    4096  # so that the windows, twelve times as large, stay in the cache, and BLAS on one thread
)


class BetweenSamples:
    """Finds the highest values between the samples of a programme that comes in blocks."""

    def __init__(self) -> None:
        self._past: NDArray[Any] | None = None

    def highest(self, block: NDArray[Any], least: float = 0.0) -> float:
        """Return the highest absolute value at and between the samples of the next block.

        Parameters
        ----------
        block : floats, shape (n, channels)
        least : peaks up to this level may be skipped for speed
        """
        joined = self._joined(block)
        peak = float(np.abs(joined).max(initial=0.0))
        if peak * MOST_OVER_SAMPLES > least:
            for channel in joined.T:
                for between in _steps(channel):
                    peak = max(peak, float(between.max()), -float(between.min()))
        return peak

    def in_cells(self, block: NDArray[Any], starts: NDArray[np.int64]) -> NDArray[Any]:
        """Return the same of each cell of the next block, shape (len(starts),).

        Parameters
        ----------
        starts : the first frame of each cell, ascending from 0
        """
        joined = self._joined(block)
        samples = np.abs(joined[TAPS - 1 :]).max(axis=1)
        for channel in joined.T:
            for number, between in enumerate(_steps(channel)):
                part = samples[number * _PEAK_STEP_FRAMES : number * _PEAK_STEP_FRAMES + len(between)]
                np.maximum(part, np.abs(between).max(axis=1), out=part)
        highest: NDArray[Any] = np.maximum.reduceat(samples, starts)
        return highest

    def _joined(self, block: NDArray[Any]) -> NDArray[Any]:
        past = np.zeros((TAPS - 1, block.shape[1]), block.dtype) if self._past is None else self._past
        joined = np.concatenate([past, block])
        self._past = joined[-(TAPS - 1) :]
        return joined


def decibels(value: float) -> float:
    """Return an amplitude in dB full scale; -inf for silence."""
    return 20.0 * log10(value) if value > 0.0 else -np.inf


def _steps(channel: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield the values between samples of a channel that continues from the last block, shape (n, 4) each."""
    windows = np.lib.stride_tricks.sliding_window_view(np.ascontiguousarray(channel), TAPS)
    interpolator = _INTERPOLATOR.astype(channel.dtype, copy=False)
    # One matrix product does all four phases, many times quicker than four convolutions.
    for at in range(0, len(windows), _PEAK_STEP_FRAMES):
        yield windows[at : at + _PEAK_STEP_FRAMES] @ interpolator
