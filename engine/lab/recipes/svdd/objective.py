"""Deep support vector data description: normal data are within a distance of one point.

L. Ruff et al., "Deep One-Class Classification", ICML 2018. An encoder φ is trained to map normal data close
to a centre c that is fixed beforehand; distant points are anomalous.
"""

from __future__ import annotations

import torch
from torch import Tensor

CENTRE_EPS = 0.1
"""How near to zero a coordinate of the centre may be, as in the authors' program."""


def centre_of(codes: Tensor, eps: float = CENTRE_EPS) -> Tensor:
    """Return the mean of the codes of one pass over the training material, clipped away from zero.

    A unit whose coordinate of the centre is zero is served best by weights of zero. So coordinates nearer to
    zero than `eps` are pushed to -eps or eps, whichever is on their side; exactly zero becomes eps.

    Parameters
    ----------
    codes : of the encoder before the objective is trained, shape (n, dims)

    Returns
    -------
    centre : shape (dims,)
    """
    mean = codes.mean(dim=0)
    pushed = torch.where(mean < 0.0, -eps, eps).to(mean.dtype)
    return torch.where(mean.abs() < eps, pushed, mean)


def squared_distances(codes: Tensor, centre: Tensor) -> Tensor:
    """Return ‖φ(x) − c‖² of each code: shape (n, dims) and (dims,) to (n,)."""
    return (codes - centre).square().sum(dim=1)


def one_class_loss(squared: Tensor) -> Tensor:
    """Return the mean of squared distances, shape (n,): equation 4; the optimizer adds its weight decay."""
    return squared.mean()


def soft_boundary_loss(squared: Tensor, radius: Tensor, nu: float) -> Tensor:
    """Return R² + mean(max(0, ‖φ(x) − c‖² − R²)) / ν: equation 3, of squared distances, shape (n,)."""
    outside = (squared - radius.square()).clamp(min=0.0)
    return radius.square() + outside.mean() / nu


def fitting_radius(squared: Tensor, nu: float) -> Tensor:
    """Return the R that minimises the soft-boundary loss for a fixed encoder.

    It is the (1 − ν)-quantile of the distances: a larger R would cost more than it saves, and a smaller one
    saves less than it costs.

    Parameters
    ----------
    squared : of the whole training material, shape (n,)
    """
    return torch.quantile(squared.sqrt(), 1.0 - nu)
