"""Commands that run finders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder
from engine.core.features import OwnFinder

_GROUP = "Taste"
"""It has the command that asks for a finder."""


def with_finders(table: tuple[Command, ...], finders: Mapping[str, OwnFinder]) -> tuple[Command, ...]:
    """Add a command without a key for each finder that no command runs, at the end of their group."""
    named = {command.do.name for command in table if isinstance(command.do, RunFinder)}
    made = [_command(name, row) for name, row in finders.items() if name not in named]
    end = max(place for place, command in enumerate(table) if command.group == _GROUP) + 1
    return (*table[:end], *made, *table[end:])


def commands_of_finders(table: Iterable[Command]) -> Mapping[str, str]:
    """Return the ids of the commands that run a finder, by its name."""
    return {command.do.name: command.id for command in table if isinstance(command.do, RunFinder)}


def _command(name: str, row: OwnFinder) -> Command:
    own, label = f"taste.find_{name.replace('-', '_')}", f"Find {name.replace('-', ' ')}"
    return Command(own, label, (), WINDOW, row.description, _GROUP, RunFinder(name), repeats=False)
