"""Input of the learned beat tracker: levels in 64 bands, 50 times a second.

Bands follow an auditory scale, 13 Hz apart at the bottom and by a share of the frequency at the top (H.
Traunmüller, "Analytical expressions for the tonotopic sensory scale", JASA 1990, has such a bend).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.filter_banks import triangles_between
from engine.analysis.signal.mono import resampled
from engine.core.progress import SILENT, Progress, gathered

FRAMES_PER_S = 50.0
BANDS = 64
RATE_HZ = 22_050
HOP_SAMPLES = 441
N_FFT = 2048
FLOOR_DB = -100.0
LOWEST_HZ, HIGHEST_HZ = 30.0, 10_000.0
_BEND_HZ = 200.0

LOUD_SHARE = 0.95
QUIETEST_LOUD_DB = -40.0
RANGE_DB = 60.0

Levels = NDArray[np.float16]


def filter_bank() -> NDArray[np.float32]:
    """Return the triangles that gather FFT bins into bands, shape (BANDS, N_FFT // 2 + 1).

    A sine of full scale in the middle of a band reads about 0 dB.
    """
    ends = np.log([LOWEST_HZ + _BEND_HZ, HIGHEST_HZ + _BEND_HZ])
    edges_hz = np.exp(np.linspace(ends[0], ends[1], BANDS + 2)) - _BEND_HZ
    bins_hz = np.arange(N_FFT // 2 + 1) * (RATE_HZ / N_FFT)
    full_scale = (N_FFT / 4.0) ** 2  # the square of half the sum of a Hann window
    return (triangles_between(bins_hz, edges_hz) / full_scale).astype(np.float32)


def band_levels(
    blocks: Iterable[NDArray[np.float32]], rate_hz: int, total_samples: int = 0, progress: Progress = SILENT
) -> Levels:
    """Return the levels of a mono stream in dB of full scale, float16, shape (frames, BANDS).

    The middle of frame i is at i / FRAMES_PER_S seconds. The result is the same bit for bit for any block
    size, but for the rounding of the resampler; an hour takes 23 MB.

    Parameters
    ----------
    blocks : mono float32 at `rate_hz`, each of shape (n,); non-finite samples count as silence
    total_samples : how many are expected, for the progress

    Raises
    ------
    Cancelled : the user asked for it
    """
    expected = total_samples / rate_hz * FRAMES_PER_S
    pieces = gathered(level_blocks(blocks, rate_hz), expected, "Detecting beats", progress)
    return np.concatenate(pieces) if pieces else np.zeros((0, BANDS), np.float16)


def level_blocks(blocks: Iterable[NDArray[np.float32]], rate_hz: int) -> Iterator[Levels]:
    """Yield the levels of `band_levels` as the stream passes, each block of shape (frames, BANDS)."""
    from engine.analysis.signal.mel import (  # torch: only once audio is analysed
        band_power_blocks,
        bank_tensor,
    )

    bank = bank_tensor(filter_bank())
    for power in band_power_blocks(resampled(blocks, rate_hz, RATE_HZ), bank, N_FFT, HOP_SAMPLES):
        yield levels_of(power)


def levels_of(power: NDArray[np.float32]) -> Levels:
    """Return power in dB, never below `FLOOR_DB`."""
    levels: Levels = (10.0 * np.log10(np.maximum(power, np.float32(10.0 ** (FLOOR_DB / 10.0))))).astype(
        np.float16
    )
    return levels


def reference_db(levels: Levels) -> float:
    """Return the level of the loud moments of a recording, in dB; the tracker's input is relative to it.

    Never below `QUIETEST_LOUD_DB`: hiss alone stays quiet.
    """
    if not len(levels):
        return QUIETEST_LOUD_DB
    loudest = levels.max(axis=1)
    sounding = loudest[loudest > FLOOR_DB + 10.0]
    if not len(sounding):
        return QUIETEST_LOUD_DB
    return max(QUIETEST_LOUD_DB, float(np.quantile(sounding.astype(np.float32), LOUD_SHARE)))


def heard(levels: Levels, loud_db: float) -> NDArray[np.float32]:
    """Return levels as the network takes them: 0 at `RANGE_DB` below the reference and less, 3 at it."""
    relative = (levels.astype(np.float32) - np.float32(loud_db - RANGE_DB)) * np.float32(3.0 / RANGE_DB)
    scaled: NDArray[np.float32] = np.clip(relative, 0.0, 4.0)
    return scaled
