"""Side of the timeline: the queue, and below it the active panels."""

from __future__ import annotations

from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from desktop.shell.shell import Shell
from engine.core.errors import UsageError
from engine.core.extensions import blamed
from widgets.chrome.around_timeline import LEAST_SIDE
from widgets.controls.key_caps import column
from widgets.review.queue_panel import QueuePanel
from widgets.theme import Theme, px


class Side(QWidget):
    """Lays them out below each other; the queue takes the room that the others leave."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setMinimumWidth(px(LEAST_SIDE))

    def fill(self, queue: QueuePanel, yielding: Any, *panels: Any) -> None:
        """Show panels, once.

        Parameters
        ----------
        yielding : a panel that hides while another one is in use
        panels : the others; with a number, its share of the height, that of the queue being 1
        """
        self._layout = column((queue, 1), yielding, *panels, gap=0, owner=self)
        parts = [panel[0] if isinstance(panel, tuple) else panel for panel in panels]
        self._panels, self._of_features = (queue, yielding, *parts), dict[str, QWidget]()
        self._queue, self._yielding, self._put_away = queue, yielding, False

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for panel in (*self._panels, *self._of_features.values()):
            _set_theme(panel, theme)

    def toggle(self, place: str, shell: Shell) -> None:
        """Show the panel of a feature, or hide it; it is made at the first call and gets the focus.

        Parameters
        ----------
        place : a function of the `Shell` that returns the panel, as "module:name"

        Raises
        ------
        UsageError : the function fails, or returns something else than a widget
        """
        if place not in self._of_features:
            self._of_features[place] = panel = _made(resolve_name(place), shell)
            _set_theme(panel, shell.look.theme)
            panel.hide()
            self._layout.addWidget(panel)
        panel = self._of_features[place]
        panel.setVisible(is_wanted := panel.isHidden())
        (panel if is_wanted else shell.timeline).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def make_room(self, is_wanted: bool) -> None:
        """Hide unnecessary parts while a panel is in use, and show them afterwards."""
        self._queue.leave_room(is_wanted)
        if is_wanted:
            self._put_away = not self._yielding.isHidden()
            self._yielding.hide()
        elif self._put_away:
            self._put_away = False
            self._yielding.show()


def _made(make: Callable[[Shell], object], shell: Shell) -> QWidget:
    try:
        panel = make(shell)
    except Exception as error:
        if words := blamed(error):
            raise UsageError(words) from error
        raise
    if not isinstance(panel, QWidget):
        raise UsageError(f"{make.__module__} returns a {type(panel).__name__} in place of a panel.")
    return panel


def _set_theme(panel: QWidget, theme: Theme) -> None:
    """Apply a theme to a panel that draws in colours of its own."""
    if callable(apply := getattr(panel, "set_theme", None)):
        apply(theme)
