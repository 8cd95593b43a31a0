"""Measures of a window's surroundings: their variation and rhythm, and the window's difference from them.

Speech changes in the rhythm of syllables, 3 to 8 Hz (E. Scheirer and M. Slaney, "Construction and evaluation
of a robust multifeature speech/music discriminator", ICASSP 1997), music is tonal and returns, noise does
neither. The best method depends on this.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL

SURROUNDINGS = (
    "rhythm of 3 to 8 Hz",
    "rhythm of 8 to 20 Hz",
    "tonality",
    "change of each band",
    "change from frame to frame",
    "tilt",
    "change of the level",
    "share of quiet frames",
    "difference between before and after",
    "deviation of the window",
    "share of the window that deviates much",
    "share of the window above the loudest around",
    "length of the surroundings",
    "change within the window",
)
"""Names of the measures, in their order."""
_LEAST_POWER = 1e-9
_QUIETEST_SHARE = 1e-4
_RHYTHMS_HZ = ((3.0, 8.0), (8.0, 20.0))
_ALL_RHYTHMS_HZ = (0.5, 20.0)
_LEAST_DEVIATION = 0.3
_LOUDEST_SHARE = 0.95
Levels = NDArray[np.float64]


def surroundings(
    power: NDArray[np.float32], inside: NDArray[np.bool_], around: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the measures of one segment, shape (len(SURROUNDINGS),); NaN where there is nothing to compare.

    None depends on the level of the recording.

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    inside, around : frames inside the windows, and those that no window reaches, shape (frames,)
    """
    levels = np.log(power.astype(np.float64) + _LEAST_POWER)
    quietest = np.log(np.exp(levels[around]).mean() * _QUIETEST_SHARE + _LEAST_POWER)
    beyond, within = (np.maximum(levels[each], quietest) for each in (around, inside))
    energy = np.exp(beyond).sum(axis=1)
    envelope = np.sqrt(energy) / np.sqrt(energy).mean() - 1.0
    half = power.shape[1] // 2
    bands = np.exp(beyond).sum(axis=0)
    return np.asarray(
        [
            *_rhythms(envelope),
            (np.log(np.exp(beyond).mean(axis=1)) - beyond.mean(axis=1)).mean(),
            beyond.std(axis=0).mean(),
            np.abs(np.diff(beyond, axis=0)).mean(),
            np.log(bands[half:].sum() / bands[:half].sum() + 1e-6),
            np.log(energy).std(),
            (envelope < -0.5).mean(),
            _difference(beyond, np.flatnonzero(around) < np.flatnonzero(inside)[0]),
            *_deviations(within, beyond),
            np.log(len(beyond)),
            levels[inside].std(axis=0).mean(),
        ],
        np.float32,
    )


def _rhythms(envelope: Levels) -> list[float]:
    """Return the share of an envelope's power in each of `_RHYTHMS_HZ`."""
    power = np.abs(np.fft.rfft(envelope * np.hanning(len(envelope)))) ** 2
    rates_hz = np.fft.rfftfreq(len(envelope), MEL.hop_samples / MEL.rate_hz)

    def between(lowest_hz: float, highest_hz: float) -> float:
        return float(power[(rates_hz > lowest_hz) & (rates_hz < highest_hz)].sum())

    total = between(*_ALL_RHYTHMS_HZ) + _LEAST_POWER
    return [between(*each) / total for each in _RHYTHMS_HZ]


def _difference(beyond: Levels, is_before: NDArray[np.bool_]) -> float:
    if is_before.all() or not is_before.any():
        return float("nan")
    return float(np.abs(beyond[is_before].mean(axis=0) - beyond[~is_before].mean(axis=0)).mean())


def _deviations(within: Levels, beyond: Levels) -> list[float]:
    """Return the level of the window above its surroundings: on average, and the share far above."""
    deviations = (within - beyond.mean(axis=0)) / (beyond.std(axis=0) + _LEAST_DEVIATION)
    power = np.exp(within)
    is_above = within > np.quantile(beyond, _LOUDEST_SHARE, axis=0)
    return [
        float(deviations.mean()),
        float((deviations > 2.0).mean()),
        float((power * is_above).sum() / power.sum()),
    ]
