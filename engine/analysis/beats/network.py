"""A temporal convolutional network of beats and downbeats, small enough for one processor core.

After M. E. P. Davies and S. Böck, "Temporal convolutional networks for musical audio beat tracking" (EUSIPCO
2019), and S. Böck and M. E. P. Davies, "Deconstruct, analyse, reconstruct" (ISMIR 2020): a few small
convolutions over time and frequency, then dilated, non-causal convolutions over time with residuals.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.beats.features import BANDS

LAYERS = 9
KERNEL = 5
CONTEXT_FRAMES = (KERNEL // 2) * (2**LAYERS - 1) + 2
"""Receptive field of the network to either side: 20.5 s."""


class BeatNetwork(nn.Module):
    """Levels, shape (batch, frames, BANDS), to logits of beat and downbeat, shape (batch, frames, 2).

    Parameters
    ----------
    channels : width of the dilated part
    dropout : share of channels left out while learning
    """

    def __init__(self, channels: int = 48, dropout: float = 0.0) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 8, 3, padding=1)
        self.second = nn.Conv2d(8, 12, (1, 8), padding=(0, 4))
        self.third = nn.Conv2d(12, 24, 3, padding=1)
        pooled = ((BANDS // 3) + 1) // 3
        self.gather = nn.Conv1d(24 * pooled, channels, 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, channels, KERNEL, padding=KERNEL // 2 * 2**layer, dilation=2**layer)
            for layer in range(LAYERS)
        )
        self.pointwise = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(LAYERS))
        self.drop = nn.Dropout1d(dropout)
        self.out = nn.Conv1d(channels, 2, 1)
        assert self.out.bias is not None
        nn.init.constant_(self.out.bias, -3.0)  # most frames are not a beat

    def forward(self, levels: Tensor) -> Tensor:
        """Return logits, shape (batch, frames, 2)."""
        image = levels[:, None]
        image = functional.max_pool2d(functional.elu(self.first(image)), (1, 3))
        image = functional.max_pool2d(functional.elu(self.second(image)), (1, 3))
        image = functional.elu(self.third(image))
        stream = functional.elu(self.gather(image.permute(0, 1, 3, 2).flatten(1, 2)))
        stream = self.drop(stream)
        for dilated, pointwise in zip(self.dilated, self.pointwise, strict=True):
            stream = stream + pointwise(self.drop(functional.elu(dilated(stream))))
        logits: Tensor = self.out(functional.elu(stream)).transpose(1, 2)
        return logits


@torch.no_grad()
def chunked_probabilities(network: BeatNetwork, levels: Tensor, chunk_frames: int = 15_000) -> Tensor:
    """Return probabilities of beat and downbeat, shape (frames, 2), of levels of any length.

    Chunks overlap by the receptive field, so that the result equals that of the whole recording.

    Parameters
    ----------
    levels : shape (frames, BANDS), from `engine.analysis.beats.features.heard`
    """
    pieces = []
    for start in range(0, len(levels), chunk_frames):
        stop = min(len(levels), start + chunk_frames)
        first, last = max(0, start - CONTEXT_FRAMES), min(len(levels), stop + CONTEXT_FRAMES)
        logits = network(levels[None, first:last])[0]
        pieces.append(torch.sigmoid(logits[start - first : stop - first]))
    return torch.cat(pieces) if pieces else torch.zeros(0, 2)
