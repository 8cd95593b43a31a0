"""Weights written at half precision."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn


def save_half(network: nn.Module, path: Path, about: Mapping[str, str] | None = None) -> None:
    """Write the weights of a network at half precision, for `engine.analysis.learning.loop.with_weights`.

    What is too large for it, as variances of batches may be, stays as it is.

    Parameters
    ----------
    about : stored with the weights
    """
    weights = {name: _halved(value).contiguous() for name, value in network.state_dict().items()}
    save_file(weights, path, dict(about or {}) or None)


def _halved(value: Tensor) -> Tensor:
    if not value.dtype.is_floating_point or value.abs().max() > torch.finfo(torch.float16).max:
        return value
    return value.half()
