"""Short pauses in speech or playing, detected by the level alone.

A gate, as in Audacity's Truncate Silence or auto-editor, but one that finds its threshold: some decibels
above the noise of the room at that time (the level of the quietest moments around, as in minimum statistics:
R. Martin, IEEE Transactions on Speech and Audio Processing 9, 2001), and well below the speech.
`engine.analysis.signal.dead_air` detects dead air of seconds more carefully.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.loudness import middle_of_playing_db
from engine.core.spans import runs

ABOVE_NOISE_DB = 8.0
"""A moment louder than the room noise by this is not a pause."""
PAUSE_QUIETER_DB, PAUSE_FAR_QUIETER_DB = 18.0, 45.0
"""A pause is quieter than the speech by the first; a moment quieter by the second is one at any noise."""
_NOISE_QUANTILE = 0.1
_AROUND_S = 15.0
_BLOCK_S = 1.0
_SMOOTHED_S = 0.064
_CLICK_S, _CLICK_QUIETER_DB = 0.07, 12.0


def pauses(loudness_db: NDArray[np.float32], hop_s: float, least_s: float) -> NDArray[np.int64]:
    """Return pauses of at least `least_s`, shape (n, 2), [start, stop) in hops, ascending and disjoint.

    Speech less than `PAUSE_QUIETER_DB` above the noise has no pauses.

    Parameters
    ----------
    loudness_db : level of consecutive hops in dB full scale, shape (hops,)
    """
    if not len(loudness_db):
        return np.zeros((0, 2), np.int64)
    said_db = middle_of_playing_db(loudness_db)
    threshold_db = np.clip(
        _noise_db(loudness_db, hop_s) + ABOVE_NOISE_DB,
        said_db - PAUSE_FAR_QUIETER_DB,
        said_db - PAUSE_QUIETER_DB,
    )
    around = 2 * round((_SMOOTHED_S / hop_s - 1) / 2) + 1 if hop_s < _SMOOTHED_S else 1
    level_db = _smoothed_db(loudness_db, around)
    quiet = level_db < threshold_db
    whole = _without_clicks(quiet, level_db < said_db - _CLICK_QUIETER_DB, hop_s)
    return runs(whole, max(1, math.ceil(least_s / hop_s)))


def _noise_db(loudness_db: NDArray[np.float32], hop_s: float) -> NDArray[np.float64]:
    """Return how loud the place is at each hop: a low quantile of a second, the least of those near."""
    block = max(1, round(_BLOCK_S / hop_s))
    blocks = -(-len(loudness_db) // block)
    padded = np.pad(loudness_db, (0, blocks * block - len(loudness_db)), mode="edge").reshape(blocks, block)
    low_db = np.quantile(padded, _NOISE_QUANTILE, axis=1)
    reach = round(_AROUND_S / _BLOCK_S)
    around = np.pad(low_db, reach, mode="edge")
    least_db = np.lib.stride_tricks.sliding_window_view(around, reach + 1).min(axis=1)
    # Where the place changes, such as at a seam, the louder of what was before and what comes is its noise.
    least_db = np.maximum(least_db[: len(low_db)], least_db[reach:])
    middles = (np.arange(blocks) + 0.5) * block
    return np.asarray(np.interp(np.arange(len(loudness_db)), middles, least_db))


def _smoothed_db(loudness_db: NDArray[np.float32], width: int) -> NDArray[np.float64]:
    """Return the mean power of some hops around each, in dB, so that a pause has no holes by chance."""
    power = np.pad(10.0 ** (loudness_db.astype(np.float64) / 10.0), width // 2, mode="edge")
    around = np.lib.stride_tricks.sliding_window_view(power, width)
    return np.asarray(10.0 * np.log10(around.mean(axis=1)))


def _without_clicks(quiet: NDArray[np.bool_], soft: NDArray[np.bool_], hop_s: float) -> NDArray[np.bool_]:
    """Fill soft sounds between two pauses that are shorter than a syllable, such as tongue clicks."""
    filled = quiet.copy()
    most = math.ceil((_CLICK_S + _SMOOTHED_S) / hop_s)
    for start, stop in runs(~quiet).tolist():
        if start > 0 and stop < len(quiet) and stop - start <= most and soft[start:stop].all():
            filled[start:stop] = True
    return filled
