"""The finders of Offcut by name: their places, from the records of features.

A finder is imported once the registry is asked for it, so that the window can read its row when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.features import OwnFinder, features_of

OWN: Mapping[str, OwnFinder] = MappingProxyType(
    {name: row for _, feature in features_of("engine") for name, row in feature.finders.items()}
)
