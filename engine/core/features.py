"""Features: the parts of Offcut that a user knows, a folder of `engine/features` and `desktop/features` each.

A record names the objects of a feature as "module:name": registries are made of records, and a module is
imported when its object is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules, resolve_name

_ORDER = ("taste", "takes", "repair", "timing", "arrangement", "match")
"""The order of finders in lists; features that are not named here follow by name."""


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
    """The record of a feature, on either side, or of a package.

    Attributes
    ----------
    finders : by name
    analyses : an `Analyser` by the kind of the analysis, as "module:name"
    commands : a tuple of commands, as "module:name"; empty for none
    panel : a function that makes a panel for the side of the window, as "module:name"; empty for none
    title : name of the panel, in the label of its command
    """

    finders: Mapping[str, OwnFinder] = field(default_factory=dict)
    analyses: Mapping[str, str] = field(default_factory=dict)
    commands: str = ""
    panel: str = ""
    title: str = ""


def features_of(side: str) -> Iterator[tuple[str, Feature]]:
    """Yield the names and records of features, of the side "engine" or "desktop"."""
    folder = import_module(f"{side}.features")
    found = {each.name for each in iter_modules(folder.__path__) if each.ispkg}
    for name in (*(one for one in _ORDER if one in found), *sorted(found.difference(_ORDER))):
        if find_spec(record := f"{side}.features.{name}.feature") is not None:
            yield name, resolve_name(f"{record}:FEATURE")
