"""A U-Net over magnitudes whose bottleneck and decoder are modulated by words.

Text-guided separation as it was published before this network: a spectrum of 1024 points every 256 samples at
16 kHz, a text embedding, FiLM (E. Perez et al., AAAI 2018), four levels of 64 to 512 channels, a soft mask.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 64
LEVELS = 4
"""With the bottleneck, which is the widest."""
_CONDITION = 128
_LOUDEST = 50.0
"""Factor over the loudest bin of a view before its logarithm is taken, so that the level does not matter."""


class _Convolutions(nn.Module):
    """Two convolutions, each normalised; the last is modulated where there is a condition."""

    def __init__(self, narrow: int, wide: int, *, modulated: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(wide)
        self.film = nn.Linear(_CONDITION, 2 * wide) if modulated else None

    def forward(self, image: Tensor, condition: Tensor | None) -> Tensor:
        image = functional.relu(self.first_norm(self.first(image)))
        image = self.second_norm(self.second(image))
        if self.film is not None:
            gain, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
            image = image * (1.0 + gain) + shift
        return functional.relu(image)


class FilmNetwork(nn.Module):
    """Magnitudes, shape (batch, frames, bins), and words, shape (batch, size), to shares within [0, 1].

    Parameters
    ----------
    width : channels of the first level; each level below has twice as many
    size : numbers of a vector of words, which has length 1; 0 for the text-agnostic baseline, without FiLM
    """

    def __init__(self, width: int, size: int) -> None:
        super().__init__()
        self.widths = tuple(width * 2**level for level in range(LEVELS))
        self.size = size
        upper = self.widths[:-1]
        modulated = size > 0
        self.condition = nn.Sequential(nn.Linear(size, _CONDITION), nn.ReLU()) if modulated else None
        self.down = nn.ModuleList(
            _Convolutions(narrow, wide, modulated=False) for narrow, wide in pairwise((1, *upper))
        )
        self.bottleneck = _Convolutions(*self.widths[-2:], modulated=modulated)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, 2, stride=2) for narrow, wide in pairwise(self.widths)
        )
        self.merge = nn.ModuleList(_Convolutions(2 * wide, wide, modulated=modulated) for wide in upper)
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, magnitudes: Tensor, words: Tensor) -> Tensor:
        """Return shares of the same shape as the magnitudes."""
        frames, bins = magnitudes.shape[1:]
        loudest = magnitudes.amax(dim=(1, 2), keepdim=True).clamp(min=1e-6)
        step = 2 ** (LEVELS - 1)
        padded = functional.pad(
            torch.log1p(_LOUDEST * magnitudes / loudest), (0, -bins % step, 0, -frames % step)
        )
        condition = None if self.condition is None else self.condition(words * self.size**0.5)
        image, skipped = padded[:, None], []
        for down in self.down:
            image = down(image, condition)
            skipped.append(image)
            image = functional.max_pool2d(image, 2)
        image = self.bottleneck(image, condition)
        for level in reversed(range(LEVELS - 1)):
            image = torch.cat([self.up[level](image), skipped[level]], dim=1)
            image = self.merge[level](image, condition)
        return torch.sigmoid(self.out(image)[:, 0, :frames, :bins])
