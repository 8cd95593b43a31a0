"""The embedding that is always there: statistics of a window's spectrum and rhythm, with nothing learned.

Levels of mel bands describe the sound, their modulation describes the playing. The parts are known
from genre recognition: statistics of mel levels and spectral contrast (D.-N. Jiang et al., "Music type
classification by spectral contrast feature", ICME 2002), the modulation spectrum of bands (M. F. McKinney and
J. Breebaart, "Features for audio and music classification", ISMIR 2003) and the autocorrelation of onset
strength (G. Tzanetakis and P. Cook, "Musical genre classification of audio signals", 2002).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.embeddings.rhythm_statistics import _GROUPS, RHYTHM_SIZE, rhythm_statistics
from engine.analysis.signal.framing import power_of, spectra
from engine.analysis.signal.mel import mel_filter_bank
from engine.analysis.signal.mel_settings import MelSettings
from engine.core.errors import UsageError

_MEL = MelSettings(rate_hz=22_050, n_fft=1024, hop_samples=256, n_mels=64)
_FLOOR_POWER = 1e-7  # about 70 dB below music at the playing level of `engine.analysis.embeddings.windows`
_QUANTILES = (0.1, 0.9)
_CONTRAST_BANDS, _CONTRAST_FROM_HZ, _CONTRAST_SHARE = 7, 200.0, 0.2
_LEVEL_QUANTILES = (0.05, 0.25, 0.75, 0.95)


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
