"""Whether strokes follow a grid at all: each is near some line, of a wrong grid as well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.alignment.placement import Lines

TEMPO_DOUBT = "The hits do not follow this grid: is the tempo right, and the division fine enough?"

_FEWEST = 12
"""Of fewer strokes chance decides."""
_LEAST_AGREEMENT = 0.15
"""Strokes on their lines fall below it where they stray by a third of a division; others hardly reach it."""
_MOST_OFF = 0.3
"""Nobody plays three tenths of a division early or late all the time; a grid that begins elsewhere does."""
_SURE_AGREEMENT = 0.5


def agreement(onsets_samples: NDArray[np.float64], lines: Lines) -> complex | None:
    """Return how alike strokes lie between lines: the mean of their phases on the unit circle.

    Parameters
    ----------
    onsets_samples : shape (s,), of strokes

    Returns
    -------
    mean : its absolute value is 1 where all are equally late, 0 where they lie anywhere (the mean resultant
        length of circular statistics, Mardia and Jupp 2000); its angle is how late they are, a turn being
        the distance between two lines. None where fewer than a dozen strokes lie between lines
    """
    positions = lines.positions_samples
    if len(positions) < 2:
        return None
    inside = onsets_samples[(onsets_samples >= positions[0]) & (onsets_samples <= positions[-1])]
    if len(inside) < _FEWEST:
        return None
    turns = np.interp(inside, positions, np.arange(len(positions), dtype=np.float64))
    return complex(np.exp(2j * np.pi * turns).mean())


def doubt(onsets_samples: NDArray[np.float64], lines: Lines) -> str:
    """Return what the user should ask themselves about a grid, given where strokes begin; else nothing.

    Playing early or late is feel, and so is wandering a little. Strokes that lie anywhere between lines
    follow another tempo or division; where all are off by nearly half a division, the grid begins elsewhere.
    """
    mean = agreement(onsets_samples, lines)
    if mean is None:
        return ""
    if abs(mean) < _LEAST_AGREEMENT:
        return TEMPO_DOUBT
    off = float(np.angle(mean)) / (2.0 * np.pi)
    if abs(mean) < _SURE_AGREEMENT or abs(off) < _MOST_OFF:
        return ""
    off_ms = abs(off) * float(np.median(np.diff(lines.positions_samples))) / lines.rate_hz * 1000.0
    return f"The hits lie {off_ms:.0f} ms off the lines throughout: is the start of the grid right?"
