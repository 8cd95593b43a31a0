"""A critic distinguishes edited from reconstructed raw segments; an autoencoder is trained against it.

Both learn in one step of one optimiser: on its way from the critic to the autoencoder the gradient is
reversed (Y. Ganin and V. Lempitsky, "Unsupervised domain adaptation by backpropagation", ICML 2015), in place
of the turns of I. Goodfellow et al., "Generative adversarial nets", NeurIPS 2014.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

_CHANNELS = (1, 16, 32, 64)
_SLOPE = 0.2


class Critic(nn.Module):
    """Takes segments, shape (batch, 1, n_mels, frames); returns logits, shape (batch,), of being edited."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in pairwise(_CHANNELS):
            layers += [nn.Conv2d(before, after, kernel_size=4, stride=2, padding=1), nn.LeakyReLU(_SLOPE)]
        self.seen = nn.Sequential(*layers)
        self.verdict = nn.Linear(_CHANNELS[-1], 1)

    def forward(self, segments: Tensor) -> Tensor:
        """Return logits, shape (batch,)."""
        logits: Tensor = self.verdict(self.seen(segments).mean(dim=(2, 3)))
        return logits[:, 0]


class _Reversed(torch.autograd.Function):
    @staticmethod
    def forward(_context: Any, value: Tensor) -> Tensor:
        return value.view_as(value)

    @staticmethod
    def backward(_context: Any, gradient: Tensor) -> Tensor:
        return -gradient


def reversed_gradient(value: Tensor) -> Tensor:
    """Return a tensor as it is, through which a gradient comes back with its sign turned."""
    turned: Tensor = _Reversed.apply(value)  # type: ignore[no-untyped-call]
    return turned


def critic_loss(critic: nn.Module, edited: Tensor, rebuilt_raw: Tensor) -> Tensor:
    """Return the loss of the critic, a scalar: it minimises this, reconstructed raw segments maximise it.

    Parameters
    ----------
    edited, rebuilt_raw : segments, shape (batch, 1, n_mels, frames)
    """
    real, rebuilt = critic(edited), critic(reversed_gradient(rebuilt_raw))
    return 0.5 * (
        binary_cross_entropy_with_logits(real, torch.ones_like(real))
        + binary_cross_entropy_with_logits(rebuilt, torch.zeros_like(rebuilt))
    )
