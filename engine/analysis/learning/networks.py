"""Weights of the networks that come with Offcut, and the number of threads that torch computes with."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import nn

from engine.core.errors import OffcutError
from engine.core.processes.memory import raise_shortage

_Network = TypeVar("_Network", bound=nn.Module)
THREADS_VARIABLE = "OFFCUT_THREADS"
"""Names the environment variable that allows a job more threads than one."""


@contextmanager
def few_threads() -> Iterator[None]:
    """Let torch use few threads within, so that the window stays smooth: one, unless the user allowed more.

    With one, sums come out the same on every machine.
    """
    before = torch.get_num_threads()
    stated = os.environ.get(THREADS_VARIABLE, "")
    torch.set_num_threads(max(1, int(stated)) if stated.isdecimal() else 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


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
