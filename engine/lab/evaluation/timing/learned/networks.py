"""The two networks over the strokes of a performance."""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn

from engine.alignment.strokes import VOICES
from engine.lab.evaluation.timing.learned.inputs import CHOICES

OUTPUTS = CHOICES + len(VOICES)
"""Scores of the choices, then of each voice being at fault within its stroke."""


class _Block(nn.Module):
    """A residual dilated convolution over neighbouring strokes."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.spread = nn.Conv1d(width, width, 5, padding=2 * dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.dropout = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        told = self.norm(values).transpose(1, 2)
        made = self.mix(torch.relu(self.spread(told))).transpose(1, 2)
        return cast(Tensor, values + self.dropout(made))


class StrokeTcn(nn.Module):
    """A temporal convolutional network over strokes (Bai, Kolter, Koltun 2018), looking both ways.

    Takes float32 (batch, strokes, inputs) and a mask (batch, strokes) of valid strokes, returns
    (batch, strokes, OUTPUTS).
    """

    def __init__(
        self, inputs: int, width: int = 64, dilations: tuple[int, ...] = (1, 2, 4, 8, 16, 32)
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        self.blocks = nn.ModuleList([_Block(width, dilation, 0.1) for dilation in dilations])
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, OUTPUTS))

    def forward(self, features: Tensor, there: Tensor) -> Tensor:
        keep = there[:, :, None].to(features.dtype)
        values = self.enter(features) * keep
        for block in self.blocks:
            values = block(values) * keep
        return cast(Tensor, self.leave(values))


class StrokeTransformer(nn.Module):
    """A transformer over strokes (Vaswani and others 2017); takes and returns what `StrokeTcn` does."""

    def __init__(self, inputs: int, width: int = 64, layers: int = 4, heads: int = 4) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, width)
        layer = nn.TransformerEncoderLayer(
            width, heads, 2 * width, dropout=0.1, batch_first=True, norm_first=True
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.leave = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, OUTPUTS))

    def forward(self, features: Tensor, there: Tensor) -> Tensor:
        values = self.enter(features)
        values = values + _order(values.shape[1], values.shape[2])
        values = self.layers(values, src_key_padding_mask=~there)
        return cast(Tensor, self.leave(values))


def _order(length: int, width: int) -> Tensor:
    """Return which stroke each is, as sines and cosines, shape (length, width)."""
    places = torch.arange(length, dtype=torch.float32)[:, None]
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(1000.0) / width))
    return torch.cat([torch.sin(places * rates), torch.cos(places * rates)], dim=1)


NETWORKS = {"tcn": StrokeTcn, "transformer": StrokeTransformer}
