"""Silero VAD: the probability of a voice in each 32 ms of a recording.

Silero Team, "Silero VAD: pre-trained enterprise-grade voice activity detector"
(github.com/snakers4/silero-vad). Magnitudes of four spectra to each step, convolutions over them, and a
recurrent layer over the steps. The weights are published ones for 16 kHz, at half precision; decision 41
has figures.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.learning.loop import few_threads, with_weights
from engine.core.build import RESOURCES

Floats = NDArray[np.float32]

RATE_HZ = 16_000
SILERO_WEIGHTS = RESOURCES / "silero_vad" / "silero_vad.safetensors"
STEP = 512
"""Samples from one probability to the next."""
_BEFORE = 64
"""Samples before a step that the network gets again."""
_N_FFT, _HOP, _REFLECTED = 256, 128, 64
_CHANNELS = 128
_LEVEL = 0.1
"""Root mean square that the network gets: its answer depends on the level."""
_LEAST_LEVEL = 1e-3


class SileroNetwork(nn.Module):
    """Magnitudes of the spectra of each step to the log odds of a voice."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(_N_FFT // 2 + 1, _CHANNELS, 3, padding=1)
        self.conv2 = nn.Conv1d(_CHANNELS, 64, 3, 2, padding=1)
        self.conv3 = nn.Conv1d(64, 64, 3, 2, padding=1)
        self.conv4 = nn.Conv1d(64, _CHANNELS, 3, padding=1)
        self.lstm = nn.LSTM(_CHANNELS, _CHANNELS)
        self.final_conv = nn.Conv1d(_CHANNELS, 1, 1)

    def forward(self, magnitudes: Tensor) -> Tensor:
        """Return log odds, shape (steps,).

        Parameters
        ----------
        magnitudes : shape (steps, bins, 4)
        """
        found = magnitudes
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            found = functional.relu(convolution(found))
        states, _ = self.lstm(found[:, :, 0])
        odds: Tensor = self.final_conv(functional.relu(states)[:, :, None])[:, 0, 0]
        return odds


@cache
def silero_network(weights: Path = SILERO_WEIGHTS) -> SileroNetwork:
    """Return the network that comes with Offcut.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return with_weights(SileroNetwork(), weights, "voices")


@torch.inference_mode()
def voice_odds(network: SileroNetwork, samples: Floats) -> Floats:
    """Return the log odds of a voice of each `STEP` begun, shape (steps,).

    The samples are raised or lowered to the level of speech.

    Parameters
    ----------
    samples : mono at `RATE_HZ`, shape (n,); the network begins without a past
    """
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    scaled = samples * np.float32(_LEVEL / max(level, _LEAST_LEVEL))
    padded = torch.from_numpy(np.pad(scaled, (_BEFORE, -len(samples) % STEP)))
    if len(padded) < _BEFORE + STEP:
        return np.zeros(0, np.float32)
    steps = functional.pad(padded.unfold(0, _BEFORE + STEP, STEP)[:, None], (0, _REFLECTED), "reflect")[:, 0]
    with few_threads():
        frames = steps.unfold(1, _N_FFT, _HOP) * _window()
        found: Floats = network(torch.fft.rfft(frames).abs().transpose(1, 2)).numpy()
    return found


@cache
def _window() -> Tensor:
    return torch.hann_window(_N_FFT)
