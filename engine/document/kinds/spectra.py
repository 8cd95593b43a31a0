"""Spectra in the payload of a repair: levels of a track before and after, in sixths of an octave."""

from __future__ import annotations

from math import isfinite

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import DocumentError

SPECTRA_DB = "spectra_db"
"""Two lists of equal length: the level in each band before and after, in dB below full scale."""
LOWEST_DB, _HIGHEST_DB = -140.0, 60.0
_LOWEST_HZ, _HIGHEST_HZ, _BANDS_AN_OCTAVE = 62.5, 16_000.0, 6
_MOST_BANDS = 64


def band_middles_hz(count: int) -> NDArray[np.float64]:
    """Return the middle of each of the lowest bands, shape (count,)."""
    return np.asarray(_LOWEST_HZ * 2.0 ** (np.arange(count) / _BANDS_AN_OCTAVE))


def band_edges_hz(rate_hz: int) -> NDArray[np.float64]:
    """Return the edges of the bands that sound of a rate has, shape (bands + 1,)."""
    highest = min(_HIGHEST_HZ, rate_hz / 2 / 2.0 ** (0.5 / _BANDS_AN_OCTAVE))
    count = 1 + int(_BANDS_AN_OCTAVE * np.log2(highest / _LOWEST_HZ) + 1e-9)
    return np.asarray(band_middles_hz(count + 1) * 2.0 ** (-0.5 / _BANDS_AN_OCTAVE))


def require_spectra(what: str, value: object) -> None:
    """Require two lists of as many levels.

    Raises
    ------
    DocumentError : the value is anything else
    """
    rows = value if isinstance(value, list | tuple) else ()
    counts = [len(row) if isinstance(row, list | tuple) else 0 for row in rows]
    is_valid = len(rows) == 2 and counts[0] == counts[1] and 2 <= counts[0] <= _MOST_BANDS
    if not is_valid or not all(_is_level(one) for row in rows for one in row):
        raise DocumentError(
            f"{what} must be two lists of 2 to {_MOST_BANDS} levels in dB, before and after, of one length."
        )


def _is_level(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and isfinite(value) and LOWEST_DB <= value <= _HIGHEST_DB  # type: ignore[arg-type,operator]
