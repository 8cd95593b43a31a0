"""Networks that come with Offcut."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from engine.core.errors import OffcutError
from engine.core.processes.shortage import raise_shortage

_Network = TypeVar("_Network", bound=nn.Module)


def with_weights(
    network: _Network, path: Path, found: str, *, remedy: str = "install Offcut again"
) -> _Network:
    """Return a network, at rest, with the weights of a file.

    Parameters
    ----------
    found : the target of its detection, such as "beats"
    remedy : the advice in a refusal

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    try:
        weights = load_file(path)
        network.load_state_dict(weights)
    except FileNotFoundError as error:
        raise OffcutError(f"'{path}' is missing: {found} are found with it; {remedy}.") from error
    except (OSError, SafetensorError, RuntimeError) as error:
        raise_shortage(error)
        raise OffcutError(f"'{path}' is damaged: {remedy}.") from error
    if not all(bool(torch.isfinite(value).all()) for value in weights.values()):
        raise OffcutError(f"'{path}' has invalid weights: {remedy}.")
    return network.eval()


def metadata_of(path: Path) -> Mapping[str, str]:
    """Return the metadata stored with the weights in a file; empty without any."""
    try:
        with safe_open(path, "pt") as stored:
            return dict(stored.metadata() or {})
    except (OSError, SafetensorError):
        return {}
