"""The finders of Offcut: one row each, from which the registry and the commands of the window are made.

A finder is imported once the registry is asked for it, so that the window can read its row when it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class OwnFinder:
    """Where a finder of Offcut is, and its command.

    Attributes
    ----------
    place : its `Finder`, as "module:name"
    description : of the command that the window makes for it, one sentence; empty for a finder with a row in
        `desktop.commands.tables`
    """

    place: str
    description: str = ""


OWN: Mapping[str, OwnFinder] = MappingProxyType(
    {
        "cuts": OwnFinder("engine.features.taste.finders.cuts.finder:CUTS"),
        "dead-air": OwnFinder("engine.features.taste.finders.dead_air:DEAD_AIR"),
        "pauses": OwnFinder("engine.features.taste.finders.pauses:PAUSES"),
        "takes": OwnFinder("engine.features.takes.finders.takes.finder:TAKES"),
        "comp": OwnFinder("engine.features.takes.finders.comping.finder:COMP"),
        "talk": OwnFinder("engine.features.repair.finders.talk:TALK"),
        "recorders": OwnFinder("engine.features.timing.finders.recorders.finder:RECORDERS"),
        "tempo": OwnFinder("engine.features.timing.finders.tempo.finder:TEMPO"),
        "repair": OwnFinder("engine.features.repair.finders.repair.finder:REPAIR"),
        "like-this": OwnFinder("engine.features.repair.finders.like_this:LIKE_THIS"),
        "arrangement": OwnFinder("engine.features.arrangement.finder.finder:ARRANGEMENT"),
        "match": OwnFinder("engine.features.match.finder.finder:MATCH"),
        "timing": OwnFinder("engine.features.timing.finders.timing.finder:TIMING"),
        "notes": OwnFinder("engine.features.timing.finders.notes.finder:NOTES"),
    }
)
