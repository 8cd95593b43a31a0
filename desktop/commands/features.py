"""Commands of features: those in their tables, one that shows their panel, and those that run finders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.run_finder import RunFinder
from desktop.shell.shell import Shell
from engine.core.features import Feature, OwnFinder

if TYPE_CHECKING:
    from desktop.shell.side import Side


_FINDERS = "Taste"
"""It has the command that asks for a finder."""


def with_finders(table: tuple[Command, ...], finders: Mapping[str, OwnFinder]) -> tuple[Command, ...]:
    """Add a command without a key for each finder that no command runs, at the end of their group."""
    named = {command.do.name for command in table if isinstance(command.do, RunFinder)}
    made = [_command(name, row) for name, row in finders.items() if name not in named]
    end = max(place for place, command in enumerate(table) if command.group == _FINDERS) + 1
    return (*table[:end], *made, *table[end:])


def commands_of_finders(table: Iterable[Command]) -> Mapping[str, str]:
    """Return the ids of the commands that run a finder, by its name."""
    return {command.do.name: command.id for command in table if isinstance(command.do, RunFinder)}


def _command(name: str, row: OwnFinder) -> Command:
    own, label = f"taste.find_{name.replace('-', '_')}", f"Find {name.replace('-', ' ')}"
    return Command(own, label, (), WINDOW, row.description, _FINDERS, RunFinder(name), repeats=False)


_PANELS = "View"
"""It has the commands that show panels of features."""


class Sided(Shell, Protocol):
    """A window with panels beside its timeline."""

    side: Side


@dataclass(frozen=True, slots=True)
class TogglePanel:
    """Handler that shows or hides the panel of a feature.

    Attributes
    ----------
    place : a function of the `Shell` that returns the panel, as "module:name"
    """

    place: str

    def __call__(self, window: Sided) -> None:
        """Make the panel at the first call; show it if it is hidden, and hide it otherwise."""
        window.side.toggle(self.place, window)


def commands_of(name: str, feature: Feature) -> tuple[Command, ...]:
    """Return the commands of a feature by its name."""
    table: tuple[Command, ...] = resolve_name(feature.commands) if feature.commands else ()
    if not feature.panel:
        return table
    title = feature.title or name
    shown = Command(
        f"{name}.panel",
        f"{title} panel",
        (),
        WINDOW,
        f"Show the panel of {title}; again: close it.",
        _PANELS,
        TogglePanel(feature.panel),
        repeats=False,
    )
    return (*table, shown)
