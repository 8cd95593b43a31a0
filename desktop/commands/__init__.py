"""The one table of commands, with those of features: menus, shortcuts, palette and key sheet derive from it.

Keys are in Qt's portable notation. A row names its handler, which is called with the parts of the window.
This package needs no Qt, so that the key sheet is made without a window; handlers import Qt when they run:
``python -m desktop.commands > resources/keys.md``. Tables are laid out by hand (``fmt: off``): a command, and
its handler in the line below. Finders without a row get a command from the record of their feature.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, groupby
from types import MappingProxyType

from desktop.commands.absent import ABSENT
from desktop.commands.features import commands_of, with_finders
from desktop.commands.menus import GROUPS, MENUS, MenuGroups
from desktop.commands.tables.by_hand import BY_HAND
from desktop.commands.tables.clips import CLIPS
from desktop.commands.tables.documents import EDIT, FILE
from desktop.commands.tables.listening import TRANSPORT
from desktop.commands.tables.markers import ARRANGEMENT, MARKERS
from desktop.commands.tables.review import ANSWERS, EDGES
from desktop.commands.tables.tracks import TRACKS
from desktop.commands.tables.view import HELP, VIEW
from desktop.shell.command import Command
from engine.core.features import features_of
from engine.features.own import OWN
from widgets.controls.command_entries import key_labels

__all__ = ["ABSENT", "BY_ID", "COMMANDS", "MENUS", "OF_FEATURES", "MenuGroups", "keys_markdown"]

_TABLE: tuple[Command, ...] = (
    *ANSWERS,
    *EDGES,
    *TRANSPORT,
    *TRACKS,
    *CLIPS,
    *MARKERS,
    *BY_HAND,
    *ARRANGEMENT,
    *VIEW,
    *EDIT,
    *FILE,
    *HELP,
)
OF_FEATURES: Mapping[str, tuple[Command, ...]] = MappingProxyType(
    {name: commands_of(name, feature) for name, feature in features_of("desktop")}
)
"""The commands of Offcut's features, by the name of the feature."""


def _ordered(table: tuple[Command, ...]) -> tuple[Command, ...]:
    """Sort commands by group, then as the tables have them; commands of features follow those they name."""
    ordered = [command for command in table if not command.after]
    for command in (one for one in table if one.after):
        place = next(number for number, one in enumerate(ordered) if one.id == command.after)
        ordered.insert(place + 1, command)
    return tuple(sorted(ordered, key=lambda command: GROUPS.index(command.group)))


COMMANDS = _ordered(with_finders((*_TABLE, *chain(*OF_FEATURES.values())), OWN))

BY_ID: Mapping[str, Command] = MappingProxyType({command.id: command for command in COMMANDS})


def keys_markdown(commands: Iterable[Command]) -> str:
    """Write the key sheet: a table of keys and commands for each group."""
    lines = ["# Keys", "", "Generated from the table of commands; edit it there.", ""]
    for group, members in groupby(commands, key=lambda command: command.group):
        lines += [f"## {group}", "", "| keys | command | description |", "|---|---|---|"]
        for command in members:
            caps = ", ".join(f"`{label}`" for label in key_labels(command.keys))
            lines.append(f"| {caps} | {command.label} | {command.description} |")
        lines.append("")
    lines += [
        "A repeated decision changes nothing. Esc closes or stops and never decides. Delete and Backspace",
        "cut the selection; without one, they remove your own edit or reject the current proposal. Space",
        "plays, except in text fields. Where a window manager keeps `Alt` for itself, press `F12` before the",
        "key instead: `F12`, then `M`, is `Alt M`.",
        "",
    ]
    return "\n".join(lines)
