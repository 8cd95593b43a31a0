"""InfoNCE: a contrastive loss that draws paired vectors together."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, normalize


def info_nce(some: Tensor, others: Tensor, temperature: float) -> Tensor:
    """Return the InfoNCE loss, a scalar, of pairs of vectors, both of shape (batch, size), row by row.

    The other of a pair is to be distinguished from those of all other pairs, in both directions (A. van den
    Oord et al., "Representation learning with contrastive predictive coding", 2018; symmetric as in CLIP).
    """
    alike = normalize(some, dim=1) @ normalize(others, dim=1).T / temperature
    own = torch.arange(len(alike))
    return (cross_entropy(alike, own) + cross_entropy(alike.T, own)) / 2
