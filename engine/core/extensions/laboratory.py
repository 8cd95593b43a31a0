"""Objects of the laboratory that registries of the product offer, imported by name; a bundle has none."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from engine.core.processes.own_program import is_bundle


def of_laboratory(module: str, name: str) -> Mapping[str, Any]:
    """Return a mapping of the laboratory; empty in a bundle.

    Parameters
    ----------
    module, name : the module in `engine.lab`, and the mapping in it
    """
    if is_bundle():
        return {}
    found: Mapping[str, Any] = getattr(import_module(f"engine.lab.{module}"), name)
    return found


def missing_in_bundle(kind: str, name: str, other: str) -> str:
    """Return the message about an object of the laboratory in a bundle, with another to use."""
    return (
        f"the {kind} '{name}' belongs to the laboratory, which this build comes without: use '{other}', or "
        "run Offcut from its source (see README)."
    )
