"""Head of the queue: progress and statistics of the review, filters and order."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.statistics import ReviewStatistics
from widgets.controls.keys.caps import EnterButton
from widgets.controls.keys.names import with_keys
from widgets.review.filter_chips import FilterChips
from widgets.review.rows import figures, header_text
from widgets.review.search_field import SearchField
from widgets.theme import TEXT, TEXT_SMALL, Theme, px

SORTINGS = {
    "time": "By time",
    "score": "By confidence",
    "length": "By length",
    "useful": "Most useful first",
    "answered": "Newest first",
}
GROUPINGS = {
    "": "No groups",
    "region": "Region groups",
    "state": "State groups",
    "kind": "Kind groups",
    "maker": "Maker groups",
    "sound": "Sound groups",
}


class QueueHead(QWidget):
    """Title, summary, figures on demand, filters, search, order and groups.

    Attributes
    ----------
    search : the search field
    """

    filter_chosen = Signal(str)
    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = SearchField(theme)
        self._summary = QLabel()
        self._summary.setWordWrap(True)
        self._more = EnterButton("Figures")
        self._more.setCheckable(True)
        self._more.setToolTip("Show review statistics")
        self._figures = QWidget()
        self._cells: list[tuple[QLabel, QLabel]] = []
        self._chips = FilterChips(theme)
        self._has_any = self._leaves_room = False
        self._sort, self._group = EnterButton(SORTINGS["time"]), EnterButton(GROUPINGS[""])
        for button, command in ((self._sort, "review.sort"), (self._group, "review.group")):
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )
        self.set_keys(keys)
        self._lay_out()
        self._chips.filter_chosen.connect(self.filter_chosen)
        self._more.toggled.connect(self._show_figures)
        self._show_figures(False)
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(14), px(10), px(14), px(10))
        layout.setSpacing(px(8))
        title = QLabel("Review")
        title.setProperty("role", "title")
        top = QHBoxLayout()
        top.addWidget(title, 1)
        top.addWidget(self._more)
        self._grid = QGridLayout(self._figures)
        self._grid.setContentsMargins(0, 0, 0, px(2))
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(2))
        self._grid.setColumnStretch(1, 1)
        self._finding = QWidget()
        find = QHBoxLayout(self._finding)
        find.setContentsMargins(0, 0, 0, 0)
        find.setSpacing(px(6))
        find.addWidget(self.search, 1)
        find.addWidget(self._sort)
        find.addWidget(self._group)
        layout.addLayout(top)
        layout.addWidget(self._summary)
        layout.addWidget(self._figures)
        layout.addWidget(self._chips)
        layout.addWidget(self._finding)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._chips.set_theme(theme)
        self.search.set_theme(theme)
        self._summary.setStyleSheet(f"font-size: {px(TEXT - 0.5)}px; color: {theme.dim};")
        self._figures.setStyleSheet(f"QLabel {{ font-size: {px(TEXT_SMALL + 0.5)}px; color: {theme.dim}; }}")
        flat = (
            f"QPushButton {{ background: transparent; border: 1px solid transparent; color: {theme.dim};"
            f" min-height: {px(20)}px; padding: 0 {px(5)}px; font-size: {px(TEXT_SMALL + 0.5)}px; }}"
            f"QPushButton:hover {{ border-color: {theme.faint}; }}"
            f"QPushButton:checked {{ color: {theme.text}; background: {theme.control}; }}"
            f"QPushButton:focus {{ border: 2px solid {theme.undecided}; }}"
        )
        for button in (self._more, self._sort, self._group):
            button.setStyleSheet(flat)

    def set_keys(self, keys: Mapping[str, str]) -> None:
        """Set the key caps, by command id."""
        self.search.set_key(keys.get("review.search", ""))
        self._sort.setToolTip(with_keys("Change the order ‹review.sort›", keys))
        self._group.setToolTip(with_keys("Change the grouping ‹review.group›", keys))

    def leave_room(self, is_wanted: bool) -> None:
        """Hide the filters, or show them again."""
        self._leaves_room = is_wanted
        self._chips.setVisible(self._has_any and not is_wanted)

    def set_choices(self, filter_name: str, sorting: str, grouping: str) -> None:
        """Mark how the queue is shown."""
        self._chips.set_filter(filter_name)
        for button, words, chosen, what in (
            (self._sort, SORTINGS, sorting, "Order"),
            (self._group, GROUPINGS, grouping, "Groups"),
        ):
            button.setText(words[chosen])
            button.setAccessibleName(f"{what}: {words[chosen]}")

    def set_summary(self, text: str) -> None:
        """Show a message below the title, or hide it."""
        self._summary.setText(text)
        self._summary.setVisible(bool(text))

    def set_review(self, state: DocumentState, statistics: ReviewStatistics, finished: str) -> None:
        """Show the progress of the review; `finished` is the message at its end, else empty.

        Before anything was proposed there is nothing to filter, to find or to count.
        """
        self._has_any = statistics.total > 0
        for part in (self._finding, self._more):
            part.setVisible(self._has_any)
        self._chips.setVisible(self._has_any and not self._leaves_room)
        self._chips.set_counts(
            {
                "undecided": statistics.undecided,
                "decided": statistics.decided,
                "all": statistics.total,
                "flagged": statistics.flagged,
                **table_of(state).made.kind_counts,
            }
        )
        self.set_summary("\n".join(filter(None, (header_text(statistics, state.rate_hz), finished))))
        self._set_figures(figures(statistics, state.rate_hz))

    def _set_figures(self, lines: tuple[tuple[str, str], ...]) -> None:
        while len(self._cells) < len(lines):
            pair = (QLabel(), QLabel())
            pair[1].setWordWrap(True)
            for column, label in enumerate(pair):
                self._grid.addWidget(label, len(self._cells), column, Qt.AlignmentFlag.AlignTop)
            self._cells.append(pair)
        for pair, line in zip(self._cells, lines, strict=False):
            for label, text in zip(pair, line, strict=True):
                label.setText(text)
        self._more.setEnabled(bool(lines))
        self._figures.setVisible(bool(lines) and self._more.isChecked())

    def _show_figures(self, shown: bool) -> None:
        self._figures.setVisible(shown and bool(self._cells))
