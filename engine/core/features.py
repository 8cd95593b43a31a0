"""Features: the parts of Offcut that a user knows, a folder of `engine/features` and `desktop/features` each.

A record names the objects of a feature as "module:name": registries are made of records, and a module is
imported when its object is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pkgutil import resolve_name

_WITH_RECORD = {
    "engine": ("taste", "takes", "repair", "timing", "arrangement", "match"),
    "desktop": ("taste", "takes", "repair", "timing", "arrangement"),
}


@dataclass(frozen=True, slots=True)
class OwnFinder:
    """Where a finder of Offcut is, and its command.

    Attributes
    ----------
    place : its `Finder`, as "module:name"
    description : of the command that the window makes for it, one sentence; empty if a table of commands has
        a row for it
    """

    place: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Feature:
    """The record of a feature, on either side.

    Attributes
    ----------
    finders : by name
    analyses : an `Analyser` by the kind of the analysis, as "module:name"
    commands : a tuple of commands, as "module:name"; empty for none
    """

    finders: Mapping[str, OwnFinder] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)
    commands: str = ""


def features_of(side: str) -> Iterator[Feature]:
    """Yield the records of features, of the side "engine" or "desktop"."""
    for name in _WITH_RECORD[side]:
        yield resolve_name(f"{side}.features.{name}.feature:FEATURE")
