"""Commands of features: those in their tables, and one that shows their panel."""

from __future__ import annotations

from dataclasses import dataclass
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Protocol

from desktop.shell.command import WINDOW, Command
from desktop.shell.shell import Shell
from engine.core.features import Feature

if TYPE_CHECKING:
    from desktop.shell.side import Side

_GROUP = "View"
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
        _GROUP,
        TogglePanel(feature.panel),
        repeats=False,
    )
    return (*table, shown)
