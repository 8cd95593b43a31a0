"""Report a training to Weights & Biases, if requested and installed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.core.build import how_to_add
from engine.core.errors import UsageError

Log = Callable[[Mapping[str, float]], None]

_PROJECT = "offcut"


def require_wandb() -> Any:
    """Return the library.

    Raises
    ------
    UsageError : it is not installed
    """
    try:
        return import_module("wandb")
    except ImportError as error:
        raise UsageError(
            f"Weights & Biases needs more packages: {how_to_add('wandb')}, or set 'wandb: false'."
        ) from error


def _tell_nobody(figures: Mapping[str, float]) -> None:
    """Discard figures."""


@contextmanager
def tracked(wanted: bool, name: str, settings: Mapping[str, object], folder: Path) -> Iterator[Log]:
    """Yield the reporter of one training; without `wanted`, figures are discarded.

    Parameters
    ----------
    folder : where the library may leave its files

    Raises
    ------
    UsageError : the library is wanted and not installed
    """
    if not wanted:
        yield _tell_nobody
        return
    run = require_wandb().init(project=_PROJECT, name=name, config=dict(settings), dir=str(folder))
    try:
        yield lambda figures: run.log(dict(figures))
    finally:
        run.finish()
