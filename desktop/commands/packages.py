"""Features of packages: their commands, and the panels that these show (`docs/extending.md`)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from desktop.commands import COMMANDS, OF_FEATURES
from desktop.commands.features import commands_of
from desktop.commands.menus import PACKAGES
from desktop.shell.command import REVIEW, WINDOW, Command, conflicts
from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension
from engine.core.features import Feature
from engine.core.wording import quoted


def with_packages(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Add the commands of packages at the end; of two packages with the same key, the first has it."""
    every = tuple(commands)
    for command in (one for added in FEATURES.added.values() for one in added):
        taken = {key for key, *_ in conflicts((*every, command))}
        free = tuple(key for key in command.keys if key not in taken)
        every = (*every, replace(command, keys=free))
    return every


def _added(extension: Extension, made: object) -> tuple[Command, ...]:
    """Return the commands of the feature of a package.

    Raises
    ------
    UnusableError : the record or a command of it cannot be used
    """
    feature = require_type(made, Feature)
    if feature.finders or feature.analyses:
        raise UnusableError(
            "names finders or analyses: use the groups 'offcut.finders' and 'offcut.analyses'"
        )
    commands = commands_of(extension.name, feature)
    if not commands:
        raise UnusableError("has neither commands nor a panel")
    for command in commands:
        _check(extension, require_type(command, Command))
    if len({command.id for command in commands}) < len(commands):
        raise UnusableError("has two commands of one id")
    return tuple(replace(command, group=PACKAGES) for command in commands)


def _check(extension: Extension, command: Command) -> None:
    from desktop.shell.user_settings.keymap import refusal  # needs Qt

    if not command.id.startswith(f"{extension.name}."):
        raise UnusableError(
            f"has the command {quoted(command.id)}: begin its id with {quoted(f'{extension.name}.')}"
        )
    if not (command.label.strip() and command.description.strip() and callable(command.do)):
        raise UnusableError(f"has the command {quoted(command.id)} without a label, description or handler")
    if command.context not in (WINDOW, REVIEW):
        raise UnusableError(f"has the command {quoted(command.id)} in a layer: use `WINDOW` or `REVIEW`")
    for key in command.keys:
        if why := refusal(key):
            raise UnusableError(f"has the key {quoted(key)}, which cannot be used: {why}".rstrip("."))
    if taken := conflicts((*COMMANDS, command)):
        key, owner, _ = taken[0]
        raise UnusableError(f"has the key {quoted(key)}, which belongs to the command {quoted(owner)}")


FEATURES: Extended[tuple[Command, ...]] = Extended("offcut.features", OF_FEATURES, _added)
