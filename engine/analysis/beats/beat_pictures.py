"""Features from beat to beat, and a small network that estimates bars and metrical levels.

After S. Durand and others, "Robust downbeat tracking using an ensemble of convolutional networks" (IEEE/ACM
TASLP 2017), and F. Krebs and others, "Downbeat tracking using beat-synchronous features and recurrent neural
networks" (ISMIR 2016): once beats are known, the audio between them is analysed in parts of a beat, at any
tempo. A bar is then four steps long instead of a hundred frames, and half or double the tempo can be
presented to a network.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.beats.features import BANDS, FRAMES_PER_S
from engine.analysis.learning.shipped import with_weights
from engine.analysis.signal import span_means

WEIGHTS = Path(__file__).resolve().parents[3] / "resources" / "models" / "bars.safetensors"
PARTS = 12
"""Of a beat: it can be halved, quartered and divided by three."""
_POOLED = 16
FEATURES = PARTS * 2 * _POOLED + 2
_DILATIONS = (1, 2, 4, 8)
_USUAL_PERIOD_S = 0.5

Pictures = NDArray[np.float32]


def running_sums(heard: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums, up to each frame, of levels and of their rises in 16 bands, shape (frames + 1, 32).

    Parameters
    ----------
    heard : shape (frames, BANDS), from `engine.analysis.beats.features.heard`
    """
    rises = np.maximum(np.diff(heard, axis=0, prepend=heard[:1]), 0.0)
    both = np.concatenate([heard, 2.0 * rises], axis=1).reshape(len(heard), 2 * _POOLED, BANDS // _POOLED)
    return span_means.running_sums(both.mean(axis=2))


def pictures(sums: NDArray[np.floating], frames: NDArray[np.float64]) -> Pictures:
    """Return the features in each part of each beat, float32, shape (n, FEATURES).

    Parameters
    ----------
    sums : of `running_sums`
    frames : float64, shape (n,), places of the beats in frames, strictly ascending, two at least
    """
    periods = np.diff(frames, append=2.0 * frames[-1] - frames[-2])
    edges = frames[:, None] + periods[:, None] * (np.arange(PARTS + 1) - 0.5) / PARTS
    # The middle of frame i is at i: it lasts from half a frame before to half a frame after.
    means = np.diff(span_means.sums_at(sums, edges + 0.5), axis=1) / (periods / PARTS)[:, None, None]
    slow = np.log2(periods / FRAMES_PER_S / _USUAL_PERIOD_S)[:, None]
    drawn = [means.reshape(len(frames), -1), slow, slow**2]
    pictured: Pictures = np.concatenate(drawn, axis=1).astype(np.float32)
    return pictured


class BarNetwork(nn.Module):
    """Pictures of beats, shape (batch, beats, FEATURES), to logits, shape (batch, beats, 2).

    The first is that a beat is a downbeat, the second that this is the level a person would count at.
    """

    def __init__(self, channels: int = 64, dropout: float = 0.25) -> None:
        super().__init__()
        self.first = nn.Linear(FEATURES, channels)
        self.norm = nn.LayerNorm(channels)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=dilation, dilation=dilation) for dilation in _DILATIONS
        )
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(channels, 2)

    def forward(self, drawn: Tensor) -> Tensor:
        """Return logits, shape (batch, beats, 2)."""
        stream = functional.elu(self.norm(self.first(self.drop(drawn)))).transpose(1, 2)
        for dilated in self.dilated:
            stream = stream + self.drop(functional.elu(dilated(stream)))
        logits: Tensor = self.out(functional.elu(stream).transpose(1, 2))
        return logits


@torch.no_grad()
def told_of(network: BarNetwork, drawn: Pictures) -> NDArray[np.float32]:
    """Return the logits of one reading, float32, shape (beats, 2)."""
    told: NDArray[np.float32] = network(torch.tensor(drawn)[None])[0].numpy()
    return told


@cache
def trained_bars(path: Path) -> BarNetwork:
    """Load a network of bars.

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    return with_weights(BarNetwork(), path, "bars")
