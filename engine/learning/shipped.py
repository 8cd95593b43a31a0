"""Networks that come with Offcut."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from engine.errors import OffcutError

_Network = TypeVar("_Network", bound=nn.Module)


def with_weights(network: _Network, path: Path, found: str) -> _Network:
    """Return a network, at rest, with the weights of a file.

    Parameters
    ----------
    found : what is found with it, such as "beats"

    Raises
    ------
    OffcutError : the file is missing or damaged
    """
    try:
        network.load_state_dict(load_file(path))
    except FileNotFoundError as error:
        raise OffcutError(f"'{path}' is missing: {found} are found with it; install Offcut again.") from error
    except (OSError, SafetensorError, RuntimeError) as error:
        raise OffcutError(f"'{path}' is damaged: install Offcut again.") from error
    return network.eval()


def save_half(network: nn.Module, path: Path) -> None:
    """Write the weights of a network at half precision, which `with_weights` reads into single precision."""
    weights = {
        name: (value.half() if value.dtype.is_floating_point else value).contiguous()
        for name, value in network.state_dict().items()
    }
    save_file(weights, path)
