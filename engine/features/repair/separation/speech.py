"""The network for speech as a separator, and how likely it detects speech in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from engine.analysis.detection.spectra import Spectra, band_centres_hz
from engine.analysis.detection.speech_network import SpeechNetwork
from engine.analysis.detection.speech_shares import WEIGHTS as SPEECH_WEIGHTS
from engine.analysis.detection.speech_shares import speech_network, speech_shares
from engine.analysis.learning.torch_threads import few_threads
from engine.features.repair.separation.mask import Mask
from engine.features.repair.separation.networked import HOP_S, inside_frames, whole_windows_s
from engine.features.repair.separation.separator import Prompt, Stretch

Floats = NDArray[np.float32]
_LEAST_SHARE, _LEAST_POWER = 1e-3, 1e-12
_SLOPE, _OFFSET = 1.86, 4.0
"""Fitted on 240 mixtures of voices that are trained on over backgrounds that are not, and on 240 without."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechSeparator:
    """See `Separator`; the masks are those of speech for any prompt."""

    network: SpeechNetwork
    name: str = "offcut-speech-1"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        with few_threads():
            shares = speech_shares(self.network, _power(stretch)).numpy()
        return (Mask(shares, 0.0, HOP_S, band_centres_hz()),) * len(prompts)

    def probabilities(self, stretch: Stretch) -> NDArray[np.float64]:
        """Return the probability of speech in each window of a segment, shape (windows,).

        A logistic regression of the share of power that the mask covers, in the fifth of the frames in which
        it covers most. The segment is analysed as a whole, as it was when the regression was fitted. Windows
        that reach beyond the segment are left out.
        """
        with torch.inference_mode(), few_threads():
            analysed = _power(stretch)
            shares = torch.sigmoid(self.network(analysed[None])[0])[0].numpy()
            power = analysed.numpy()
        fullest = [
            _fullest(shares[inside], power[inside])
            for inside in (inside_frames((each,), len(power)).numpy() for each in whole_windows_s(stretch))
        ]
        odds = _SLOPE * np.log(np.array(fullest) + _LEAST_SHARE) + _OFFSET
        return np.where(np.array(fullest) > 0.0, 1.0 / (1.0 + np.exp(-odds)), 0.0)


def _fullest(shares: Floats, power: Floats) -> float:
    """Return the covered share of power in the fifth of the frames in which it is highest; 0 in silence."""
    total = power.sum(axis=1)
    if not total.any():
        return 0.0
    covered = np.sort((shares * power).sum(axis=1) / np.maximum(total, _LEAST_POWER))
    return float(covered[-max(1, len(covered) // 5) :].mean())


@cache
def speech_separator(weights: Path = SPEECH_WEIGHTS) -> SpeechSeparator:
    """Return the separator of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return SpeechSeparator(speech_network(weights))


def _power(stretch: Stretch) -> Tensor:
    """Return mel power, shape (frames, bands)."""
    spectra = Spectra()
    return spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]
