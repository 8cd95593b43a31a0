"""Around the timeline: the queue next to it, a bar with an offer, and the bar of the selection below it.

The queue keeps its share of the width until the user drags the border. The height of the selection bar is
reserved, so that lanes do not move.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QSizePolicy, QSplitter, QWidget

from widgets.controls.command_entries import with_keys
from widgets.controls.key_caps import Part, command_buttons, row
from widgets.controls.text_and_icons import ElidedLabel, announce
from widgets.theme import BAR, QUEUE, QUEUE_SHARE, Theme, px

LEAST_SIDE = 300


class Beside(QSplitter):
    """Two columns.

    Attributes
    ----------
    main : the first column; a second child has its share of the width
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._is_dragged = False
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.main = QWidget(self)
        self.setStretchFactor(0, 1)
        self.splitterMoved.connect(self._stop_sharing)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Distribute the width."""
        super().resizeEvent(event)
        if not self._is_dragged:
            self.setSizes([10_000, min(px(QUEUE), round(self.width() * QUEUE_SHARE))])

    def _stop_sharing(self) -> None:
        self._is_dragged = True


class OfferBar(QFrame):
    """One sentence and a few buttons with keys; the user may ignore it.

    Parameters
    ----------
    name, about : for a screen reader: of the bar, and of its sentence
    keys : the key cap of each command id
    commands : ids of the commands that it can offer, in their order

    Signals
    -------
    command_requested : the command id of a button
    """

    command_requested = Signal(str)

    def __init__(
        self,
        theme: Theme,
        name: str,
        about: str,
        keys: Mapping[str, str],
        commands: tuple[str, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setProperty("surface", "row")
        self.setAccessibleName(name)
        self.setFixedHeight(px(BAR))
        self._sentence = ElidedLabel(lines=2)
        self._sentence.setAccessibleName(about)
        untitled = ((command, "") for command in commands)
        self._buttons = command_buttons(theme, untitled, keys, self.command_requested.emit)
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        row(self._sentence, 1, *self._buttons.values(), gap=8, margins=(14, 0, 12, 0), owner=self)
        self.hide()

    @property
    def text(self) -> str:
        """The sentence, "" while nothing is offered."""
        return "" if self.isHidden() else self._sentence.text()

    def offer(self, sentence: str, buttons: Mapping[str, str]) -> None:
        """Show a sentence.

        Parameters
        ----------
        buttons : the words of each command that is offered, by its id
        """
        self._sentence.setText(sentence)
        for command, button in self._buttons.items():
            button.setText(buttons.get(command, ""))
            button.setVisible(command in buttons)
        self.show()
        announce(self, sentence)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self._buttons.values():
            button.set_theme(theme)


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
        actions = (*ACTIONS, ("hand.tracks", "all tracks"))
        self._buttons = command_buttons(theme, actions, keys, self.command_requested.emit)
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._tracks = self._buttons.pop("hand.tracks")
        parts: tuple[Part, ...] = (self._said, *self._buttons.values(), 1, self._tracks)
        row(*parts, gap=_GAP, margins=(14, 0, 12, 0), owner=self).insertSpacing(1, px(8))
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
