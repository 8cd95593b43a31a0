"""Parts of a score: their names in the interface, and those that are kinds of fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

PART_WORDING: Mapping[str, str] = MappingProxyType(
    {
        "altered": "reversed, muffled or doubled",
        "bad-join": "a bad join",
        "cut-before": "like your earlier cuts",
        "dead-air": "a pause",
        "dropout": "a dropout",
        "false-start": "a false start",
        "hard-to-fill-in": "does not fit its context",
        "noise": "a noise",
        "noodling": "noodling",
        "out-of-tune": "out of tune",
        "talk": "talk",
        "unlike-kept": "unlike the training data",
        "unlike-rest": "unlike the rest",
        "unlike-rest-rhythm": "another rhythm than the rest",
        "unusual-mix": "mix unlike the training data",
        "wrong-tempo": "the wrong tempo",
        "rebuilt-1-beats": "reconstruction error of one beat",
        "rebuilt-4-beats": "reconstruction error of four beats",
        "rebuilt-16-beats": "reconstruction error of sixteen beats",
        "rebuilt-as-edited": "reconstruction error as edited",
        "rebuilt-as-raw": "reconstruction as raw",
        "svdd-distance": "distance from the training data",
        "svdd-reconstruction": "reconstruction error",
    }
)
"""A few words for each name that a recipe gives to a part of its score."""


def part_wording(name: str) -> str:
    """Return the name of a part of a score; for an unknown recipe, its key with spaces."""
    return PART_WORDING.get(name, name.replace("-", " "))


UNLIKE_REST, RHYTHM = "unlike-rest", "unlike-rest-rhythm"
NOT_FAULTS = frozenset({"unlike-kept", UNLIKE_REST, "unusual-mix"})
"""Parts that are high in any unfamiliar music."""


def fault_parts(names: Sequence[str]) -> list[int]:
    """Return the numbers of the parts that are kinds of fault."""
    return [number for number, name in enumerate(names) if name not in NOT_FAULTS]
