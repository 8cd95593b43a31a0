"""A network that embeds sounds in the space of words, close to the vectors of their names.

Residual convolutions over time and frequency, as in Q. Kong et al., "PANNs: large-scale pretrained audio
neural networks" (2020) on a small scale; the space is that of `engine.analysis.words.text`, as in CLAP (Y. Wu
et al., ICASSP 2023), but learned from sounds with names only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from engine.analysis.detection.spectra import MEL
from engine.analysis.words.text import SIZE

WIDTHS = (24, 48, 96, 192, 256)
FRAMES_EACH = 2 ** (len(WIDTHS) - 1)
"""Frames of levels for each vector: 16, 0.256 s."""
STEP_SAMPLES = FRAMES_EACH * MEL.hop_samples
"""Samples for each vector."""
_MEAN, _SPREAD = -9.0, 4.5
"""About the mean and deviation of levels of recordings whose peaks are near full scale."""


class _Block(nn.Module):
    def __init__(self, narrow: int, wide: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.first = nn.Conv2d(narrow, wide, 3, padding=1, stride=stride, bias=False)
        self.first_norm = nn.BatchNorm2d(wide)
        self.second = nn.Conv2d(wide, wide, 3, padding=1, bias=False)
        self.second_norm = nn.BatchNorm2d(wide)

    def forward(self, image: Tensor) -> Tensor:
        carried = functional.relu(self.first_norm(self.first(image)))
        return functional.relu(carried + self.second_norm(self.second(carried)))


class SoundNetwork(nn.Module):
    """Levels, shape (batch, frames, bands), to vectors, shape (batch, frames / FRAMES_EACH, SIZE).

    Parameters
    ----------
    dropout : share of features dropped in training
    """

    def __init__(self, dropout: float = 0.2) -> None:
        super().__init__()
        strides = [(2, 2)] * (len(WIDTHS) - 1) + [(1, 2)]
        self.blocks = nn.Sequential(
            *(
                _Block(narrow, wide, stride)
                for narrow, wide, stride in zip((1, *WIDTHS[:-1]), WIDTHS, strides, strict=True)
            )
        )
        bands = MEL.n_mels // 2 ** len(WIDTHS)
        self.gather = nn.Linear(WIDTHS[-1] * bands, 384)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(384, SIZE)
        self.loudness = nn.Linear(384, 1)
        self.sharpness = nn.Parameter(torch.tensor(10.0))
        self.rarity = nn.Parameter(torch.tensor(-4.0))

    def forward(self, levels: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors, shape (batch, steps, SIZE), and their pooling weights, shape (batch, steps)."""
        return self.told(self.features(levels)[-1])

    def features(self, levels: Tensor) -> list[Tensor]:
        """Return the output of each block, images of shape (batch, width, frames, bands), ever coarser."""
        image = ((levels - _MEAN) / _SPREAD)[:, None].to(memory_format=torch.channels_last)
        found = []
        for block in self.blocks:
            image = block(image)
            found.append(image)
        return found

    def told(self, deepest: Tensor) -> tuple[Tensor, Tensor]:
        """Return vectors and pooling weights, as `forward` does, from the output of the last block."""
        heard = functional.relu(self.gather(self.drop(deepest.permute(0, 2, 1, 3).flatten(2))))
        return self.out(self.drop(heard)), self.loudness(heard)[..., 0]

    def told_by_band(self, deepest: Tensor) -> Tensor:
        """Return the vectors that each band alone would give, shape (batch, steps, bands, SIZE)."""
        bands = deepest.shape[3]
        weights = self.gather.weight.view(-1, WIDTHS[-1], bands)
        alone = torch.einsum("bwtf,owf->btfo", deepest, weights) + self.gather.bias
        vectors: Tensor = self.out(functional.relu(alone))
        return vectors

    def pooled(self, vectors: Tensor, telling: Tensor, within: Tensor | None = None) -> Tensor:
        """Return a weighted mean vector of length 1 for each segment, shape (batch, SIZE).

        Parameters
        ----------
        within : bool, shape (batch, steps), the steps to use; all by default
        """
        if within is not None:
            telling = telling.masked_fill(~within, -30.0)
        shares = torch.softmax(telling, dim=1)
        return functional.normalize((vectors * shares[..., None]).sum(dim=1), dim=1)

    def logits(self, heard: Tensor, words: Tensor) -> Tensor:
        """Return log odds of words, shape (..., prompts).

        Parameters
        ----------
        heard : vectors of length 1, shape (..., SIZE)
        words : vectors of prompts of length 1, shape (prompts, SIZE)
        """
        return self.sharpness * (heard @ words.T) * 2.0 + self.rarity
