"""Whether strokes follow a grid at all: each is near some line, of a wrong grid as well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.document.drums.hits import Hits
from engine.features.timing.alignment.placement import Lines
from engine.features.timing.alignment.quantized import quantized_playing

TEMPO_DOUBT = "The hits do not follow this grid: is the tempo right, and the division fine enough?"

_FEWEST = 12
"""Of fewer strokes chance decides."""
_LEAST_AGREEMENT = 0.15
"""Strokes on their lines fall below it where they stray by a third of a division; others hardly reach it."""
_MOST_OFF = 0.3
"""Constant feel stays below three tenths of a division; a grid with a wrong start exceeds it."""
_SURE_AGREEMENT = 0.5
_TEMPI = np.linspace(-0.01, 0.01, 401)
_FOLLOWED, _BETTER = 0.8, 0.3
_REPORTED_MS = 2.0
"""A latency below it is within the accuracy of an onset."""


def agreement(onsets_samples: NDArray[np.float64], lines: Lines) -> complex | None:
    """Return the agreement of strokes between lines: the mean of their phases on the unit circle.

    Parameters
    ----------
    onsets_samples : shape (s,), of strokes

    Returns
    -------
    mean : its absolute value is 1 if all are equally late, 0 for uniform phases (the mean resultant
        length of circular statistics, Mardia and Jupp 2000); its angle is their delay, a turn being the
        distance between two lines. None if fewer than a dozen strokes are between lines
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
    """Return a question for the user if the strokes contradict the grid; else nothing.

    Playing early or late is feel, and so is wandering a little. Strokes anywhere between lines follow another
    tempo or division; if all are off by nearly half a division, the grid begins elsewhere.
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
    return f"All hits are about {off_ms:.0f} ms off the lines: check the start of the grid."


def near_tempo(onsets_samples: NDArray[np.float64], lines: Lines) -> float | None:
    """Return by which factor a tempo within 1 % of the grid's fits the strokes far better, if one does.

    The factor has the largest mean resultant length of the phases of the strokes between its lines. The
    stated tempo is believed unless that is at least 0.8, and 0.3 above its own.

    Parameters
    ----------
    onsets_samples : shape (s,), of strokes
    """
    own = agreement(onsets_samples, lines)
    if own is None:
        return None
    positions = lines.positions_samples
    inside = onsets_samples[(onsets_samples >= positions[0]) & (onsets_samples <= positions[-1])]
    turns = np.interp(inside, positions, np.arange(len(positions), dtype=np.float64))
    fits = np.abs(np.exp(2j * np.pi * turns * (1.0 + _TEMPI[:, None])).mean(axis=1))
    best = int(fits.argmax())
    is_overwhelming = fits[best] >= _FOLLOWED and fits[best] >= abs(own) + _BETTER
    return float(1.0 + _TEMPI[best]) if is_overwhelming else None


def grid_notices(
    hits: Hits, onsets_samples: NDArray[np.float64], lines: Lines, tempo_bpm: float
) -> list[str]:
    """Return the messages about how the hits fit a grid: doubts about it, and playing that is on it already.

    Parameters
    ----------
    onsets_samples : shape (s,), of the strokes of the hits
    tempo_bpm : of the grid
    """
    factor = near_tempo(onsets_samples, lines)
    if factor is not None:
        return [
            f"The hits follow {tempo_bpm * factor:.2f} BPM; the grid has {tempo_bpm:.2f} BPM. "
            "Check the tempo."
        ]
    doubted = doubt(onsets_samples, lines)
    if doubted:
        return [doubted]
    quantized = quantized_playing(hits, lines)
    if quantized is None:
        return []
    if abs(quantized.late_ms) < _REPORTED_MS:
        return [
            "The hits repeat on the lines as a machine plays them: only single hits that are off are moved."
        ]
    direction = "late" if quantized.late_ms > 0 else "early"
    off_ms = abs(quantized.late_ms)
    return [
        f"The hits are {off_ms:.1f} ms {direction} throughout, as by the latency of a device, and stay. "
        "If the grid begins there, change its start."
    ]
