"""Vectors of voices: speech of one speaker gives similar ones.

L. Wan, Q. Wang, A. Papir and I. L. Moreno, "Generalized end-to-end loss for speaker verification" (ICASSP
2018). Three recurrent layers over 1.6 s of mel power. The weights are those published with Resemblyzer, at
half precision.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.learning.loop import with_weights
from engine.analysis.signal.bands import MelSettings
from engine.analysis.signal.stft import mel_power_blocks
from engine.core.build import RESOURCES

Floats = NDArray[np.float32]

RATE_HZ = 16_000
VOICE_ENCODER_WEIGHTS = RESOURCES / "voice_encoder" / "voice_encoder.safetensors"
WINDOW_S, STEP_S = 1.6, 0.4
"""Length of the speech behind a vector, and the time from one to the next."""
SIZE = 256
_MEL = MelSettings(rate_hz=RATE_HZ, n_fft=400, hop_samples=160, n_mels=40)
_FRAMES, _STEP = (round(length_s * RATE_HZ) // _MEL.hop_samples for length_s in (WINDOW_S, STEP_S))
_AT_ONCE = 64
_LEVEL = 10.0 ** (-30.0 / 20.0)
"""Of the speech that the network was trained with."""
_LEAST_LEVEL = 1e-6


class VoiceEncoder(nn.Module):
    """Mel power of windows to a vector of length 1 each."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(_MEL.n_mels, SIZE, 3, batch_first=True)
        self.linear = nn.Linear(SIZE, SIZE)

    def forward(self, mel: Tensor) -> Tensor:
        """Return vectors, shape (windows, SIZE).

        Parameters
        ----------
        mel : power, shape (windows, frames, bands)
        """
        _, (states, _) = self.lstm(mel)
        return functional.normalize(functional.relu(self.linear(states[-1])), dim=1)


@cache
def voice_encoder(weights: Path = VOICE_ENCODER_WEIGHTS) -> VoiceEncoder:
    """Return the network that comes with Offcut.

    Raises
    ------
    OffcutError : the weights are missing or damaged
    """
    return with_weights(VoiceEncoder(), weights, "speakers")


@torch.inference_mode()
def voice_vectors(network: VoiceEncoder, speech: Iterable[Floats]) -> Floats:
    """Return the vectors of a stream of speech, shape (windows, SIZE).

    Window i begins at `STEP_S` * i. The last one ends after the stream by less than `STEP_S`; a stream that
    is shorter than a window has one. Each block is raised or lowered to the level of the training.

    Parameters
    ----------
    speech : blocks without pauses, mono at `RATE_HZ`, of the same voice or long, each of shape (n,)
    """
    found, waiting = list[Floats](), np.zeros((0, _MEL.n_mels), np.float32)

    def take(mel: Floats) -> Floats:
        """Compute the vectors of whole windows and return the frames that later windows need."""
        if len(mel) < _FRAMES:
            return mel
        windows = torch.tensor(mel).unfold(0, _FRAMES, _STEP).transpose(1, 2)
        found.extend(network(some).numpy() for some in torch.split(windows, _AT_ONCE))
        return mel[len(windows) * _STEP :]

    for mel in mel_power_blocks(map(_at_level, speech), _MEL):
        waiting = take(np.concatenate([waiting, mel]))
    overlap = _FRAMES - _STEP if found else 0
    if len(waiting) > overlap + 1:
        take(np.pad(waiting, ((0, max(0, _FRAMES - len(waiting))), (0, 0))))
    return np.concatenate(found) if found else np.zeros((0, SIZE), np.float32)


def _at_level(samples: Floats) -> Floats:
    level = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if len(samples) else 0.0
    return samples * np.float32(_LEVEL / max(level, _LEAST_LEVEL))
