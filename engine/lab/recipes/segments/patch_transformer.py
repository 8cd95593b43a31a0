"""A transformer instead of the encoder's convolutions: distant parts of a segment are related in one layer.

A. Dosovitskiy et al., "An image is worth 16x16 words", ICLR 2021; over spectrograms as in Y. Gong, Y.-A.
Chung and J. Glass, "AST: Audio Spectrogram Transformer", Interspeech 2021. Small, and learned from scratch
here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

_LAYERS = 2
_WIDTH_OF_A_HEAD = 32
_PLACE_STD = 0.02


class PatchTransformer(nn.Module):
    """Cut segments into square patches, let every patch look at every other, and lay them out again.

    Takes segments, shape (batch, 1, n_mels, frames), and returns the same shape as the convolutions with the
    same number of pools, (batch, width, n_mels / patch, frames / patch).
    """

    def __init__(self, n_mels: int, frames: int, patch: int, width: int) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, width, kernel_size=patch, stride=patch)
        self.grid = (n_mels // patch, frames // patch)
        self.places = nn.Parameter(_PLACE_STD * torch.randn(1, self.grid[0] * self.grid[1], width))
        layer = nn.TransformerEncoderLayer(
            width,
            nhead=_heads(width),
            dim_feedforward=2 * width,
            dropout=0.0,
            activation="gelu",
            batch_first=True,
            norm_first=True,
        )
        self.layers = nn.TransformerEncoder(layer, _LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, segments: Tensor) -> Tensor:
        """Return the output of each patch, shape (batch, width, n_mels / patch, frames / patch)."""
        patches = self.patches(segments).flatten(2).transpose(1, 2)
        seen = self.norm(self.layers(patches + self.places))
        laid_out: Tensor = seen.transpose(1, 2).unflatten(2, self.grid)
        return laid_out


def _heads(width: int) -> int:
    """Return how many heads share a width: as many as fit that divide it."""
    return next(heads for heads in range(max(1, width // _WIDTH_OF_A_HEAD), 0, -1) if width % heads == 0)
