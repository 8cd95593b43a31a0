"""The page with the overview of a day: summary and buttons, the strip, the songs, and the current take."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

from desktop.features.day.picture import Picture
from desktop.features.day.view import DayStrip, SongRows
from engine.core.wording import counted
from engine.features.day.day import DayKind
from widgets.controls.command_entries import with_keys
from widgets.controls.key_caps import KeyButton, column, label, row
from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import TEXT_TITLE, Theme, px

_HEAD = {
    "day.kind": "Rehearsal",
    "day.prepare": "Prepare…",
    "day.export": "Export takes…",
    "day.page": "Timeline",
}
_BELOW = {"day.open": "Open", "day.keep": "Keep", "day.name": "Name…", "day.comp": "Comp"}
_EMPTY = "No songs found yet. Prepare the day, or find its songs, first."
_HINT = (
    "Stars: one‹day.stars_1› to five‹day.stars_5› · Keep suggested takes‹day.keep_suggested›"
    " · Tab while playing: same place in the next take"
)


class DayPage(QWidget):
    """Shows a day and the current take.

    Signals
    -------
    command_requested : the id of a command that a button stands for
    """

    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Overview of the day")
        self.setProperty("surface", "ground")
        self._keys = keys
        self.strip, self.songs = DayStrip(theme), SongRows(theme)
        self._title, self._summary = label("The day"), ElidedLabel("", "dim")
        self._title.setStyleSheet(f"font-weight: 600; font-size: {px(TEXT_TITLE)}px;")
        self._detail, self._hint = ElidedLabel(""), ElidedLabel(with_keys(_HINT, keys), "dim")
        self._buttons = {
            name: KeyButton(theme, words, keys.get(name, "")) for name, words in {**_HEAD, **_BELOW}.items()
        }
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._lay_out()

    def _lay_out(self) -> None:
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(self.songs)
        heads, below = ([self._buttons[name] for name in names] for names in (_HEAD, _BELOW))
        head = row(self._title, self._summary, 1, *heads, gap=8, margins=(12, 8, 12, 4))
        foot = row(self._detail, 1, *below, gap=8, margins=(12, 6, 12, 2))
        hint = row(self._hint, 1, margins=(12, 0, 12, 6))
        column(head, self.strip, (self._scroll, 1), foot, hint, gap=0, owner=self)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for painted in (self.strip, self.songs):
            painted.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)

    def _empty(self, picture: Picture) -> str:
        """Return the sentence that is shown in place of songs."""
        if picture.kind is not DayKind.INTERVIEW:
            return _EMPTY
        pauses = f"{counted(picture.proposed, 'pause')} to shorten" if picture.proposed else "No long pauses"
        return f"The talk of an interview stays. {pauses}: {self._keys['day.page']} shows the queue."

    def set_picture(self, picture: Picture, current: int | None) -> None:
        """Show a day, with the take of a row as the current one."""
        self.strip.set_picture(picture, current)
        self.songs.set_picture(picture, current, self._empty(picture))
        self._buttons["day.kind"].setText(picture.kind.noun.capitalize())
        self._buttons["day.kind"].setAccessibleName(f"Kind of the day: {picture.kind.noun}")
        self._summary.setText(picture.summary)
        cell = self.songs.cell
        words = "" if cell is None else f"{cell.name} – take {cell.number}: {cell.words}"
        self._detail.setText(" · ".join(filter(None, (words, cell.why_best if cell else ""))))
        for name in _BELOW:
            self._buttons[name].setEnabled(cell is not None)
        if (place := self.songs.place_of_current()) is not None:
            self._scroll.ensureVisible(round(place.center().x()), round(place.center().y()), 0, px(40))
