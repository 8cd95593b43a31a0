"""Every kind by its name; each is imported by the worker that tries it, since torch takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from tests.hostile.long.kinds.kind import Kind

KINDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "audio": ("audio", "AUDIO"),
        "document": ("documents", "DOCUMENT"),
        "rows": ("documents", "ROWS"),
        "taste": ("tastes", "TASTE"),
        "taste facts": ("tastes", "FACTS"),
        "config": ("settings", "CONFIG"),
        "results": ("settings", "RESULTS"),
        "window settings": ("settings", "KEPT"),
        "labels": ("labels", "LABELS"),
        "edited document": ("edited", "CURRENT"),
        "edited rows": ("edited", "EDITED_ROWS"),
        "older document": ("edited", "OLDER"),
        "stored audio": ("edited", "AUDIO_ROWS"),
        "edit list": ("edited", "EDIT_LIST"),
        "editor": ("networks", "EDITOR"),
        "editor facts": ("networks", "EDITOR_FACTS"),
        "separator": ("networks", "SEPARATOR"),
        "midi grid": ("grids", "MIDI"),
        "beats file": ("grids", "BEATS"),
        "upload": ("requests", "UPLOAD"),
    }
)
"""Module and name of each."""

DYING = "dying"
"""A kind that is there to see that the trials notice what dies."""


def kind_of(name: str) -> Kind:
    """Import a kind."""
    module, variable = ("dying", "DYING") if name == DYING else KINDS[name]
    found: Kind = getattr(import_module(f"tests.hostile.long.kinds.{module}"), variable)
    assert found.name == name
    return found
