"""Painting of a queue row: kind, time, confidence, length, state as a word and a sign."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.document.decisions import Verdict
from engine.review.listing import QueueGroup
from widgets.controls.icons import paint_icon
from widgets.edit_words import YOURS
from widgets.review.queue_model import QueueModel
from widgets.review.rows import ASKS, CONFLICT_ICON, CUT_ALREADY, VERDICT_ICONS, WEAK, WEAK_ICON, QueueRow
from widgets.theme import ROW, TEXT, Theme, mono_font, px, ui_font

SMALL = TEXT - 1


@dataclass(frozen=True, slots=True)
class _Columns:
    """Left edge and width of each column; `bar` has no width in a narrow queue."""

    icon: tuple[float, float]
    time: tuple[float, float]
    flag: tuple[float, float]
    bar: tuple[float, float]
    length: tuple[float, float]
    sign: tuple[float, float]
    word: tuple[float, float]


class RowDelegate(QStyledItemDelegate):
    """Paints the rows; fonts and columns are measured once for a width."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._mono: QFont = mono_font(SMALL)
        self._words: QFont = ui_font(SMALL)
        self._columns: tuple[int, _Columns] = (-1, self._measure(0))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(px(280), px(ROW))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        assert isinstance(model, QueueModel)
        hovered = bool(option.state & QStyle.StateFlag.State_MouseOver)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        heading = model.heading(index.row())
        if heading is None:
            self.paint_row(painter, QRectF(option.rect), model.row(index.row()), hovered, selected)
        else:
            self.paint_heading(painter, QRectF(option.rect), heading, hovered)

    def paint_heading(self, painter: QPainter, rect: QRectF, group: QueueGroup, hovered: bool) -> None:
        """Paint the heading of a group into `rect`, with a sign for its folding state."""
        theme, margin, side = self._theme, px(14), px(14)
        painter.fillRect(rect, QColor(theme.control if hovered else theme.panel2))
        painter.save()
        painter.translate(rect.left() + margin + side / 2, rect.center().y())
        painter.rotate(0 if group.folded else 90)
        paint_icon(painter, "chevron-right", QRectF(-side / 2, -side / 2, side, side), theme.dim)
        painter.restore()
        words = rect.adjusted(margin + side + px(12), 0, -margin, 0)
        count = f"{len(group.ids):,}"
        painter.setFont(self._mono)
        painter.setPen(QColor(theme.dim))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, count)
        words.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(count) - px(8), 0)
        painter.setFont(self._words)
        painter.setPen(QColor(theme.text))
        name = f"{group.name[:1].upper()}{group.name[1:]}"
        name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)

    def paint_row(
        self, painter: QPainter, rect: QRectF, row: QueueRow, hovered: bool, selected: bool = False
    ) -> None:
        """Paint one row into `rect`; a selected one has a bar at its left in addition to its background."""
        theme = self._theme
        if self._columns[0] != round(rect.width()):
            self._columns = (round(rect.width()), self._measure(rect.width()))
        columns = self._columns[1]
        hairline = 1 / painter.device().devicePixelRatio()
        if hovered or selected:
            painter.fillRect(rect, QColor(theme.current_row if selected else theme.panel2))
        if selected:
            painter.fillRect(QRectF(rect.left(), rect.top(), px(3), rect.height()), QColor(theme.undecided))
        painter.fillRect(
            QRectF(rect.left(), rect.bottom() - hairline, rect.width(), hairline), QColor(theme.line)
        )
        token = theme.verdict_text(row.verdict)
        middle = rect.center().y()

        def cell(column: tuple[float, float]) -> QRectF:
            return QRectF(rect.left() + column[0], rect.top(), column[1], rect.height())

        def square(column: tuple[float, float]) -> QRectF:
            return QRectF(rect.left() + column[0], middle - column[1] / 2, column[1], column[1])

        paint_icon(painter, row.icon, square(columns.icon), token)
        is_wide = QFontMetricsF(self._mono).horizontalAdvance(row.length) > columns.length[1]
        if row.bar is not None and not is_wide:
            self._paint_bar(painter, cell(columns.bar), row.bar)
        if row.conflicts:  # the word beside it says that it is accepted
            paint_icon(painter, CONFLICT_ICON, square(columns.sign), theme.error)
        elif row.verdict is not Verdict.UNDECIDED:  # what is marked is decided
            paint_icon(painter, VERDICT_ICONS[row.verdict], square(columns.sign), token)
        elif _is_marked_weak(row):
            paint_icon(painter, WEAK_ICON, square(columns.sign), theme.undecided)
        if row.flagged:
            paint_icon(painter, "flag", square(columns.flag), theme.text)
        middle_left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(self._mono)
        painter.setPen(QColor(theme.text))
        painter.drawText(cell(columns.time), middle_left, row.time)
        painter.setPen(QColor(theme.dim))
        # What an edit does may take more than a length, and then the room of the bar too.
        length = cell(columns.length)
        if painter.fontMetrics().horizontalAdvance(row.length) > length.width():
            length.setLeft(rect.left() + columns.bar[0])
        text = painter.fontMetrics().elidedText(row.length, Qt.TextElideMode.ElideRight, int(length.width()))
        painter.drawText(length, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        self._paint_words(painter, row, (cell(columns.bar), cell(columns.sign), cell(columns.word)))

    def _paint_words(self, painter: QPainter, row: QueueRow, cells: tuple[QRectF, QRectF, QRectF]) -> None:
        """Paint the maker and the answer of a proposal in the cells of the bar, the sign and the word."""
        theme, middle_left = self._theme, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        bar, sign, room = cells
        painter.setFont(self._words)
        if row.is_yours and bar.width() >= painter.fontMetrics().horizontalAdvance(YOURS):
            painter.drawText(bar, middle_left, YOURS)
        if row.verdict is not Verdict.UNDECIDED:
            painter.setPen(QColor(theme.verdict_text(row.verdict)))
            painter.drawText(room, middle_left, row.verdict.value)
        elif _is_marked_weak(row):
            painter.setPen(QColor(theme.text))
            painter.drawText(room, middle_left, ASKS if row.is_question else WEAK)
        elif said := CUT_ALREADY if row.is_cut_away else row.heard:  # undecided needs neither sign nor word
            room.setLeft(sign.left())
            word = painter.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.setPen(QColor(theme.dim if row.is_cut_away else theme.text))
            painter.drawText(room, middle_left, word)

    def _paint_bar(self, painter: QPainter, cell: QRectF, share: float) -> None:
        """Paint the rank of a proposal by confidence."""
        if cell.width() <= 0:
            return
        height = px(5)
        bar = QRectF(cell.left(), cell.center().y() - height / 2, cell.width(), height)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.panel2))
        painter.drawRoundedRect(bar, height / 2, height / 2)
        bar.setWidth(max(float(height), bar.width() * share))
        painter.setBrush(QColor(self._theme.score_line))
        painter.drawRoundedRect(bar, height / 2, height / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _measure(self, width: float) -> _Columns:
        margin, gap, side = px(14), px(12), px(14)
        time = QFontMetricsF(self._mono).horizontalAdvance("0:00:00.0")
        length = QFontMetricsF(self._mono).horizontalAdvance("to 00:00.0")
        word = QFontMetricsF(self._words).horizontalAdvance("undecided") + 1
        word_left = width - margin - word
        sign_left = word_left - side - px(6)
        length_left = sign_left - gap - length
        time_left = margin + side + gap
        flag_left = time_left + time
        bar_left = flag_left + side + gap
        bar = min(float(px(72)), length_left - gap - bar_left)
        return _Columns(
            icon=(margin, side),
            time=(time_left, time),
            flag=(flag_left, side - px(2)),
            bar=(bar_left, bar if bar >= px(16) else 0.0),
            length=(length_left, length),
            sign=(sign_left, side),
            word=(word_left, word),
        )


def _is_marked_weak(row: QueueRow) -> bool:
    return row.is_weak and not row.is_cut_away and row.verdict is Verdict.UNDECIDED
