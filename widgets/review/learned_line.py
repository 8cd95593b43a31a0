"""Summary of learning from decisions at the foot of the queue, with its switch."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.theme import TEXT, Theme, px

_COMMAND = "review.learn"


class LearnedLine(QWidget):
    """A sentence and a switch; `command_requested` carries the id of the switch."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learning state")
        self.setAccessibleName("Learned from decisions")
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._switch = KeyButton(theme, "Stop", keys.get(_COMMAND, ""))
        self._switch.clicked.connect(lambda: self.command_requested.emit(_COMMAND))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(10), 0, 0, 0)
        layout.setSpacing(px(8))
        layout.addWidget(self._sentence, 1)
        layout.addWidget(self._switch, 0, Qt.AlignmentFlag.AlignVCenter)
        self.set_theme(theme)
        self.set_learning("", is_on=True)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._sentence.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self._switch.set_theme(theme)
        self._switch.setStyleSheet(
            "QPushButton:!hover:!focus { background: transparent; border-color: transparent; }"
        )

    def set_learning(self, sentence: str, *, is_on: bool) -> None:
        """Show the summary and the switch; hidden without a summary."""
        self._sentence.setText(sentence)
        self._switch.setText("Stop" if is_on else "Learn")
        self._switch.setAccessibleName("Stop learning from decisions" if is_on else "Learn from decisions")
        self.setVisible(bool(sentence))
