"""A network that estimates which share of each moment and band is speech.

Convolutions over time and bands with recurrent units over time at the deepest level, as in K. Tan and D.
Wang, "A convolutional recurrent neural network for real-time speech enhancement" (Interspeech 2018); here the
units run both ways, since the whole recording is available.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from engine.analysis.detection.spectra import MEL

WIDTHS = (24, 32, 48)
"""Channels at a half, a quarter and an eighth of the bands."""
_STATE = 96
_CARRIED = 192
_QUIETEST = 1e-6
"""Power relative to the mean of a recording below which bands are equal: -60 dB."""


class _Block(nn.Module):
    """Two convolutions around which the input is carried; a stride halves the number of bands."""

    def __init__(self, narrow: int, wide: int, stride: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1, stride=(1, stride), bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)

    def forward(self, image: Tensor) -> Tensor:
        carried = functional.relu(self.first_norm(self.first(image)))
        return functional.relu(carried + self.second_norm(self.second(carried)))

    def fold(self) -> None:
        """Make the normalisations part of the convolutions; the network no longer learns."""
        self.first = fuse_conv_bn_eval(self.first, self.first_norm)
        self.second = fuse_conv_bn_eval(self.second, self.second_norm)
        self.first_norm = self.second_norm = nn.Identity()  # type: ignore[assignment]


class SpeechNetwork(nn.Module):
    """Mel power, shape (batch, frames, bands), to logits of the shares that are speech."""

    def __init__(self) -> None:
        super().__init__()
        deepest = WIDTHS[-1] * MEL.n_mels // 2 ** len(WIDTHS)
        self.stem = nn.Conv2d(2, WIDTHS[0], (3, 4), padding=1, stride=(1, 2))
        self.down = nn.ModuleList(_Block(narrow, wide, 2) for narrow, wide in pairwise(WIDTHS))
        self.gather = nn.Linear(deepest, _CARRIED)
        self.over_time = nn.GRU(_CARRIED, _STATE, 2, batch_first=True, bidirectional=True)
        self.spread = nn.Linear(2 * _STATE, deepest)
        self.is_speech = nn.Linear(2 * _STATE, 1)
        self.up = nn.ModuleList(
            nn.ConvTranspose2d(wide, narrow, (1, 2), stride=(1, 2)) for narrow, wide in pairwise(WIDTHS)
        )
        self.merge = nn.ModuleList(_Block(width, width) for width in WIDTHS[:-1])
        self.out = nn.ConvTranspose2d(WIDTHS[0], 1, (1, 2), stride=(1, 2))

    def fold(self) -> None:
        """Make normalisations part of convolutions; inference takes a third less time, and learning ends."""
        for block in (*self.down, *self.merge):
            block.fold()

    def forward(self, power: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of the shares, of the shape of `power`, and log odds of speech, (batch, frames).

        Only learning looks at the latter.
        """
        mean = power.mean(dim=(1, 2), keepdim=True).clamp(min=1e-12)
        levels = torch.log(power / mean + _QUIETEST)
        usual = levels.mean(dim=1, keepdim=True)
        image = torch.stack([(levels + 3.0) / 4.0, (levels - usual) / 4.0], dim=1)
        image = functional.relu(self.stem(image.contiguous(memory_format=torch.channels_last)))
        kept = []
        for down in self.down:
            kept.append(image)
            image = down(image)
        batch, width, frames, bands = image.shape
        gathered = functional.relu(self.gather(image.permute(0, 2, 1, 3).flatten(2)))
        states = self.over_time(gathered)[0]
        image = image + self.spread(states).reshape(batch, frames, width, bands).permute(0, 2, 1, 3)
        for level in reversed(range(len(kept))):
            image = self.merge[level](functional.relu(self.up[level](image)) + kept[level])
        return self.out(image)[:, 0], self.is_speech(states)[..., 0]
