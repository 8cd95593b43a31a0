"""Key layer of the grid: entered by one key, left by Esc, with a message while it is active."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from desktop.features.timing.grid.editing import GridEditing
from desktop.shell.actions import Actions
from desktop.shell.command import GRID_LAYER
from desktop.shell.session import Session

_KEYS = (
    "Grid: half tempo ‹grid.half›, double ‹grid.double›, next level ‹grid.other_level›, "
    "shift half a beat ‹grid.shift›, downbeat here ‹grid.downbeat› or from here ‹grid.bar_start›"
)
_FREE_KEYS = ", beats in a free passage ‹grid.pulse›"


class GridLayer(QObject):
    """Whether the keys mean the grid.

    Signals
    -------
    said : keys of the layer, and a message on leaving
    """

    said = Signal(str)

    def __init__(self, session: Session, editing: GridEditing, actions: Actions, parent: QObject) -> None:
        super().__init__(parent)
        self._editing, self._actions = editing, actions
        self._last = ""
        self.is_on = False
        editing.said.connect(self._remember)
        session.replaced.connect(lambda: self._turn(is_on=False))

    def enter(self) -> None:
        """Enter the layer; raise UsageError without a grid."""
        self._editing.grid_facts()
        self._turn(is_on=True)
        self.said.emit(self._keys())

    def leave(self) -> bool:
        """Leave the layer; return False if it was not active."""
        was_on = self.is_on
        self._turn(is_on=False)
        if was_on:
            self.said.emit("Left the grid")
        return was_on

    def run(self, do: Callable[[], object]) -> None:
        """Do something to the grid, then repeat the keys of the layer while it is active."""
        do()
        if self.is_on:
            self.said.emit(f"{self._last}. {self._keys()}")

    def _keys(self) -> str:
        grid, _, _ = self._editing.grid_facts()
        return f"{_KEYS}{_FREE_KEYS if len(grid.free_samples) else ''}; Esc leaves"

    def _remember(self, sentence: str) -> None:
        self._last = sentence

    def _turn(self, *, is_on: bool) -> None:
        if is_on != self.is_on:
            self.is_on = is_on
            self._actions.enter(GRID_LAYER, is_in=is_on)
