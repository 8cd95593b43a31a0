"""Bar below the lanes: the selection and its edits. Its height is reserved, so that lanes do not move."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QWidget

from widgets.controls.announce import announce
from widgets.controls.elided_label import ElidedLabel
from widgets.controls.keys.caps import KeyButton
from widgets.controls.keys.names import with_keys
from widgets.theme import Theme, px

ACTIONS = (
    ("hand.cut", "Cut"),
    ("hand.keep", "Keep"),
    ("hand.mute", "Mute"),
    ("hand.repeat", "Repeat…"),
    ("hand.move", "Move…"),
    ("hand.slip", "Slip…"),
    ("hand.gain", "Gain…"),
)

LONGEST_TRACKS, HEIGHT, LEAST = 100, 40, 300
_GAP, _GAPS = 4, 50
"""Between two buttons; and at both ends, after the words and before the tracks, together."""
NOTHING = "No span selected. Drag in a lane ‹hand.select_right›"


class SelectionBar(QFrame):
    """Names the selection and offers each edit of it, with its key."""

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Selection")
        self.setFixedHeight(px(HEIGHT))
        self._theme, self._keys = theme, keys
        self._said = ElidedLabel()
        self._said.setAccessibleName("Selected span")
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in ACTIONS}
        self._tracks = KeyButton(theme, "all tracks", keys.get("hand.tracks", ""))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(px(14), 0, px(12), 0)
        layout.setSpacing(px(_GAP))
        layout.addWidget(self._said)
        layout.addSpacing(px(8))
        for name, button in (*self._buttons.items(), ("hand.tracks", self._tracks)):
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            if button is self._tracks:
                layout.addStretch(1)
            layout.addWidget(button)
        self._words = self._length = ""
        self.show_selection("", "all tracks")

    def show_selection(self, words: str, tracks: str, length: str = "") -> None:
        """Show the selection and its tracks.

        Parameters
        ----------
        words : description of the selection; empty without one
        length : short form for a narrow bar
        """
        self._words, self._length = words or with_keys(NOTHING, self._keys), length or words
        # A long name would make the whole window wider.
        shown = self.fontMetrics().elidedText(tracks, Qt.TextElideMode.ElideMiddle, px(LONGEST_TRACKS))
        self._tracks.setText(shown)
        self._tracks.setAccessibleName(f"Edit {tracks}")
        self._tracks.setVisible(bool(words))
        self._fit()
        self._paint_words()
        if words:
            announce(self, words)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        return QSize(px(LEAST), px(HEIGHT))  # what the buttons take must not make the window wider

    def _fit(self) -> None:
        """Show as much as fits: the words, else the length, else fewer buttons.

        Every edit is also in the menus.
        """
        if self.is_empty:
            for button in self._buttons.values():
                button.hide()
            self._said.setText(self._words)
            return
        room = self.width() - px(_GAPS) - self._tracks.sizeHint().width()
        widths = [button.sizeHint().width() + px(_GAP) for button in self._buttons.values()]
        advance = self._said.fontMetrics().horizontalAdvance
        fits = advance(self._words) + sum(widths) <= room
        self._said.setText(self._words if fits else self._length)
        self._said.setToolTip("" if fits else self._words)
        left = room - advance(self._said.text())
        for button, used in zip(self._buttons.values(), accumulate(widths), strict=True):
            button.setVisible(used <= left)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is selected."""
        return self._tracks.isHidden()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._paint_words()
        for button in (*self._buttons.values(), self._tracks):
            button.set_theme(theme)

    def _paint_words(self) -> None:
        self._said.setStyleSheet(f"color: {self._theme.dim if self.is_empty else self._theme.text};")
