"""The filters of the queue, each with its number of proposals."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLayout, QScrollArea, QSizePolicy, QWidget

from engine.document.kinds import KINDS
from engine.wording import counted
from widgets.controls.icons import paint_icon
from widgets.controls.keys.caps import EnterButton
from widgets.theme import TEXT_SMALL, Theme, px

FILTERS = {
    "undecided": "Undecided",
    "decided": "Decided",
    "flagged": "Flagged",
    "all": "All",
}
"""Labels of the filters that are not kinds, by name; those of kinds use the title of the kind."""


_ARROW, _HEIGHT = 22, 22


class _Arrow(QWidget):
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

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

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
        self._layout = QHBoxLayout(self._row)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(px(6))
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
            arrow.setGeometry(
                0 if step < 0 else self.width() - arrow.width(), 0, arrow.width(), self.height()
            )
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
            count, label = counts.get(name, 0), self._labels[name]
            chip.setText(f"{label} {count:,}")
            chip.setAccessibleName(f"{label}, {counted(count, 'proposal')}")
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
