"""Keys of the user: the table of commands with changes on top."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QSettings, Signal
from PySide6.QtGui import QKeySequence

from desktop.shell.command import Command, conflicts
from desktop.shell.user_settings.remembered import stored_json
from engine.core.errors import UsageError
from widgets.controls.command_entries import key_label

Changes = Mapping[str, tuple[str, ...]]
_STORED = "keys"
_PORTABLE = QKeySequence.SequenceFormat.PortableText

# Keys that mean the same wherever the user is, and the command each of them belongs to.
FIXED = {"Esc": "transport.stop", "Space": "transport.toggle"}
_WHY_NEVER = {  # with any modifier
    **dict.fromkeys(("Del", "Backspace"), "is reserved: it must not change an edit by accident."),
    **dict.fromkeys(("Tab", "Backtab"), "moves the focus."),
    "Esc": "always closes or stops.",
}
_WHY_NOT = {
    **dict.fromkeys(("Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+A"), "is reserved for text fields."),
    "Alt+F4": "closes the window before Offcut receives it.",
    "Space": "always plays.",
}


def refusal(key: str) -> str:
    """Return why a key is reserved, or "" for a valid key; `key` in Qt's portable notation."""
    sequence = QKeySequence.fromString(key, _PORTABLE)
    if sequence.count() != 1 or sequence.toString(_PORTABLE) != key or not key.isprintable():
        return "Offcut cannot receive this key. Press another one."
    why = _WHY_NOT.get(key) or _WHY_NEVER.get(key.rpartition("+")[2])
    return f"{key_label(key)} {why}" if why else ""


def with_changes(table: Iterable[Command], changes: Changes) -> tuple[Command, ...]:
    """Return a table of commands with these keys instead of its own."""
    return tuple(
        replace(command, keys=changes[command.id]) if command.id in changes else command for command in table
    )


class Keymap(QObject):
    """Current keys of all commands. Only differences from the table are stored.

    Signals
    -------
    changed : some command has other keys
    """

    changed = Signal()

    def __init__(
        self, settings: QSettings, table: tuple[Command, ...], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._settings, self._table = settings, table
        self._changes = _readable(stored_json(settings, _STORED, {}), table)

    @property
    def commands(self) -> tuple[Command, ...]:
        """The table of commands as it is for this user."""
        return with_changes(self._table, self._changes)

    @property
    def caps(self) -> dict[str, str]:
        """The first key of each command as its cap shows it, by command id."""
        return {command.id: key_label(command.keys[0]) for command in self.commands if command.keys}

    @property
    def changed_ids(self) -> frozenset[str]:
        """The commands whose keys are not the table's."""
        return frozenset(self._changes)

    def refusal(self, key: str) -> str:
        """Return why a key is reserved, or "" for a valid key."""
        return refusal(key)

    def owner(self, command_id: str, key: str) -> Command | None:
        """Return the command that conflicts with `command_id` over a key, None if it is free."""
        mine = self._command(command_id)
        wanted = replace(mine, keys=(key,))
        others = [each for each in self.commands if each.id != command_id]
        return next((each for each in others if conflicts((wanted, each))), None)

    def set_keys(self, command_id: str, keys: tuple[str, ...]) -> None:
        """Give a command these keys and no others.

        Raises
        ------
        UsageError : an invalid key, a key of another command, or a required key; the message names it
        """
        had = self._command(command_id).keys
        for key in keys:
            trouble = "" if key in had else refusal(key)
            taken = self.owner(command_id, key)
            if taken is not None and not trouble:
                trouble = f"{key_label(key)} belongs to '{taken.label}'."
            if trouble:
                raise UsageError(trouble)
        for key, owner in FIXED.items():
            if owner == command_id and key not in keys:
                raise UsageError(refusal(key))
        self._keep({**self._changes, command_id: tuple(dict.fromkeys(keys))})

    def swap(self, command_id: str, key: str) -> None:
        """Give a command a key of another one, which gets this command's first key for it.

        Raises
        ------
        UsageError : the key is free, or one of the two keys cannot change hands
        """
        mine, other = self._command(command_id), self.owner(command_id, key)
        given = mine.keys[0] if mine.keys else ""
        if other is None:
            raise UsageError(f"{key_label(key)} is free: nothing to swap.")
        for each in (key, given):
            if each in FIXED:
                raise UsageError(refusal(each))
        swapped = {
            **self._changes,
            command_id: (key, *mine.keys[1:]),
            other.id: tuple(given if each == key else each for each in other.keys if each != key or given),
        }
        clash = conflicts(with_changes(self._table, swapped))
        if clash:
            raise UsageError(
                f"{key_label(clash[0][0])} cannot go to '{other.label}' instead: it is already in use there."
            )
        self._keep(swapped)

    def reset(self, command_id: str) -> None:
        """Give a command the table's keys back.

        Raises
        ------
        UsageError : another command has one of them now
        """
        rest = {each: keys for each, keys in self._changes.items() if each != command_id}
        clash = conflicts(with_changes(self._table, rest))
        if clash:
            key, *ids = clash[0]
            taker = next(each for each in self.commands if each.id in ids and each.id != command_id)
            raise UsageError(f"{key_label(key)} belongs to '{taker.label}' now. Reset that one first.")
        self._keep(rest)

    def reset_all(self) -> None:
        """Give every command the table's keys back."""
        self._keep({})

    def _command(self, command_id: str) -> Command:
        return next(each for each in self.commands if each.id == command_id)

    def _keep(self, changes: Changes) -> None:
        table = {command.id: command.keys for command in self._table}
        self._changes = {each: keys for each, keys in changes.items() if keys != table[each]}
        if self._changes:
            self._settings.setValue(_STORED, json.dumps(self._changes))
        else:
            self._settings.remove(_STORED)
        self.changed.emit()


def _readable(stored: Mapping[str, object], table: Iterable[Command]) -> dict[str, tuple[str, ...]]:
    """Return the stored changes that can be used.

    A newer table may assign these keys to other commands: the user's choice has priority.
    """
    known = {command.id: command for command in table}
    changes: dict[str, tuple[str, ...]] = {}
    for command_id, keys in stored.items():
        if command_id in known and isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            own = known[command_id].keys
            kept = tuple(key for key in keys if key in own or not refusal(key))
            fixed = tuple(key for key, owner in FIXED.items() if owner == command_id and key not in kept)
            changes[command_id] = fixed + kept
    while clash := conflicts(with_changes(table, changes)):
        key, *ids = clash[0]
        of_table = next((each for each in ids if each not in changes), None)
        if of_table is None:
            del changes[ids[0]]
        else:
            changes[of_table] = tuple(each for each in known[of_table].keys if each != key)
    return changes
