"""Names of the parts of a score in the interface."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PART_WORDING: Mapping[str, str] = MappingProxyType(
    {
        "altered": "reversed, muffled or doubled",
        "bad-join": "a bad join",
        "cut-before": "like what you cut before",
        "dead-air": "nobody playing",
        "dropout": "a dropout",
        "false-start": "a false start",
        "hard-to-fill-in": "does not follow from what is around it",
        "noise": "a noise",
        "noodling": "noodling",
        "out-of-tune": "out of tune",
        "talk": "talk",
        "unlike-kept": "unlike anything kept",
        "unlike-rest": "unlike the rest",
        "unlike-rest-rhythm": "another rhythm than the rest",
        "unusual-mix": "mixed unlike anything kept",
        "wrong-tempo": "the wrong tempo",
        "rebuilt-1-beats": "how badly each beat is rebuilt",
        "rebuilt-4-beats": "how badly four beats are rebuilt",
        "rebuilt-16-beats": "how badly sixteen beats are rebuilt",
        "rebuilt-as-edited": "how badly it is rebuilt as edited",
        "rebuilt-as-raw": "how well it is rebuilt as raw",
        "svdd-distance": "distance from what was kept",
        "svdd-reconstruction": "how badly it is rebuilt",
    }
)
"""A few words for each name that a recipe gives to a part of its score."""


def part_wording(name: str) -> str:
    """Return the name of a part of a score; for an unknown recipe, its key with spaces."""
    return PART_WORDING.get(name, name.replace("-", " "))
