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
from engine.learning.shipped import with_weights
from engine.learning.torch_threads import few_threads
from engine.separation.mask import Mask
from engine.separation.networked import HOP_S, inside_frames
from engine.separation.separator import Prompt, Stretch
from engine.separation.speech.network import SpeechNetwork

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "speech.safetensors"
_LEAST_SHARE, _LEAST_POWER = 1e-3, 1e-12
_SLOPE, _OFFSET = 1.86, 4.0
"""Fitted on 240 mixtures of voices that are trained on over backgrounds that are not, and on 240 without."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechSeparator:
    """See `Separator`; whatever the prompts say, the masks are those of speech."""

    network: SpeechNetwork
    name: str = "offcut-speech-1"

    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt."""
        shares, _power = self._analysed(stretch)
        return (Mask(shares.numpy(), 0.0, HOP_S, band_centres_hz()),) * len(prompts)

    def probability(self, stretch: Stretch) -> float:
        """Return how likely somebody speaks in the windows of a stretch.

        A logistic regression of the share of power that the mask covers, in the fifth of the frames in which
        it covers most.
        """
        found = self._analysed(stretch)
        inside = inside_frames(stretch.windows_s, len(found[0]))
        shares, power = (each[inside].numpy() for each in found)
        total = power.sum(axis=1)
        if not total.any():
            return 0.0
        covered = np.sort((shares * power).sum(axis=1) / np.maximum(total, _LEAST_POWER))
        fullest = float(covered[-max(1, len(covered) // 5) :].mean())
        return 1.0 / (1.0 + float(np.exp(-_SLOPE * np.log(fullest + _LEAST_SHARE) - _OFFSET)))

    @torch.inference_mode()
    def _analysed(self, stretch: Stretch) -> tuple[Tensor, Tensor]:
        """Return the shares that are speech, and mel power, shape (frames, bands) each."""
        with few_threads():
            spectra = Spectra()
            power = spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))
            return torch.sigmoid(self.network(power)[0])[0], power[0]


@cache
def speech_separator(weights: Path = WEIGHTS) -> SpeechSeparator:
    """Return the separator of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return SpeechSeparator(with_weights(SpeechNetwork(), weights, "speech"))
