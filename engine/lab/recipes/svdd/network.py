"""The networks of Music Anomalizer: fully connected autoencoders of embeddings, whose encoders are used.

No layer has a bias, and batch normalisation has no weights of its own: with either, a network could return
the same code for everything, a perfect and useless answer to the one-class objective (Ruff et al. 2018,
proposition 2).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from types import MappingProxyType

from torch import Tensor, nn

from engine.lab.recipes.svdd.settings import DeepSvddConfig

_ACTIVATIONS: Mapping[str, nn.Module] = MappingProxyType(
    {"ELU": nn.ELU(), "ReLU": nn.ReLU(), "LeakyReLU": nn.LeakyReLU(0.1)}
)


class ResidualLayer(nn.Module):
    """A layer that adds its output to `shortcut`: with zero weights it is the identity."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, numbers: Tensor, shortcut: Tensor) -> Tensor:
        """Return the sum, shape (batch, width), the shape of `shortcut`."""
        added: Tensor = self.layer(numbers)
        return added + shortcut


class Autoencoder(nn.Module):
    """Squeezes embeddings, shape (batch, size), to shape (batch, hidden_dims[-1]), and rebuilds them.

    Attributes
    ----------
    encoder : layers, the last one linear: trained by the one-class objective
    decoder : its mirror image; of "AEwRES" all but the last are `ResidualLayer`
    """

    def __init__(self, size: int, config: DeepSvddConfig) -> None:
        super().__init__()
        widths = (size, *config.hidden_dims)
        rising = widths[::-1]
        self.encoder = nn.Sequential(
            *(_layer(before, after, config) for before, after in pairwise(widths[:-1])),
            nn.Linear(widths[-2], widths[-1], bias=False),
        )
        decoder = [_layer(before, after, config) for before, after in pairwise(rising[:-1])]
        self.is_residual = config.network == "AEwRES"
        self.decoder = nn.ModuleList([ResidualLayer(one) for one in decoder] if self.is_residual else decoder)
        self.out = nn.Linear(rising[-2], size, bias=False)

    def forward(self, embeddings: Tensor) -> Tensor:
        """Rebuild embeddings, shape (batch, size)."""
        said = [embeddings]
        for layer in self.encoder:
            said.append(layer(said[-1]))
        numbers = said.pop()
        for layer in self.decoder:
            shortcut = (said.pop(),) if self.is_residual else ()
            numbers = layer(numbers, *shortcut)
        rebuilt: Tensor = self.out(numbers)
        return rebuilt


def _layer(before: int, after: int, config: DeepSvddConfig) -> nn.Module:
    linear, activation = nn.Linear(before, after, bias=False), _ACTIVATIONS[config.activation]
    if config.network == "Baseline":
        return nn.Sequential(linear, activation)
    return nn.Sequential(linear, nn.BatchNorm1d(after, affine=False), activation, nn.Dropout(config.dropout))
