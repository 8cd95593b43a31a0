"""Head of the queue: progress and statistics of the review, filters, search, order and groups.

The input of the search field is text: no key in it decides anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QLayout,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from engine.core.wording import counted
from engine.document.kinds import KINDS
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.answers import ReviewStatistics
from widgets.controls.command_entries import with_keys
from widgets.controls.key_caps import ENTER, EnterButton, column, label, row
from widgets.controls.text_and_icons import Themed, paint_icon
from widgets.review.rows import figures, header_text
from widgets.theme import TEXT, TEXT_SMALL, Theme, px

_HANDS_OVER = ENTER | {Qt.Key.Key_Escape}
_SIDES = 24 + 8 + 6
"""Width without text: the magnifier, the padding, and the margins of Qt."""


class SearchField(QLineEdit):
    """One line with a magnifier.

    Parameters
    ----------
    shown : in the empty field
    name : for screen readers

    Signals
    -------
    textChanged : as Qt has it
    entered : Enter: go to the first match
    given_up : Esc: the field is empty now
    """

    entered = Signal()
    given_up = Signal()

    def __init__(
        self,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        shown: str = "Search reasons",
        name: str = "Search the queue",
    ) -> None:
        super().__init__(parent)
        self._theme, self._shown = theme, shown
        self.set_key("")
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.set_theme(theme)

    def set_key(self, key: str) -> None:
        """Show the key of the field: always in the tooltip, and in the field if there is room."""
        self._key = key
        self.setToolTip(f"{self._shown} ({key})" if key else self._shown)
        self._fit()

    def _fit(self) -> None:
        words, room = self._shown, self.width() - px(_SIDES)
        for shown in (f"{words}   {self._key}".rstrip(), words):
            self.setPlaceholderText(shown)
            if self.fontMetrics().horizontalAdvance(shown) <= room:
                break

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.setStyleSheet(
            f"QLineEdit {{ min-height: {px(22)}px; padding: 0 {px(8)}px 0 {px(24)}px;"
            f" font-size: {px(TEXT_SMALL + 1)}px; }}"
        )

    def event(self, event: QEvent) -> bool:
        """Keep Enter and Esc from the window's commands; Qt keeps letters itself."""
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and event.key() in _HANDS_OVER
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.clear()
            self.given_up.emit()
        elif event.key() in ENTER:
            self.entered.emit()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        side = px(13)
        place = QRectF(px(7), (self.height() - side) / 2, side, side)
        paint_icon(QPainter(self), "search", place, self._theme.dim)


FILTERS = {"undecided": "Undecided", "decided": "Decided", "flagged": "Flagged", "all": "All"}
"""Labels of the filters that are not kinds, by name; those of kinds use the title of the kind."""


_ARROW, _HEIGHT = 22, 22


class _Arrow(Themed, QWidget):
    """Scrolls the row by a click; keys scroll it with the focus.

    Signals
    -------
    clicked : the mouse was pressed on it
    """

    clicked = Signal()

    def __init__(self, theme: Theme, step: int, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme, self._step = theme, step
        self.setAccessibleName("More filters")
        self.setFixedWidth(px(_ARROW))
        self.hide()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()
        self.clicked.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, side = QPainter(self), float(px(14))
        painter.fillRect(self.rect(), QColor(self._theme.panel))
        painter.translate(self.rect().toRectF().center())
        painter.rotate(180 if self._step < 0 else 0)
        token = self._theme.text if self.underMouse() else self._theme.dim
        paint_icon(painter, "chevron-right", QRectF(-side / 2, -side / 2, side, side), token)


class FilterChips(QScrollArea):
    """One row of chips, one a filter; exactly one is chosen. A row that is too long scrolls sideways.

    The wheel, the arrows at its ends and the Tab key scroll it, and the chosen chip is scrolled into view.
    Kinds have chips where there is more than one of them: alone, it would show what "All" does. Those of
    other packages, and those that are not known here, get theirs when there is something of them.
    """

    filter_chosen = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips: dict[str, EnterButton] = {}
        self._labels = {**FILTERS, **{name: kind.plural for name, kind in KINDS.own.items()}}
        self._row = QWidget()
        self._row.setObjectName("chips")
        self._layout = row(gap=6, owner=self._row)
        self._layout.setSizeConstraint(QLayout.SizeConstraint.SetFixedSize)
        self._arrows = {step: self._arrow(theme, step) for step in (-1, 1)}
        self.setWidget(self._row)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for name in self._labels:
            self._add(name)
        self.horizontalScrollBar().valueChanged.connect(self._show_arrows)
        self.horizontalScrollBar().rangeChanged.connect(self._show_arrows)
        self.set_counts({})
        self.set_filter("undecided")
        self.set_theme(theme)

    def _add(self, name: str) -> None:
        chip = self._chips[name] = EnterButton(self._labels[name])
        chip.setCheckable(True)
        chip.setFixedHeight(px(_HEIGHT))
        chip.clicked.connect(lambda: self._choose(name))
        self._layout.addWidget(chip)

    def _arrow(self, theme: Theme, step: int) -> _Arrow:
        arrow = _Arrow(theme, step, self)
        arrow.clicked.connect(lambda: self._scroll(step * self.viewport().width() // 2))
        return arrow

    def _scroll(self, by_px: int) -> None:
        bar = self.horizontalScrollBar()
        bar.setValue(bar.value() + by_px)

    def _show_arrows(self) -> None:
        """Show an arrow at each end with hidden chips."""
        bar = self.horizontalScrollBar()
        for step, more in ((-1, bar.value() - bar.minimum()), (1, bar.maximum() - bar.value())):
            arrow = self._arrows[step]
            left = 0 if step < 0 else self.width() - arrow.width()
            arrow.setGeometry(left, 0, arrow.width(), self.height())
            arrow.setVisible(more > 0)
            arrow.raise_()

    def sizeHint(self) -> QSize:
        return QSize(px(340), px(_HEIGHT))

    def minimumSizeHint(self) -> QSize:
        return QSize(0, px(_HEIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_chosen()

    def wheelEvent(self, event: QWheelEvent) -> None:
        delta = event.pixelDelta() if not event.pixelDelta().isNull() else event.angleDelta() / 2
        self._scroll(-(delta.x() or delta.y()))
        event.accept()

    def _show_chosen(self) -> None:
        """Scroll the chosen chip into view, with room for an arrow next to it."""
        self._leave_at_the_end(0)
        for chip in self._chips.values():
            if chip.isChecked():
                self.ensureWidgetVisible(chip, px(_ARROW + 6), 0)
                self._begin_with_a_whole_chip(chip)
        self._show_arrows()

    def _begin_with_a_whole_chip(self, chosen: QWidget) -> None:
        """Scroll on until the first chip next to the left arrow is not cut off, at the end into free room."""
        bar, room = self.horizontalScrollBar(), px(_ARROW + 4)
        lefts = [chip.x() - room for chip in self._chips.values() if not chip.isHidden()]
        if bar.value() > 0:
            first = min([left for left in lefts if left >= bar.value()] + [chosen.x() - room])
            self._leave_at_the_end(max(0, first - bar.maximum()))
            bar.setValue(first)

    def _leave_at_the_end(self, room_px: int) -> None:
        self._layout.setContentsMargins(0, 0, room_px, 0)
        self._layout.activate()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for arrow in self._arrows.values():
            arrow.set_theme(theme)
        self.setStyleSheet(
            f"QScrollArea, QWidget#chips {{ background: {theme.panel}; }}"
            f"QPushButton {{ background: {theme.control}; color: {theme.dim};"
            f" border: 1px solid {theme.control}; border-radius: {px(9)}px;"
            f" min-height: {px(18)}px; padding: 0 {px(7)}px; font-size: {px(TEXT_SMALL + 0.5)}px; }}"
            f"QPushButton:checked {{ color: {theme.text}; background: {theme.current_row};"
            f" border-color: {theme.undecided}; }}"
            f"QPushButton:hover {{ border-color: {theme.faint}; }}"
            f"QPushButton:focus {{ border: 2px solid {theme.undecided}; }}"
        )

    def set_counts(self, counts: Mapping[str, int]) -> None:
        """Set the number of proposals of each filter; missing kinds count zero."""
        for name in sorted(counts.keys() - self._labels.keys()):
            kind = KINDS.get(name)
            self._labels[name] = f"{name} (not available)" if kind is None else kind.plural
            self._add(name)
        are_several = sum(counts[name] > 0 for name in counts.keys() - FILTERS.keys()) > 1
        for name, chip in self._chips.items():
            count, title = counts.get(name, 0), self._labels[name]
            chip.setText(f"{title} {count:,}")
            chip.setAccessibleName(f"{title}, {counted(count, 'proposal')}")
            if name not in FILTERS:
                chip.setVisible(chip.isChecked() or (are_several and count > 0))
        self.updateGeometry()
        self._show_chosen()

    def set_filter(self, name: str) -> None:
        """Mark a filter as active."""
        for each, chip in self._chips.items():
            chip.setChecked(each == name)
        self._show_chosen()

    def _choose(self, name: str) -> None:
        self.set_filter(name)
        self.filter_chosen.emit(name)


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
        self._summary = label(wraps=True)
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
        top = row((label("Review", "title"), 1), self._more)
        self._grid = QGridLayout(self._figures)
        self._grid.setContentsMargins(0, 0, 0, px(2))
        self._grid.setHorizontalSpacing(px(12))
        self._grid.setVerticalSpacing(px(2))
        self._grid.setColumnStretch(1, 1)
        self._finding = QWidget()
        row((self.search, 1), self._sort, self._group, gap=6, owner=self._finding)
        parts = (top, self._summary, self._figures, self._chips, self._finding)
        column(*parts, gap=8, margins=(14, 10, 14, 10), owner=self)

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
            pair = (label(), label(wraps=True))
            for place, cell in enumerate(pair):
                self._grid.addWidget(cell, len(self._cells), place, Qt.AlignmentFlag.AlignTop)
            self._cells.append(pair)
        for pair, line in zip(self._cells, lines, strict=False):
            for cell, text in zip(pair, line, strict=True):
                cell.setText(text)
        self._more.setEnabled(bool(lines))
        self._figures.setVisible(bool(lines) and self._more.isChecked())

    def _show_figures(self, shown: bool) -> None:
        self._figures.setVisible(shown and bool(self._cells))
