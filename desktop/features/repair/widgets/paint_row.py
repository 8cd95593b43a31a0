"""Painted strokes and the brush: the row of the panel with its keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from engine.core.wording import counted
from widgets.controls.keys.caps import KeyButton
from widgets.theme import TEXT, Theme, px
from widgets.timeline.sound.brush import Brush

_KEY_WORDS = {
    "repair.paint": "Paint",
    "repair.paint_range": "A range…",
    "repair.takes": "Subtract",
    "repair.clear": "Clear",
    "repair.smaller": "Smaller",
    "repair.larger": "Larger",
}
_BRUSH = ("repair.takes", "repair.smaller", "repair.larger")


class PaintRow(QWidget):
    """Starts and ends painting, and shows the mode of the brush.

    Signals
    -------
    command_requested : the command id of a button
    resized : more or less is shown
    """

    command_requested = Signal(str)
    resized = Signal()

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {
            name: KeyButton(theme, words, keys.get(name, "")) for name, words in _KEY_WORDS.items()
        }
        self._said = QLabel()
        self._said.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(5))
        grid = QGridLayout()
        grid.setSpacing(px(5))
        for place, (name, button) in enumerate(self.buttons.items()):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            grid.addWidget(button, place // 2, place % 2)
        layout.addLayout(grid)
        layout.addWidget(self._said)
        self.set_theme(theme)
        self.show_brush(None, 0)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self.buttons.values():
            button.set_theme(theme)
        self._said.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")

    @property
    def is_at_hand(self) -> bool:
        """Whether a brush is shown."""
        return not self.buttons["repair.takes"].isHidden()

    def show_brush(self, brush: Brush | None, painted: int) -> None:
        """Show the brush, or None, and the number of strokes."""
        self.buttons["repair.paint"].setText("Paint" if brush is None else "Stop painting")
        for name in _BRUSH:
            self.buttons[name].setVisible(brush is not None)
        self.buttons["repair.clear"].setVisible(painted > 0)
        said = [counted(painted, "stroke")] if painted else []
        if brush is not None:
            self.buttons["repair.takes"].setText("Add" if brush.takes else "Subtract")
            does = "subtracts" if brush.takes else "adds"
            said = [f"The brush {does}", f"{2 * brush.radius_px} px", *said]
        self._said.setText(" · ".join(said))
        self._said.setVisible(bool(said))
        self.resized.emit()
