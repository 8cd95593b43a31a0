"""Valid contents of a taste file: finite numbers, positive deviations, networks that match their weights.

An untrusted file must not lead to scores that are not finite, or to more memory than its own size.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from math import isfinite
from typing import TypeVar

import torch
from torch import Tensor, nn

from engine.analysis.learning.loop import seeded
from engine.core.files.strict_json import parse_json

_VARIANCE = "running_var"

Network = TypeVar("Network", bound=nn.Module)


def stored_number(value: object) -> float:
    """Return a number as JSON has it.

    Raises
    ------
    TypeError, ValueError : it is something else, or not finite
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError("a number is missing")
    if not isfinite(value):
        raise ValueError("an invalid number")
    return float(value)


def require_finite(tensors: Mapping[str, Tensor]) -> None:
    """Refuse weights and statistics that are not finite.

    Raises
    ------
    ValueError : there are some
    """
    if not all(bool(torch.isfinite(value).all()) for value in tensors.values()):
        raise ValueError("weights that are not numbers")


def require_statistics(mean: Tensor, std: Tensor, shape: tuple[int, ...]) -> None:
    """Refuse means and deviations that nothing can be standardised with.

    Raises
    ------
    ValueError : they are not float32 of this shape, or a deviation is none
    """
    if mean.shape != shape or std.shape != shape or {mean.dtype, std.dtype} != {torch.float32}:
        raise ValueError("statistics of another shape")
    if not bool((std > 0).all()):
        raise ValueError("an invalid deviation")


def weights_of(network: nn.Module, prefix: str) -> dict[str, Tensor]:
    """Return the weights of a network to store, under names that begin so."""
    return {prefix + name: value for name, value in network.state_dict().items()}


def restored(build: Callable[[], Network], tensors: Mapping[str, Tensor], prefix: str = "") -> Network:
    """Return a network with the stored weights under a prefix, ready to score.

    A network that does not match the weights is never built: the file can specify any size.

    Raises
    ------
    ValueError : they do not fit
    """
    weights = {k.removeprefix(prefix): value for k, value in tensors.items() if k.startswith(prefix)}
    with torch.device("meta"):
        wanted = build().state_dict()
    if {name: _form(value) for name, value in wanted.items()} != {n: _form(v) for n, v in weights.items()}:
        raise ValueError("weights of another network")
    if any(name.endswith(_VARIANCE) and bool((value < 0).any()) for name, value in weights.items()):
        raise ValueError("a negative variance")
    with seeded(0):  # the weights drawn here are replaced at once, and the global generator must not advance
        network = build()
    network.load_state_dict(weights)
    return network.eval()


def require_as_stored(
    made: tuple[Mapping[str, Tensor], Mapping[str, object]],
    tensors: Mapping[str, Tensor],
    facts: Mapping[str, object],
) -> None:
    """Refuse a file that its restored model would write differently, since some value has another type.

    Parameters
    ----------
    made : the values the model would store

    Raises
    ------
    ValueError : values present in both differ
    """
    own_tensors, own_facts = made
    if any(name in tensors and _form(value) != _form(tensors[name]) for name, value in own_tensors.items()):
        raise ValueError("weights of another kind")
    said = parse_json(json.dumps(own_facts))
    if any(name in facts and facts[name] != value for name, value in said.items()):
        raise ValueError("facts of another kind")


def _form(value: Tensor) -> tuple[torch.Size, torch.dtype]:
    return value.shape, value.dtype
