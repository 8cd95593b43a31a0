"""One `QAction` a command: the window's shortcuts, menus, palette and buttons all run these."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from PySide6.QtCore import QObject, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QWidget

from desktop.shell.command import LAYERS, OUTER_LAYERS, REVIEW, Command, with_prefix
from engine.core.errors import OffcutError
from widgets.controls.command_entries import key_labels


def popup(menu: QMenu, place: QPoint) -> None:
    """Open a menu at a place on the screen, and delete it when it closes."""
    menu.aboutToHide.connect(menu.deleteLater)
    menu.popup(place)


class Actions(QObject):
    """Commands of a window, each bound to its handler.

    Signals
    -------
    refused : one sentence; a command was run that cannot be done now
    running : the id of a command that is about to be run
    """

    refused = Signal(str)
    running = Signal(str)

    def __init__(self, window: QWidget, commands: Iterable[Command]) -> None:
        super().__init__(window)
        self._actions: dict[str, QAction] = {}
        self._layers: list[str] = []
        self._commands = {command.id: command for command in commands}
        for command in self._commands.values():
            action = QAction(command.label, window)
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
            action.setAutoRepeat(command.repeats)
            window.addAction(action)
            self._actions[command.id] = action
        self.set_keys(self._commands.values())

    def set_keys(self, commands: Iterable[Command]) -> None:
        """Let these commands, the same as before, answer to the keys they have now."""
        self._commands = {command.id: command for command in commands}
        self._lay_keys()
        for command in self._commands.values():
            action = self._actions[command.id]
            labels = key_labels(command.keys)
            keys = ", ".join(labels)
            # behind a tab stands what a menu shows as the key, written as everywhere else
            action.setText(f"{command.label}\t{labels[0]}" if labels else command.label)
            action.setToolTip(f"{command.description} ({keys})" if keys else command.description)

    def enter(self, layer: str, *, is_in: bool) -> None:
        """Activate the keys of a layer, with priority over all others, or deactivate them."""
        self._layers = [*(each for each in self._layers if each != layer), *([layer] if is_in else [])]
        self._lay_keys()

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers whose keys are active, the one entered last at the end."""
        return tuple(self._layers)

    @property
    def layer(self) -> str:
        """The layer entered last; empty without one."""
        return self._layers[-1] if self._layers else ""

    def _lay_keys(self) -> None:
        layered = [command for command in self._commands.values() if command.context in LAYERS]
        rest = [command for command in self._commands.values() if command.context not in LAYERS]
        entered, taken = self.layer, set[str]()
        for command in layered:
            self._actions[command.id].setShortcuts([])
        for layer in filter(None, (entered, OUTER_LAYERS.get(entered))):
            own = [command for command in layered if command.context == layer]
            self._give(own, taken)
            taken |= {key for command in own for key in command.keys}
        self._give(rest, taken)

    def _give(self, commands: Iterable[Command], taken: Collection[str]) -> None:
        """Let commands answer to those of their keys that no layer before them takes."""
        for command in commands:
            keys = [key for key in command.keys if key not in taken]
            self._actions[command.id].setShortcuts([QKeySequence(key) for key in with_prefix(keys)])

    def bind(self, parts: object) -> None:
        """Have each command run its handler with these parts; an `OffcutError` is reported, not raised."""
        for command in self._commands.values():
            self._actions[command.id].triggered.connect(self._runner(command, parts))

    def _runner(self, command: Command, parts: object) -> Callable[[], None]:
        def run() -> None:
            self.running.emit(command.id)
            try:
                command.do(parts)
            except OffcutError as error:
                self.refused.emit(str(error))

        return run

    def run(self, command_id: str) -> None:
        """Run a command as its key would."""
        self._actions[command_id].trigger()

    def knows(self, command_id: str) -> bool:
        """Return whether a command exists."""
        return command_id in self._actions

    def action(self, command_id: str) -> QAction:
        """Return the action of a command, for menus and buttons."""
        return self._actions[command_id]

    def menu(self, parent: QWidget, groups: Iterable[Iterable[str]], title: str) -> QMenu:
        """Return a menu of commands by their ids, with a line between groups."""
        menu = QMenu(parent)
        menu.setAccessibleName(title)
        for names in groups:
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions([self._actions[name] for name in names])
        return menu

    def enable_review(self, has_proposals: bool) -> None:
        """Switch the commands that need a proposal on or off."""
        for command in self._commands.values():
            if command.context == REVIEW:
                self._actions[command.id].setEnabled(has_proposals)
