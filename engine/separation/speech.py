"""The network for speech as a separator, and how likely it detects speech in a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engine.detection.spectra import Spectra, band_centres_hz
from engine.detection.speech_network import SpeechNetwork
from engine.detection.speech_shares import WEIGHTS, speech_network, speech_shares
from engine.learning.torch_threads import few_threads
from engine.separation.mask import Mask
from engine.separation.networked import HOP_S, inside_frames
from engine.separation.separator import Prompt, Stretch

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

    def probability(self, stretch: Stretch) -> float:
        """Return the probability of speech in the windows of a segment.

        A logistic regression of the share of power that the mask covers, in the fifth of the frames in which
        it covers most. The segment is analysed as a whole, as it was when the regression was fitted.
        """
        with torch.inference_mode(), few_threads():
            analysed = _power(stretch)
            inside = inside_frames(stretch.windows_s, len(analysed))
            shares = torch.sigmoid(self.network(analysed[None])[0])[0, inside].numpy()
            power = analysed[inside].numpy()
        total = power.sum(axis=1)
        if not total.any():
            return 0.0
        covered = np.sort((shares * power).sum(axis=1) / np.maximum(total, _LEAST_POWER))
        fullest = float(covered[-max(1, len(covered) // 5) :].mean())
        return 1.0 / (1.0 + float(np.exp(-_SLOPE * np.log(fullest + _LEAST_SHARE) - _OFFSET)))


@cache
def speech_separator(weights: Path = WEIGHTS) -> SpeechSeparator:
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
