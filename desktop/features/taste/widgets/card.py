"""A card of the page with a title, and the grid of cards in wide, medium and narrow windows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from widgets.controls.text_and_icons import ElidedLabel
from widgets.theme import TEXT, Theme, px

_GAP = 8


class Card(QFrame):
    """A card with a title, a note or buttons next to it, and content."""

    def __init__(self, theme: Theme, title: str, body: QWidget, beside: Iterable[QWidget] = ()) -> None:
        super().__init__()
        self.setProperty("surface", "panel")
        self.setAccessibleName(title)
        heading = QLabel(title)
        heading.setStyleSheet(f"font-weight: 600; font-size: {px(TEXT)}px;")
        self._note = ElidedLabel("")
        self._note.setProperty("role", "dim")
        head = QHBoxLayout()
        head.setSpacing(px(8))
        head.addWidget(heading)
        head.addWidget(self._note, 1)
        for widget in beside:
            head.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(12), px(8), px(12), px(12))
        layout.setSpacing(px(6))
        layout.addLayout(head)
        layout.addWidget(body, 1)
        layout.addStretch(0)  # takes what a body of its own height leaves
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self.setStyleSheet(f"Card {{ border: 1px solid {theme.line}; border-radius: {px(6)}px; }}")

    def set_note(self, note: str, more: str = "") -> None:
        """Show an elided note next to the title, with its tooltip."""
        self._note.setText(note)
        self._note.setToolTip("; ".join(filter(None, (note, more))))


@dataclass(frozen=True, slots=True)
class Place:
    """Position of a card, and its number of columns; `stretch` is its share of the row height."""

    row: int
    column: int
    columns: int = 1
    stretch: int = 0


Plan = Mapping[str, Place]


class CardGrid(QWidget):
    """Lays cards out by the widest plan that fits.

    Parameters
    ----------
    plans : (least width at 100 %, places by name), the widest first; the last one fits always
    """

    def __init__(self, cards: Mapping[str, Card], plans: tuple[tuple[int, Plan], ...]) -> None:
        super().__init__()
        self._cards = cards
        self._plans = plans
        self._plan: Plan | None = None
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(px(_GAP))
        self._lay_out(plans[-1][1])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        fitting = (plan for least, plan in self._plans if self.width() >= px(least))
        self._lay_out(next(fitting, self._plans[-1][1]))

    def _lay_out(self, plan: Plan) -> None:
        if plan is self._plan:
            return
        self._plan = plan
        for card in self._cards.values():
            self._grid.removeWidget(card)
        for number in range(max(self._grid.rowCount(), self._grid.columnCount())):
            self._grid.setRowStretch(number, 0)
            self._grid.setColumnStretch(number, 0)
        for name, place in plan.items():
            self._grid.addWidget(self._cards[name], place.row, place.column, 1, place.columns)
            self._grid.setRowStretch(place.row, max(place.stretch, self._grid.rowStretch(place.row)))
            for column in range(place.column, place.column + place.columns):
                self._grid.setColumnStretch(column, 1)


_WIDE = {
    "map": Place(0, 0),
    "scores": Place(0, 1),
    "ranking": Place(0, 2),
}
_MIDDLE = {
    "map": Place(0, 0, stretch=1),
    "scores": Place(0, 1, stretch=1),
    "ranking": Place(1, 0, 2, stretch=1),
}
_NARROW = {name: Place(row, 0, stretch=1) for row, name in enumerate(_WIDE)}
PLANS: tuple[tuple[int, Plan], ...] = ((1180, _WIDE), (760, _MIDDLE), (0, _NARROW))
"""Cards below the verdict and the curves."""

_RESEARCH_WIDE = {
    "method": Place(0, 0, 2),
    "facts": Place(0, 2),
    "moment": Place(1, 0, 2, stretch=1),
    "learning": Place(1, 2, stretch=1),
}
_RESEARCH_MIDDLE = {
    "method": Place(0, 0, 2),
    "moment": Place(1, 0, stretch=1),
    "learning": Place(1, 1, stretch=1),
    "facts": Place(2, 0, 2),
}
_RESEARCH_NARROW = {
    name: Place(row, 0, stretch=int(name != "method")) for row, name in enumerate(_RESEARCH_WIDE)
}
RESEARCH_PLANS: tuple[tuple[int, Plan], ...] = (
    (1180, _RESEARCH_WIDE),
    (760, _RESEARCH_MIDDLE),
    (0, _RESEARCH_NARROW),
)
"""Cards about training and method of the taste."""
