"""A U-Net over magnitudes whose bottleneck and decoder are modulated by words.

Time-selective text-guided separation as the ancestor of this package published it: a spectrum of 1024 points
every 256 samples at 16 kHz, a text embedding, FiLM (E. Perez et al., AAAI 2018), four levels, a soft mask.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.words.text import SIZE

LEVELS = 4
_CONDITION = 128
_LOUDEST = 50.0
"""What the loudest moment of a bin is brought to, so that no level is another recording."""


class _Convolutions(nn.Module):
    """Two convolutions, each normalised; the last is modulated where there is a condition."""

    def __init__(self, narrow: int, wide: int, *, modulated: bool) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1)
        self.second_norm = nn.BatchNorm2d(wide)
        self.film = nn.Linear(_CONDITION, 2 * wide) if modulated else None

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        image = functional.relu(self.first_norm(self.first(image)))
        image = self.second_norm(self.second(image))
        if self.film is not None:
            gain, shift = self.film(condition)[:, :, None, None].chunk(2, dim=1)
            image = image * (1.0 + gain) + shift
        return functional.relu(image)


class FilmNetwork(nn.Module):
    """Magnitudes, shape (batch, frames, bins), and words, shape (batch, SIZE), to shares within [0, 1].

    Parameters
    ----------
    width : channels of the first level; each level below has twice as many
    """

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(LEVELS + 1)]
        self.condition = nn.Sequential(nn.Linear(SIZE, _CONDITION), nn.ReLU())
        self.down = nn.ModuleList(
            _Convolutions(narrow, wide, modulated=False)
            for narrow, wide in zip((1, *widths[: LEVELS - 1]), widths[:LEVELS], strict=True)
        )
        self.bottleneck = _Convolutions(widths[-2], widths[-1], modulated=True)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, 2, stride=2) for narrow, wide in pairwise(widths)
        )
        self.merge = nn.ModuleList(_Convolutions(2 * wide, wide, modulated=True) for wide in widths[:LEVELS])
        self.out = nn.Conv2d(width, 1, 1)

    def forward(self, magnitudes: Tensor, words: Tensor) -> Tensor:
        """Return shares of the same shape as the magnitudes."""
        frames, bins = magnitudes.shape[1:]
        loudest = magnitudes.amax(dim=(1, 2), keepdim=True).clamp(min=1e-6)
        padded = functional.pad(
            torch.log1p(_LOUDEST * magnitudes / loudest), (0, -bins % 2**LEVELS, 0, -frames % 2**LEVELS)
        )
        condition = self.condition(words * SIZE**0.5)
        image, kept = padded[:, None], []
        for down in self.down:
            image = down(image, condition)
            kept.append(image)
            image = functional.max_pool2d(image, 2)
        image = self.bottleneck(image, condition)
        for level in reversed(range(LEVELS)):
            image = torch.cat([self.up[level](image), kept[level]], dim=1)
            image = self.merge[level](image, condition)
        return torch.sigmoid(self.out(image)[:, 0, :frames, :bins])
