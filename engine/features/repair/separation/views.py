"""Surroundings of the windows of a recording, as the separator's input."""

from __future__ import annotations

import torch
from torch import Tensor

_EDGE_FRAMES = 3
"""Frames next to a window whose analysis still overlaps it."""
_LEAST_FRAMES = 8
_LEAST_OF_LOUDEST = 1e-5
"""Surroundings below this share of the window's power count as silent: -50 dB."""


def outside(inside: Tensor) -> Tensor:
    """Return whether frames are clear of all windows, bool, shape (frames,)."""
    near = torch.nn.functional.max_pool1d(
        inside.float()[None, None], 2 * _EDGE_FRAMES + 1, stride=1, padding=_EDGE_FRAMES
    )
    return near[0, 0] == 0


def around(power: Tensor, inside: Tensor) -> Tensor:
    """Return mean and deviation of the logarithm of the power outside the windows, shape (2, bands).

    Parameters
    ----------
    power : mel power, shape (frames, bands)
    inside : bool, shape (frames,)
    """
    heard = power[outside(inside)]
    if len(heard) < _LEAST_FRAMES:
        return torch.zeros(2, power.shape[1])
    levels = torch.log(heard + 1e-6 * heard.mean() + 1e-12)
    return torch.stack([levels.mean(dim=0), levels.std(dim=0)])


def surrounds(power: Tensor, inside: Tensor) -> bool:
    """Return whether the surroundings of the windows are audible."""
    heard = power[outside(inside)]
    if len(heard) < _LEAST_FRAMES:
        return False
    return bool(heard.mean() > _LEAST_OF_LOUDEST * power[inside].mean())
