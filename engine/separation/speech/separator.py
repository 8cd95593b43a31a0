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
from engine.progress import check_heeded
from engine.separation.mask import Mask
from engine.separation.networked import HOP_S, inside_frames
from engine.separation.separator import Prompt, Stretch
from engine.separation.speech.network import SpeechNetwork

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "speech.safetensors"
_LEAST_SHARE, _LEAST_POWER = 1e-3, 1e-12
_VIEW_FRAMES = 192
"""Frames that are analysed at once, 3.1 s: the network was trained on 2.5 s and is worse on long inputs."""
_STEP_FRAMES = _VIEW_FRAMES // 2
_SLOPE, _OFFSET = 1.86, 4.0
"""Fitted on 240 mixtures of voices that are trained on over backgrounds that are not, and on 240 without."""


@dataclass(frozen=True, slots=True, eq=False)
class SpeechSeparator:
    """See `Separator`; whatever the prompts say, the masks are those of speech."""

    network: SpeechNetwork
    name: str = "offcut-speech-1"

    @torch.inference_mode()
    def masks(self, stretch: Stretch, prompts: Sequence[Prompt]) -> tuple[Mask, ...]:
        """Return the same mask for each prompt; views overlap by half and are crossfaded."""
        with few_threads():
            power = _power(stretch)
            shares, weights = torch.zeros_like(power), torch.zeros(len(power), 1)
            curve = torch.hann_window(_VIEW_FRAMES + 2, periodic=False)[1:-1, None]
            for first in _views(len(power)):
                check_heeded()
                here = slice(first, first + _VIEW_FRAMES)
                view = power[here]
                shares[here] += self._shares(view) * curve[: len(view)]
                weights[here] += curve[: len(view)]
            shares /= weights
        return (Mask(shares.numpy(), 0.0, HOP_S, band_centres_hz()),) * len(prompts)

    def probability(self, stretch: Stretch) -> float:
        """Return how likely somebody speaks in the windows of a stretch.

        A logistic regression of the share of power that the mask covers, in the fifth of the frames in which
        it covers most. The stretch is analysed as a whole, as it was when the regression was fitted.
        """
        with torch.inference_mode(), few_threads():
            analysed = _power(stretch)
            inside = inside_frames(stretch.windows_s, len(analysed))
            shares, power = self._shares(analysed)[inside].numpy(), analysed[inside].numpy()
        total = power.sum(axis=1)
        if not total.any():
            return 0.0
        covered = np.sort((shares * power).sum(axis=1) / np.maximum(total, _LEAST_POWER))
        fullest = float(covered[-max(1, len(covered) // 5) :].mean())
        return 1.0 / (1.0 + float(np.exp(-_SLOPE * np.log(fullest + _LEAST_SHARE) - _OFFSET)))

    def _shares(self, power: Tensor) -> Tensor:
        """Return the shares that are speech, of mel power, shape (frames, bands)."""
        return torch.sigmoid(self.network(power[None])[0])[0]


@cache
def speech_separator(weights: Path = WEIGHTS) -> SpeechSeparator:
    """Return the separator of speech that comes with Offcut, or one with other weights.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return SpeechSeparator(with_weights(SpeechNetwork(), weights, "speech"))


def _power(stretch: Stretch) -> Tensor:
    """Return mel power, shape (frames, bands)."""
    spectra = Spectra()
    return spectra.power(spectra.spectrum(torch.tensor(stretch.samples)[None]))[0]


def _views(frames: int) -> list[int]:
    """Return the first frames of views that cover all frames."""
    last = max(0, frames - _VIEW_FRAMES)
    return [*range(0, last, _STEP_FRAMES), last]
