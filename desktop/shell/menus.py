"""The menu bar, made from the table of commands."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QObject, QPoint, QSettings
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMainWindow, QMenu, QMenuBar

from desktop.commands.menus import MenuGroups
from desktop.shell.actions import Actions
from desktop.shell.command import Command

_HIDDEN = "menu_bar_hidden"
_ROLES = {
    "file.preferences": QAction.MenuRole.PreferencesRole,
    "file.quit": QAction.MenuRole.QuitRole,
}
"""Entries that macOS shows in the menu of the program; no other one is moved there by its text."""


class Menus(QObject):
    """Fills the menu bar of a window, and hides or shows it as the user left it."""

    def __init__(
        self,
        window: QMainWindow,
        actions: Actions,
        table: Iterable[Command],
        menus: Iterable[MenuGroups],
        settings: QSettings,
    ) -> None:
        super().__init__(window)
        self._actions, self._table, self._settings = actions, tuple(table), settings
        self._bar = _MenuBar(window)
        for menu in menus:
            self._fill(self._bar.addMenu(menu.title), menu)
        window.setMenuBar(self._bar)
        self._bar.setVisible(settings.value(_HIDDEN) != "yes")

    def _fill(self, menu: QMenu, of: MenuGroups) -> None:
        for group in of.groups:
            if not menu.isEmpty():
                menu.addSeparator()
            menu.addActions(list(self._of_group(group)))
        if of.groups and of.submenus:
            menu.addSeparator()
        for group in of.submenus:
            if actions := list(self._of_group(group)):
                menu.addMenu(group).addActions(actions)

    def _of_group(self, group: str) -> Iterable[QAction]:
        for command in self._table:
            if command.group == group:
                action = self._actions.action(command.id)
                action.setMenuRole(_ROLES.get(command.id, QAction.MenuRole.NoRole))
                yield action

    def toggle(self) -> str:
        """Hide or show the bar and return a message; a native bar is part of the system's screen."""
        if self._bar.isNativeMenuBar():
            return "The system shows the menu bar. Offcut cannot hide it"
        self._bar.setVisible(self._bar.isHidden())
        self._settings.setValue(_HIDDEN, "yes" if self._bar.isHidden() else "no")
        if self._bar.isHidden():
            return "Hid the menu bar: ‹view.menu› opens the menus, ‹view.menu_bar› shows the bar again"
        return "Showed the menu bar"

    def open(self) -> None:
        """Open the first menu, from which the arrow keys lead to all others; a hidden bar opens as a list."""
        first, *_ = self._bar.actions()
        if self._bar.isVisible():
            self._bar.setActiveAction(first)
            return
        window = self._bar.window()
        listed = QMenu(window)
        listed.addActions(self._bar.actions())
        listed.setActiveAction(first)
        listed.aboutToHide.connect(listed.deleteLater)
        listed.popup(window.mapToGlobal(QPoint(0, 0)))


class _MenuBar(QMenuBar):
    """A bar that a press of Alt alone does not enter, since keys with Alt answer proposals and move edges."""

    def eventFilter(self, _watched: QObject, _event: QEvent) -> bool:
        return False
