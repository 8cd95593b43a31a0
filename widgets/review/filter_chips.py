"""The filters of the queue, each with how many proposals it holds."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.document.kinds import KINDS
from widgets.controls.keys.caps import EnterButton
from widgets.theme import TEXT_SMALL, Theme, px

FILTERS = {
    "undecided": "Undecided",
    "decided": "Decided",
    "flagged": "Flagged",
    "all": "All",
}
"""What chips say that are no kind's, by the name of the filter; those of kinds have the kind's name."""


class FilterChips(QWidget):
    """One chip a filter, in as many lines as they need; exactly one is chosen.

    Kinds have chips where there is more than one of them: alone, it would show what "All" does. Those of
    other packages, and those that are not known here, get theirs when there is something of them.
    """

    filter_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: dict[str, EnterButton] = {}
        self._labels = {**FILTERS, **{name: kind.plural for name, kind in KINDS.own.items()}}
        for name in self._labels:
            self._add(name)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.set_counts({})
        self.set_filter("undecided")
        self.set_theme(theme)

    def _add(self, name: str) -> None:
        chip = self._chips[name] = EnterButton(self._labels[name], self)
        chip.setCheckable(True)
        chip.clicked.connect(lambda: self._choose(name))

    def _places(self, width: int) -> dict[str, QRect]:
        """Return where each chip stands: from left to right, and on into the next line."""
        gap, left, top, places = px(6), 0, 0, {}
        for name, chip in self._chips.items():
            if chip.isHidden():
                continue
            size = chip.sizeHint()
            if left and left + size.width() > width:
                left, top = 0, top + size.height() + gap
            places[name] = QRect(left, top, size.width(), size.height())
            left += size.width() + gap
        return places

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return max(place.bottom() + 1 for place in self._places(width).values())

    def sizeHint(self) -> QSize:
        return QSize(px(340), self.heightForWidth(px(340)))

    def minimumSizeHint(self) -> QSize:
        return max((chip.sizeHint() for chip in self._chips.values()), key=QSize.width)

    def resizeEvent(self, _event: QResizeEvent) -> None:
        self._place()

    def _place(self) -> None:
        for name, place in self._places(self.width()).items():
            self._chips[name].setGeometry(place)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self.setStyleSheet(
            f"QPushButton {{ background: {theme.control}; color: {theme.dim};"
            f" border: 1px solid {theme.control}; border-radius: {px(9)}px;"
            f" min-height: {px(18)}px; padding: 0 {px(7)}px; font-size: {px(TEXT_SMALL + 0.5)}px; }}"
            f"QPushButton:checked {{ color: {theme.text}; background: {theme.current_row};"
            f" border-color: {theme.undecided}; }}"
            f"QPushButton:hover {{ border-color: {theme.faint}; }}"
            f"QPushButton:focus {{ border: 2px solid {theme.undecided}; }}"
        )

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Say how many proposals each filter holds; those of kinds that are not named hold none."""
        for name in sorted(counts.keys() - self._labels.keys()):
            kind = KINDS.get(name)
            self._labels[name] = f"{name} (not available)" if kind is None else kind.plural
            self._add(name)
        are_several = sum(counts[name] > 0 for name in counts.keys() - FILTERS.keys()) > 1
        for name, chip in self._chips.items():
            count, label = counts.get(name, 0), self._labels[name]
            chip.setText(f"{label} {count:,}")
            chip.setAccessibleName(f"{label}, {count} proposals")
            if name not in FILTERS:
                chip.setVisible(chip.isChecked() or (are_several and count > 0))
        self.updateGeometry()
        self._place()

    def set_filter(self, name: str) -> None:
        """Mark a filter as the one in force."""
        for each, chip in self._chips.items():
            chip.setChecked(each == name)

    def _choose(self, name: str) -> None:
        self.set_filter(name)
        self.filter_chosen.emit(name)
