"""Rows of the list of tastes: text and painting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from engine.core.files.safe_write import shown
from engine.core.timebase import format_time
from engine.core.wording import counted, one_line
from engine.features.taste.anomaly.taste_summary import TasteSummary
from widgets.controls.elided_label import paint_words
from widgets.theme import ROW, TEXT, TEXT_SMALL, Theme, px, ui_font

_TALL, _PAD = 46, 12
_NOT_READ = "…"
_KEEPS_NONE = "learned by an early version, without reference recordings"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group of tastes.

    Attributes
    ----------
    note : message of the group, for example the reason why it is empty
    """

    title: str
    paths: tuple[Path, ...] = ()
    note: str = ""


class RowKind(Enum):
    """Kind of a row."""

    HEADING = "heading"
    TASTE = "taste"
    NOTE = "note"
    WAY_OUT = "way out"


@dataclass(frozen=True, slots=True)
class ShelfRow:
    """One row; only a taste has a path."""

    kind: RowKind
    text: str
    path: Path | None = None
    is_in_use: bool = False

    @property
    def is_choice(self) -> bool:
        """Whether it can be chosen."""
        return self.kind in (RowKind.TASTE, RowKind.WAY_OUT)


class Rows(Protocol):
    """Data for painting."""

    rows: tuple[ShelfRow, ...]
    summaries: Mapping[Path, TasteSummary]


def name_of(path: Path) -> str:
    """Return the name of a taste on one line."""
    return one_line(shown(path.stem)) or "(no name)"


def learned_from(summary: TasteSummary) -> str:
    """Return the training data of a taste in words."""
    if not summary.recordings:
        return _KEEPS_NONE
    return f"learned from {format_time(summary.duration_s, 0)} in {counted(summary.recordings, 'recording')}"


def day_of(written_s: float, now: datetime | None = None) -> str:
    """Format a day: today, yesterday, 5 Nov, 5 Nov 2025."""
    now = datetime.now() if now is None else now
    try:
        day = datetime.fromtimestamp(written_s)
    except (OverflowError, OSError, ValueError):
        return ""
    if day.date() == now.date():
        return "today"
    if day.date() == (now - timedelta(days=1)).date():
        return "yesterday"
    year = f" {day.year}" if day.year != now.year else ""
    return f"{day.day} {day:%b}{year}"


def said_of(row: ShelfRow, summary: TasteSummary | None, *, whole: bool = False) -> str:
    """Format a row on one line; `whole`: with its folder."""
    if row.path is None or row.kind is not RowKind.TASTE:
        return row.text
    parts = [row.text, *(["in use"] if row.is_in_use else [])]
    if summary is not None:
        parts.append(summary.trouble or f"{learned_from(summary)}, {day_of(summary.written_s)}")
    if whole:
        parts.append(one_line(shown(row.path.parent)))
    return " · ".join(parts)


class ShelfRowDelegate(QStyledItemDelegate):
    """Paints a heading on one line; a taste on two, with the day at the right."""

    def __init__(self, theme: Theme, model: Rows, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._model = model

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        is_taste = self._model.rows[index.row()].kind is RowKind.TASTE
        return QSize(px(200), px(_TALL if is_taste else ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        theme, row, rect = self.theme, self._model.rows[index.row()], QRectF(option.rect)
        if option.state & QStyle.StateFlag.State_Selected and row.is_choice:
            painter.fillRect(rect, QColor(theme.current_row))
            painter.fillRect(QRectF(rect.left(), rect.top(), px(3), rect.height()), QColor(theme.undecided))
        area = rect.adjusted(px(_PAD), 0, -px(_PAD), 0)
        if row.kind is RowKind.TASTE:
            self._paint_taste(painter, area, row)
        elif row.kind is RowKind.HEADING:
            bold = ui_font(TEXT_SMALL, QFont.Weight.DemiBold)
            paint_words(painter, area.adjusted(0, px(6), 0, 0), row.text, bold, theme.dim)
        else:
            token = theme.dim if row.kind is RowKind.NOTE else theme.text
            paint_words(painter, area, row.text, ui_font(), token)

    def _paint_taste(self, painter: QPainter, area: QRectF, row: ShelfRow) -> None:
        theme, small = self.theme, ui_font(TEXT_SMALL)
        summary = self._model.summaries.get(row.path) if row.path is not None else None
        upper = QRectF(area.left(), area.top() + px(4), area.width(), (area.height() - px(8)) / 2)
        lower = upper.translated(0, upper.height())
        day = "in use" if row.is_in_use else ""
        if summary is not None and not summary.trouble:
            day = " · ".join(filter(None, (day, day_of(summary.written_s))))
        taken = QFontMetricsF(small).horizontalAdvance(day)
        painter.setFont(small)
        painter.setPen(QColor(theme.undecided if row.is_in_use else theme.dim))
        painter.drawText(upper, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), day)
        name = upper.adjusted(0, 0, -taken - px(12), 0)
        # In the middle: long names often differ at their end.
        bold = ui_font(TEXT, QFont.Weight.DemiBold)
        shortened = QFontMetricsF(bold).elidedText(row.text, Qt.TextElideMode.ElideMiddle, name.width())
        paint_words(painter, name, shortened, bold, theme.text)
        if summary is not None and summary.trouble:
            paint_words(painter, lower, summary.trouble, small, theme.error)
            return
        learned = _NOT_READ if summary is None else learned_from(summary)
        taken = paint_words(painter, lower, learned, small, theme.dim)
        where = lower.adjusted(taken + px(4), 0, 0, 0)
        if row.path is not None and where.width() > px(80):
            paint_words(painter, where, f"· {one_line(shown(row.path.parent))}", small, theme.dim)
