"""What the parts of a score are called where people read them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PART_WORDING: Mapping[str, str] = MappingProxyType(
    {
        "svdd-distance": "distance from what was kept",
        "svdd-reconstruction": "how badly it is rebuilt",
    }
)
"""A few words for each name that a recipe gives to a part of its score."""


def part_wording(name: str) -> str:
    """Return what a part of a score is called; one of a recipe that is not known by its own name."""
    return PART_WORDING.get(name, name.replace("-", " "))
