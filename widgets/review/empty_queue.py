"""Replacement of an empty queue: the next action, with a button for each alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from widgets.controls.keys.caps import KeyButton
from widgets.theme import Theme, px

OFFERS = (
    ("taste.learn", "Learn from edits…", "graduation-cap"),
    ("taste.pauses", "Propose pauses", "scissors"),
    ("taste.shorten", "Shorten pauses…", "scissors"),
    ("sounds.talk", "Find talk", "scissors"),
    ("takes.propose", "Propose takes", "repeat"),
    ("editor.propose", "Propose an arrangement", "move"),
    ("timing.propose", "Propose timing…", "hit"),
)
"""Available commands, with labels and icons of their buttons."""


class EmptyQueue(QScrollArea):
    """A sentence, and the commands that work without a taste. In a low window it scrolls.

    Signals
    -------
    command_requested : the command id of a button
    """

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = QLabel()
        self._sentence.setWordWrap(True)
        self._sentence.setProperty("role", "dim")
        self._buttons = {
            command: KeyButton(theme, label, keys.get(command, ""), icon) for command, label, icon in OFFERS
        }
        inside = QWidget()
        inside.setProperty("surface", "panel")
        self._layout = layout = QVBoxLayout(inside)
        layout.setContentsMargins(px(14), px(14), px(14), px(14))
        layout.setSpacing(px(8))
        layout.addWidget(self._sentence)
        for command, button in self._buttons.items():
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, wanted=command: self.command_requested.emit(wanted))
            layout.addWidget(button)
        layout.addStretch(1)
        layout.setAlignment(self._sentence, Qt.AlignmentFlag.AlignTop)
        self.setWidget(inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        for command, button in self._buttons.items():
            button.set_key(keys.get(command, ""))

    def set_advice(self, sentence: str, offers: Sequence[str]) -> None:
        """Show a sentence and, below it, buttons of these commands."""
        self._sentence.setText(sentence)
        for command, button in self._buttons.items():
            button.setVisible(command in offers)
        for place, command in enumerate(offers, 1):
            self._layout.removeWidget(self._buttons[command])
            self._layout.insertWidget(place, self._buttons[command])
