"""Encoder of windows, and a decoder that reconstructs hidden parts."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

_CHANNELS = (2, 24, 48, 96)
_SHRINK = 8
HIDINGS = 4
"""While scoring each quarter of the slices is hidden once, so that all of a window is filled in."""


class WindowEncoder(nn.Module):
    """Turns windows into vectors, and back.

    Takes standardised log-mel windows, shape (batch, slices, n_mels), and a mask of the same shape, 1 where
    hidden.
    """

    def __init__(self, slices: int, n_mels: int, latent: int) -> None:
        super().__init__()
        self._shape = (_CHANNELS[-1], slices // _SHRINK, n_mels // _SHRINK)
        flat = self._shape[0] * self._shape[1] * self._shape[2]
        down = (
            nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.GELU())
            for a, b in pairwise(_CHANNELS)
        )
        self.down = nn.Sequential(*down)
        self.to_latent = nn.Linear(flat, latent)
        self.from_latent = nn.Linear(latent, flat)
        backwards = (*reversed(_CHANNELS[1:]), _CHANNELS[1])
        up = (
            nn.Sequential(nn.ConvTranspose2d(a, b, 4, stride=2, padding=1), nn.BatchNorm2d(b), nn.GELU())
            for a, b in pairwise(backwards)
        )
        self.up = nn.Sequential(*up, nn.Conv2d(_CHANNELS[1], 1, 3, padding=1))

    def encode(self, windows: Tensor, hidden: Tensor) -> Tensor:
        """Return vectors of the visible parts, shape (batch, latent)."""
        seen = torch.stack([windows * (1.0 - hidden), hidden], dim=1)
        latent: Tensor = self.to_latent(self.down(seen).flatten(1))
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        """Return windows, shape (batch, slices, n_mels)."""
        image: Tensor = self.up(self.from_latent(latent).unflatten(1, self._shape))
        return image[:, 0]

    def forward(self, windows: Tensor, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors, and windows filled in."""
        latent = self.encode(windows, hidden)
        return latent, self.decode(latent)


def hidden_error(filled: Tensor, windows: Tensor, hidden: Tensor) -> Tensor:
    """Return the mean squared error over the hidden parts, shape (batch,)."""
    squares = (filled - windows).square() * hidden
    return squares.sum(dim=(1, 2)) / hidden.sum(dim=(1, 2)).clamp(min=1.0)


def hidings(slices: int, n_mels: int) -> Tensor:
    """Return the masks, shape (HIDINGS, slices, n_mels): every slice is hidden once."""
    turn = torch.arange(slices) * HIDINGS // slices
    masks = (turn == torch.arange(HIDINGS)[:, None]).float()
    return masks[:, :, None].expand(HIDINGS, slices, n_mels).contiguous()
