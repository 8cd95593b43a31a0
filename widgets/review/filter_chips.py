"""The filters of the queue, each with how many proposals it holds."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from widgets.chrome.key_caps import EnterButton
from widgets.theme import TEXT_SMALL, Theme, px

FILTERS = {"undecided": "Undecided", "cuts": "Cuts", "all": "All", "flagged": "Flagged"}


class FilterChips(QWidget):
    """One chip a filter; exactly one is chosen."""

    filter_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(6))
        self._chips = {name: EnterButton(label) for name, label in FILTERS.items()}
        for name, chip in self._chips.items():
            chip.setCheckable(True)
            layout.addWidget(chip)
            chip.clicked.connect(lambda _checked=False, name=name: self._choose(name))
        layout.addStretch(1)
        self.set_filter("undecided")
        self.set_theme(theme)

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
        """Say how many proposals each filter holds."""
        for name, chip in self._chips.items():
            chip.setText(f"{FILTERS[name]} {counts[name]:,}")
            chip.setAccessibleName(f"{FILTERS[name]}, {counts[name]} proposals")

    def set_filter(self, name: str) -> None:
        """Mark a filter as the one in force."""
        for each, chip in self._chips.items():
            chip.setChecked(each == name)

    def _choose(self, name: str) -> None:
        self.set_filter(name)
        self.filter_chosen.emit(name)
