"""Triangular bands over the bins of a spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Frequencies = NDArray[np.floating]


def triangles(bins_hz: Frequencies, middles_hz: Frequencies, widths_hz: Frequencies) -> Numbers:
    """Return triangles of height 1 that fall to 0 at a width to either side, shape (bands, bins).

    Parameters
    ----------
    bins_hz : shape (bins,)
    middles_hz, widths_hz : shape (bands,)
    """
    found: Numbers = np.maximum(0.0, 1.0 - np.abs(bins_hz - middles_hz[:, None]) / widths_hz[:, None])
    return found


def triangles_between(bins_hz: Frequencies, edges_hz: Frequencies) -> Numbers:
    """Return triangles of height 1 at each edge that fall to 0 at its neighbours, shape (bands, bins).

    Parameters
    ----------
    bins_hz : shape (bins,)
    edges_hz : ascending, shape (bands + 2,)
    """
    ramps, widths_hz = edges_hz[:, None] - bins_hz, np.diff(edges_hz)[:, None]
    found: Numbers = np.maximum(0.0, np.minimum(-ramps[:-2] / widths_hz[:-1], ramps[2:] / widths_hz[1:]))
    return found
