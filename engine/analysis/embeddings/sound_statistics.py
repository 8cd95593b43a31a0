"""The embedding that is always there: statistics of a window's spectrum and rhythm, with nothing learned.

Levels of mel bands describe the sound; which rates of modulation they hold, and after how long they repeat,
describes the playing. The parts are known from genre recognition: statistics of mel levels and spectral
contrast (D.-N. Jiang et al., "Music type classification by spectral contrast feature", ICME 2002), the
modulation spectrum of bands (M. F. McKinney and J. Breebaart, "Features for audio and music classification",
ISMIR 2003) and the autocorrelation of onset strength (G. Tzanetakis and P. Cook, "Musical genre
classification of audio signals", 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.signal.bands import MelSettings, mel_filter_bank
from engine.analysis.signal.stft import power_of, spectra
from engine.core.errors import UsageError

_MEL = MelSettings(rate_hz=22_050, n_fft=1024, hop_samples=256, n_mels=64)
_FLOOR_POWER = 1e-7
"""About 70 dB below music at the playing level of `engine.analysis.embeddings.preparation`."""
_QUANTILES = (0.1, 0.9)
_CONTRAST_BANDS, _CONTRAST_FROM_HZ, _CONTRAST_SHARE = 7, 200.0, 0.2
_LEVEL_QUANTILES = (0.05, 0.25, 0.75, 0.95)
_GROUPS = 8
_RATES = 16
_SLOWEST_HZ, _FASTEST_HZ = 0.7, 24.0
_LAGS = 32
_SHORTEST_LAG_S, _LONGEST_LAG_S = 0.06, 1.2
_FLOOR = 1e-3
RHYTHM_SIZE = _GROUPS * _RATES + 3 * _LAGS


@dataclass(frozen=True, slots=True)
class SoundStatistics:
    """Statistics of the spectrum and the rhythm; see the module.

    The numbers have different units (dB, ratios, logarithms): callers standardise each number with their
    training data before a comparison.
    """

    name: str = "statistics-1"
    rate_hz: int = _MEL.rate_hz
    size: int = 6 * _MEL.n_mels + RHYTHM_SIZE + 2 * _CONTRAST_BANDS + 2 + 4 + _GROUPS * (_GROUPS - 1) // 2

    def embed(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors, shape (n, size); see `Embedder.embed`.

        Raises
        ------
        UsageError : the windows are shorter than a second
        """
        if windows.shape[1] < self.rate_hz:
            raise UsageError(
                f"A window of {windows.shape[1] / self.rate_hz:.2f} s is too short to be embedded: "
                "choose a second or more."
            )
        if not len(windows):
            return np.zeros((0, self.size), np.float32)
        power = power_of(spectra(torch.tensor(windows), _MEL.n_fft, _MEL.hop_samples))
        bank = torch.tensor(mel_filter_bank(_MEL))
        mel_db = 10.0 * torch.log10(torch.einsum("mf,bft->bmt", bank, power) + _FLOOR_POWER)
        rises_db = mel_db.diff(dim=2).clamp(min=0.0)
        parts = [
            _levels(mel_db),
            rises_db.mean(dim=2),
            rhythm_statistics(rises_db, _MEL.rate_hz / _MEL.hop_samples),
            _contrast(power),
            _loudness(power),
            _together(mel_db),
        ]
        return torch.cat(parts, dim=1).numpy()


def rhythm_statistics(rises_db: Tensor, frames_per_s: float) -> Tensor:
    """Return the modulation and the pulse of windows, shape (n, RHYTHM_SIZE).

    Parameters
    ----------
    rises_db : how much each mel band rises from frame to frame, zero where it falls, shape (n, bands, frames)
    """
    strength = rises_db.reshape(len(rises_db), _GROUPS, -1, rises_db.shape[2]).mean(dim=2)
    strength = strength - strength.mean(dim=2, keepdim=True)
    parts = strength.mean(dim=1), strength[:, 0], strength[:, -1]
    pulses = [_pulse(one, frames_per_s) for one in parts]
    return torch.cat([_modulation(strength, frames_per_s), *pulses], dim=1)


def _modulation(strength: Tensor, frames_per_s: float) -> Tensor:
    """Return the log power of rates from 0.7 to 24 Hz, shape (n, groups * rates), of (n, groups, frames)."""
    frames = strength.shape[2]
    padded = 2 * frames
    tapered = strength * torch.hann_window(frames, periodic=False)
    power = torch.fft.rfft(tapered, n=padded, dim=2).abs().square()
    rates_hz = np.fft.rfftfreq(padded, 1.0 / frames_per_s)
    edges_hz = np.geomspace(_SLOWEST_HZ, _FASTEST_HZ, _RATES + 1)
    found = []
    for low_hz, high_hz in pairwise(edges_hz):
        inside = np.flatnonzero((rates_hz >= low_hz) & (rates_hz < high_hz))
        if not len(inside):  # a window of a second resolves half a hertz
            inside = np.abs(rates_hz - low_hz).argmin(keepdims=True)
        found.append(power[:, :, torch.tensor(inside)].mean(dim=2))
    return torch.log(torch.stack(found, dim=2) + _FLOOR).flatten(1)


def _pulse(strength: Tensor, frames_per_s: float) -> Tensor:
    """Return the highest autocorrelation within each of 32 ranges of lags, shape (n, lags)."""
    padded = 2 * strength.shape[1]
    spectrum = torch.fft.rfft(strength, n=padded, dim=1)
    correlation = torch.fft.irfft(spectrum.abs().square(), n=padded, dim=1)
    relative = correlation / (correlation[:, :1] + _FLOOR)
    edges = (np.geomspace(_SHORTEST_LAG_S, _LONGEST_LAG_S, _LAGS + 1) * frames_per_s).astype(int)
    found = [relative[:, start : max(stop, start + 1)].amax(dim=1) for start, stop in pairwise(edges)]
    return torch.stack(found, dim=1)


def _levels(mel_db: Tensor) -> Tensor:
    """Return how loud each band is, how much it moves and how fast, shape (n, 5 * n_mels)."""
    quantiles = _quantiles(mel_db, _QUANTILES)
    speed_db = mel_db.diff(dim=2).abs().mean(dim=2)
    return torch.cat([mel_db.mean(dim=2), mel_db.std(dim=2), *quantiles, speed_db], dim=1)


def _contrast(power: Tensor) -> Tensor:
    """Return the spectral contrast in bands of about an octave, shape (n, 2 * bands)."""
    last = _MEL.n_fft // 2
    first = _CONTRAST_FROM_HZ * _MEL.n_fft / _MEL.rate_hz
    edges = [0, *np.geomspace(first, last, _CONTRAST_BANDS).astype(int)]
    found = []
    for start, stop in pairwise(edges):
        ordered = _ordered(torch.log(power[:, start : stop + 1] + _FLOOR_POWER).transpose(1, 2))
        count = max(1, int(_CONTRAST_SHARE * ordered.shape[2]))
        contrast = ordered[:, :, -count:].mean(dim=2) - ordered[:, :, :count].mean(dim=2)
        found += [contrast.mean(dim=1), contrast.std(dim=1)]
    return torch.stack(found, dim=1)


def _loudness(power: Tensor) -> Tensor:
    """Return mean, deviation and quantiles of the level over time, shape (n, 6)."""
    level_db = 10.0 * torch.log10(power.mean(dim=1) + _FLOOR_POWER)
    quantiles = _quantiles(level_db, _LEVEL_QUANTILES)
    return torch.stack([level_db.mean(dim=1), level_db.std(dim=1), *quantiles], dim=1)


def _together(mel_db: Tensor) -> Tensor:
    """Return the correlation over time of every two of eight groups of bands, shape (n, 28)."""
    groups = mel_db.reshape(len(mel_db), _GROUPS, -1, mel_db.shape[2]).mean(dim=2)
    # A band that does not move has no correlation: one dB keeps its noise from looking like one.
    standard = (groups - groups.mean(dim=2, keepdim=True)) / (groups.std(dim=2, keepdim=True) + 1.0)
    correlation = torch.einsum("bit,bjt->bij", standard, standard) / groups.shape[2]
    first, second = torch.triu_indices(_GROUPS, _GROUPS, offset=1)
    return correlation[:, first, second]


def _ordered(values: Tensor) -> Tensor:
    """Sort along the last axis; numpy does it many times as fast as torch."""
    return torch.from_numpy(np.sort(values.contiguous().numpy(), axis=-1))


def _quantiles(values: Tensor, shares: tuple[float, ...]) -> list[Tensor]:
    """Return quantiles over the last axis, between two values in proportion, as `torch.quantile` does."""
    ordered = _ordered(values)
    found = []
    for share in shares:
        place = share * (ordered.shape[-1] - 1)
        below, above = ordered[..., int(place)], ordered[..., min(int(place) + 1, ordered.shape[-1] - 1)]
        found.append(below + (place - int(place)) * (above - below))
    return found
