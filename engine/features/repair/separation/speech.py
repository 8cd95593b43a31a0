"""The default separator of speech: DeepFilterNet3 and Offcut's own network, pooled.

The published network returns a recording of the speech. Its mask is the real part of the ratio of both
spectra, within 0 and 1 (the phase-sensitive mask of H. Erdogan et al., ICASSP 2015): by that, 0.2 dB of its
direct output are lost, and stereo, any rate, streams and painting work as with any mask. Both networks are
pooled in log odds (Genest and Zidek 1986): the result is better than the better one of both and spectral
subtraction, chosen in each window by the truth.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import soxr
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.detection.deep_filter import (
    DEEP_FILTER_WEIGHTS,
    RATE_HZ,
    DeepFilterNetwork,
    deep_filter_network,
    samples_of,
    spectrum_of,
    speech_spectrum,
)
from engine.analysis.detection.spectra import MEL, Spectra
from engine.analysis.learning.loop import few_threads
from engine.analysis.signal.stft import power_of
from engine.core.progress import check_heeded
from engine.features.repair.separation.network import SpeechSeparator, inside_frames, speech_separator
from engine.features.repair.separation.outcome import Forecast, Outcome
from engine.features.repair.separation.plain import mask_over_bins
from engine.features.repair.separation.separator import Mask, Prompt, Separator, Stretch

Floats = NDArray[np.float32]
_log = logging.getLogger(__name__)

DEEP_FILTER = "DeepFilterNet3"
_WEIGHT = 0.65
"""Of DeepFilterNet3 in the pool; chosen with the forecast on 160 mixtures of other voices and backgrounds
than those that are reported.
"""
_LEAST_SHARE = 1e-3
_LEAST_POWER_SHARE = 1e-4
_LEAST_LEVEL, _LEAST_POWER = 1e-9, 1e-7
_LEVEL = 0.1
"""Root mean square that the published network gets: it was trained on speech of usual levels."""
_KEEP, _REMOVE = (1.132, 0.424, -0.936, -3.777), (0.088, 0.894, -0.921, -5.189)
"""Weights of the levels of remainder, speech and doubt in the improvement, and its offset, in dB."""
_SPREADS_DB = (-2.4, 2.0), (-1.8, 1.6)
"""From the expected improvement to its quantiles of 5 and 95 %, of either mode."""
_LEAST_SPEECH_DB = -30.0
"""A window whose speech is further below the window itself than this has none to be isolated."""


@dataclass(frozen=True, slots=True, eq=False)
class PooledSpeechSeparator:
    """See `Separator` and `engine.features.repair.separation.outcome.Judging`."""

    network: DeepFilterNetwork
    own: SpeechSeparator
    name: str = "offcut-speech-2"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        return tuple(outcome.mask for outcome in self.outcomes(stretch, prompts))

    def outcomes(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Outcome, ...]:
        """Return the same outcome for each prompt."""
        with torch.inference_mode(), few_threads():
            published, power = (found.numpy() for found in self._published(stretch.samples))
        bare = mask_over_bins(published)
        own = self.own.masks(stretch, prompts[:1])[0].over(bare.centres_hz).shares
        shares = _shares(_WEIGHT * _log_odds(published) + (1.0 - _WEIGHT) * _log_odds(own))
        inside = inside_frames(stretch.windows_s, len(power)).numpy()
        keep, remove = _forecasts(shares[inside], power[inside])
        weights = ((DEEP_FILTER, _WEIGHT), (self.own.name, 1.0 - _WEIGHT))
        return (Outcome(mask_over_bins(shares), weights, (0.0, 0.0), keep, remove),) * len(prompts)

    def _published(self, samples: Floats) -> tuple[Tensor, Tensor]:
        """Return shares by the published network, and power at its level, both of shape (frames, bins)."""
        level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
        scaled = samples * np.float32(_LEVEL / max(level, _LEAST_LEVEL))
        resampled = np.asarray(soxr.resample(scaled, MEL.rate_hz, RATE_HZ), np.float32)
        check_heeded()
        found = samples_of(speech_spectrum(self.network, spectrum_of(resampled)), len(resampled))
        check_heeded()
        speech = np.asarray(soxr.resample(found, RATE_HZ, MEL.rate_hz), np.float32)
        whole, spoken = Spectra().spectrum(torch.from_numpy(np.stack([scaled, speech]))).transpose(1, 2)
        power = power_of(whole)
        common = spoken.real * whole.real + spoken.imag * whole.imag
        return (common / power.clamp(min=_LEAST_POWER)).clamp(0.0, 1.0), power


def _log_odds(shares: Floats) -> Floats:
    bounded = np.clip(shares, _LEAST_SHARE, 1.0 - _LEAST_SHARE)
    return np.asarray(np.log(bounded / (1.0 - bounded)), np.float32)


def _shares(odds: Floats) -> Floats:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), np.float32)


def _forecasts(shares: Floats, power: Floats) -> tuple[Forecast | None, Forecast | None]:
    """Return the forecasts of isolating and removing speech; None in silence.

    A linear regression of levels relative to the window: of all else, of the speech, and of the doubt, the
    power where a share is neither 0 nor 1.

    Parameters
    ----------
    shares, power : of the frames inside the windows, shape (frames, bins)
    """
    total = float(power.sum(dtype=np.float64))
    if total <= _LEAST_POWER:
        return None, None
    parts = (1.0 - shares, shares, shares * (1.0 - shares))
    covered = [float((part * part * power).sum(dtype=np.float64)) / total for part in parts]
    levels_db = np.append(10.0 * np.log10(np.array(covered) + _LEAST_POWER_SHARE), 1.0)
    keep, remove = (float(levels_db @ np.array(weights)) for weights in (_KEEP, _REMOVE))
    keep = min(keep, float(levels_db[1]) - _LEAST_SPEECH_DB)
    found = zip((keep, remove), _SPREADS_DB, strict=True)
    first, second = (Forecast(expected + low, expected, expected + high) for expected, (low, high) in found)
    return first, second


def pooled_speech_separator() -> Separator:
    """Return the separator of speech; Offcut's own network alone where the published one is missing.

    Raises
    ------
    OffcutError : weights are damaged
    """
    own = speech_separator()
    if not DEEP_FILTER_WEIGHTS.is_file():
        _log.warning(
            "'%s' is missing: speech is separated less well. Install Offcut again.", DEEP_FILTER_WEIGHTS
        )
        return own
    return PooledSpeechSeparator(deep_filter_network(), own)
