"""The Audio Slicer autoencoder: it only reconstructs sounds like its training music."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from engine.features.taste.anomaly.recipes.recipe import Network
from engine.lab.recipes.segments.patch_transformer import PatchTransformer
from engine.lab.recipes.segments.settings import SegmentConfig


class SegmentAutoencoder(nn.Module):
    """Convolve and pool down, squeeze through a few numbers, convolve transposed back up.

    Takes and returns standardised log-mel segments, shape (batch, 1, n_mels, segment_frames).
    """

    def __init__(self, config: SegmentConfig) -> None:
        super().__init__()
        dims = config.hidden_dims
        step = 2 ** len(dims)
        self.coarse_shape = (dims[-1], config.mel.n_mels // step, config.segment_frames // step)
        coarse = self.coarse_shape[0] * self.coarse_shape[1] * self.coarse_shape[2]
        self.down = coarsening(config)
        # Normalised, since a fresh linear layer lets so little through that the first ten epochs ignore it.
        self.squeeze = nn.Sequential(
            nn.Linear(coarse, config.latent_dim), nn.BatchNorm1d(config.latent_dim, affine=False)
        )
        self.unsqueeze = nn.Linear(config.latent_dim, coarse)
        rising = dims[::-1]
        self.up = nn.Sequential(*(_up(before, after) for before, after in pairwise(rising)))
        self.out = nn.ConvTranspose2d(rising[-1], 1, kernel_size=4, stride=2, padding=1)

    def encode(self, segments: Tensor) -> Tensor:
        """Squeeze segments, shape (batch, 1, n_mels, segment_frames), to (batch, latent_dim)."""
        latent: Tensor = self.squeeze(self.down(segments).flatten(1))
        return latent

    def decode(self, latent: Tensor) -> Tensor:
        """Rebuild segments, shape (batch, 1, n_mels, segment_frames), from (batch, latent_dim)."""
        coarse = self.unsqueeze(latent).unflatten(1, self.coarse_shape)
        rebuilt: Tensor = self.out(self.up(coarse.contiguous(memory_format=torch.channels_last)))
        return rebuilt

    def forward(self, segments: Tensor) -> Tensor:
        """Rebuild segments, shape (batch, 1, n_mels, segment_frames)."""
        return self.decode(self.encode(segments))


def coarsening(config: SegmentConfig) -> nn.Module:
    """Build the encoder of segments to (batch, hidden_dims[-1], n_mels / step, segment_frames / step).

    `step` is two for every convolution.
    """
    dims = config.hidden_dims
    if config.encoder == "transformer":
        return PatchTransformer(config.mel.n_mels, config.segment_frames, 2 ** len(dims), dims[-1])
    return nn.Sequential(*(_down(before, after) for before, after in pairwise((1, *dims))))


def laid_out(network: Network) -> Network:
    """Return a network, laid out in memory the way CPUs convolve fastest."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def build(config: SegmentConfig) -> SegmentAutoencoder:
    """Make the autoencoder a recipe asks for."""
    return laid_out(SegmentAutoencoder(config))


def rebuild_errors(rebuilt: Tensor, segments: Tensor) -> Tensor:
    """Return the mean squared error of rebuilt segments, shape (batch,)."""
    return (rebuilt - segments).square().mean(dim=(1, 2, 3))


def _down(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel_size=3, padding=1), nn.MaxPool2d(2), nn.BatchNorm2d(after), nn.ReLU()
    )


def _up(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(
        nn.ConvTranspose2d(before, after, kernel_size=4, stride=2, padding=1),
        nn.BatchNorm2d(after),
        nn.ReLU(),
    )
