"""The bar that says what is selected and what can be made of it, while anything is."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from widgets.controls.announce import announce
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.keys.caps import KeyButton
from widgets.theme import BAR, Theme, px

ACTIONS = (
    ("hand.cut", "Cut"),
    ("hand.keep", "Keep"),
    ("hand.mute", "Mute"),
    ("hand.repeat", "Repeat…"),
    ("hand.move", "Move…"),
    ("hand.slip", "Slip…"),
    ("hand.gain", "Gain…"),
)

LONGEST_TRACKS = 110


class SelectionBar(QFrame):
    """Names the selection and offers each edit of it, with its key."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Selection")
        self.setFixedHeight(px(BAR))
        self._keys = keys
        self._said = ElidedLabel()
        self._said.setAccessibleName("What is selected")
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in ACTIONS}
        self._tracks = KeyButton(theme, "all tracks", keys.get("hand.tracks", ""))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(14), 0, px(12), 0)
        layout.setSpacing(px(6))
        layout.addWidget(self._said)
        layout.addSpacing(px(8))
        for name, button in (*self._buttons.items(), ("hand.tracks", self._tracks)):
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            if button is self._tracks:
                layout.addStretch(1)
            layout.addWidget(button)
        self.hide()

    def show_selection(self, words: str, tracks: str) -> None:
        """Say what is selected and which tracks would be edited; no words hide the bar."""
        self._said.setText(words)
        # A long name would make the whole window wider.
        shown = self.fontMetrics().elidedText(tracks, Qt.TextElideMode.ElideMiddle, px(LONGEST_TRACKS))
        self._tracks.setText(shown)
        self._tracks.setAccessibleName(f"Edit {tracks}")
        self.setVisible(bool(words))
        if words:
            announce(self, words)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        for button in (*self._buttons.values(), self._tracks):
            button.set_theme(theme)
