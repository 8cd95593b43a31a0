"""Masks of speech that take no more of it than of the noise, so that a nearly clean voice stays as it is.

A gain g changes speech of power S by (1 - g)² S and leaves noise of power g² N. The result is at least as
good as the recording down to g = (S - N) / (S + N), and masks are raised to that. S and N follow from
spectral subtraction (S. F. Boll, IEEE Transactions on Acoustics, Speech, and Signal Processing 27, 1979),
with the noise of the moments that the separator takes for noise. In loud noise, which changes more, N counts
several times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.spectra import MEL
from engine.features.repair.separation.plain import power_and_outside
from engine.features.repair.separation.separator import Mask, Prompt, Separator, Stretch

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

_NOISE_SHARE = 0.1
"""A moment with less speech, by power, is noise."""
_LEAST_FRAMES = 20
_FAR_FRAMES = 20
"""Noise this far from speech, 0.3 s, is lowered as by the separator: the room of the voice has faded."""
_FAINT_PERCENTILE = 10.0
_FAINT_SHARE = 0.105
"""That percentile of noise relative to its mean power, which has an exponential distribution."""
_SMOOTH = 5
"""Frames and bins over which power is averaged."""
_LEAST_TIMES, _MOST_TIMES = 2.0, 8.0
_CLEAN_DB, _NOISY_DB = 25.0, 5.0
"""Speech this far above noise, between which the noise counts twice and eight times; chosen with the rest on
15 voices in rooms at -5 to 30 dB, none of those that are reported."""
_TINY = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class SparingSeparator:
    """See `Separator`; the target is speech."""

    asks: Separator

    @property
    def name(self) -> str:
        """The name of the wrapped separator."""
        return self.asks.name

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return a mask for each prompt."""
        power, _ = power_and_outside(stretch)
        bins_hz = np.arange(power.shape[1], dtype=np.float64) * (MEL.rate_hz / MEL.n_fft)
        found = [one.over(bins_hz) for one in self.asks.masks(stretch, prompts)]
        return tuple(replace(one, shares=raised(one.shares, power)) for one in found)


def raised(shares: Floats, power: Floats) -> Floats:
    """Return shares of speech, raised where they would take more of the speech than of the noise.

    Parameters
    ----------
    shares, power : of the speech and of the recording, float32, shape (frames, bins)
    """
    from scipy.ndimage import distance_transform_edt, uniform_filter

    spoken, total = (shares * power).sum(axis=1), power.sum(axis=1)
    is_noise = spoken <= _NOISE_SHARE * total
    distances = distance_transform_edt(np.pad(is_noise, 1))[1:-1]
    noise = _noise(power, np.where(total > _TINY, distances, 0.0))
    above_db = 10.0 * np.log10(max(_mean(spoken[~is_noise]), _TINY) / max(float(noise.sum()), _TINY))
    times = np.exp(np.interp(above_db, (_NOISY_DB, _CLEAN_DB), np.log([_MOST_TIMES, _LEAST_TIMES])))
    speech, counted = np.maximum(uniform_filter(power, _SMOOTH) - noise, 0.0), np.float32(times) * noise
    least = (speech - counted) / np.maximum(speech + counted, np.float32(_TINY))
    least[distances > _FAR_FRAMES] = 0.0
    return np.asarray(np.maximum(shares, least), np.float32)


def _noise(power: Floats, distances: NDArray[np.float64]) -> Floats:
    """Return the mean power of the noise in each bin, shape (bins,): of the moments far from speech.

    Without enough of them, of those that are farthest; without any, by the faintest power of each bin.

    Parameters
    ----------
    distances : of moments of noise from speech in frames; 0 for all else, shape (frames,)
    """
    from scipy.ndimage import uniform_filter1d

    count = int((distances > 0.0).sum())
    if count >= _LEAST_FRAMES:
        least = min(float(np.partition(distances, -_LEAST_FRAMES)[-_LEAST_FRAMES]), _FAR_FRAMES)
        found = power[distances >= least].mean(axis=0)
    else:
        found = np.percentile(power, _FAINT_PERCENTILE, axis=0) / _FAINT_SHARE
    return np.asarray(uniform_filter1d(found, _SMOOTH), np.float32)


def _mean(values: Floats) -> float:
    return float(values.mean()) if len(values) else 0.0
