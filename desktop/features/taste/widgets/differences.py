"""Largest differences between two tastes on a recording, as a short list for playback."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListWidget, QWidget

from desktop.features.taste.widgets.keyed_view import ENDS, HEARING
from engine.core.timebase import format_time
from engine.core.wording import percent
from engine.features.taste.overview.results import Difference
from widgets.controls.keys.own_keys import WITH_SHIFT, is_own_key
from widgets.theme import ROW, px

_KEYS = ENDS | HEARING | {Qt.Key.Key_Up, Qt.Key.Key_Down}
_ROWS_SHOWN = 3


class Differences(QListWidget):
    """One line a passage.

    Signals
    -------
    chosen : number of the selected passage
    heard : number of the passage to play
    """

    chosen = Signal(int)
    heard = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Largest differences between the tastes")
        self.setProperty("surface", "ground")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMaximumHeight(px(_ROWS_SHOWN * ROW + 4))
        self.setMinimumHeight(px(2 * ROW))
        self.currentRowChanged.connect(lambda row: self.chosen.emit(row) if row >= 0 else None)
        self.itemClicked.connect(lambda item: self.heard.emit(self.row(item)))

    def set_differences(self, names: tuple[str, str], differences: Sequence[Difference]) -> None:
        """List the differences; each figure is the share of the recording with a lower score."""
        self.blockSignals(True)
        self.clear()
        for one in differences:
            at = f"{format_time(one.start_s, 0)} – {format_time(one.stop_s, 0)}"
            first = f"higher than {percent(one.first)} of the scores of {names[0]}"
            self.addItem(f"{at}   {first}, {percent(one.second)} of {names[1]}")
        self.blockSignals(False)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _KEYS, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in HEARING:
            if self.currentRow() >= 0:
                self.heard.emit(self.currentRow())
        else:
            super().keyPressEvent(event)
