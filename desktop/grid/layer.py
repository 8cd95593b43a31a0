"""The layer of keys for the grid: entered by one key, left by Esc, and said while it is on."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from desktop.actions import Actions
from desktop.commands import GRID_LAYER
from desktop.grid.editing import GridEditing
from desktop.session import Session

KEYS_THERE = (
    "Grid: half tempo ‹grid.half›, double ‹grid.double›, next level ‹grid.other_level›, "
    "shift half a beat ‹grid.shift›, downbeat here ‹grid.downbeat›; Esc leaves"
)


class GridLayer(QObject):
    """Whether the keys mean the grid.

    Signals
    -------
    said : which keys there are, and that it was left
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
        """Let the keys mean the grid; raises UsageError where there is none."""
        self._editing.grid_facts()
        self._turn(is_on=True)
        self.said.emit(KEYS_THERE)

    def leave(self) -> bool:
        """Let the keys mean what they mean elsewhere; False where they do already."""
        was_on = self.is_on
        self._turn(is_on=False)
        if was_on:
            self.said.emit("Left the grid")
        return was_on

    def doing(self, do: Callable[[], object]) -> Callable[[], None]:
        """Return what does this, and says the keys again while they mean the grid."""

        def run() -> None:
            do()
            if self.is_on:
                self.said.emit(f"{self._last}. {KEYS_THERE}")

        return run

    def _remember(self, sentence: str) -> None:
        self._last = sentence

    def _turn(self, *, is_on: bool) -> None:
        if is_on != self.is_on:
            self.is_on = is_on
            self._actions.enter(GRID_LAYER, is_in=is_on)
