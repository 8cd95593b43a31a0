"""The scrolling list: rows are painted, and the open proposal is the only real widget in it.

Rows are made when they are shown, and positions are arithmetic (all rows but one have the same height), so
that ten thousand rows cost nothing; Qt's own list would request each height from the delegate. `QListView`
remains for screen readers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFont,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from engine.core.wording import counted
from engine.document.analysis import DetectedSounds
from engine.document.proposals import Proposal, Verdict
from engine.document.state import DocumentState
from engine.document.table import step_between
from engine.review.queue import Learned, Listing, QueueGroup, Standing, standing
from widgets.controls.text_and_icons import announce, paint_icon, paint_share, paint_words
from widgets.edit_words import YOURS
from widgets.review.card import Card, DoublePress
from widgets.review.rows import (
    ASKS,
    CONFLICT_ICON,
    CUT_ALREADY,
    VERDICT_ICONS,
    WEAK,
    WEAK_ICON,
    QueueRow,
    row_of,
)
from widgets.theme import ROW, TEXT, Theme, mono_font, px, ui_font

_ROOT = QModelIndex()

Line = str | QueueGroup
"""The id of a proposal, or the group of a heading."""


class QueueModel(QAbstractListModel):
    """The proposals that are shown, in order, under the headings of their groups.

    Attributes
    ----------
    selected : the ids of the selected rows
    """

    def __init__(self) -> None:
        super().__init__()
        self._state = DocumentState()
        self._learned: Learned | None = None
        self._lines: tuple[Line, ...] = ()
        self._sounds: DetectedSounds | None = None
        self._standing: tuple[Mapping[str, Proposal], Learned | None, Standing] | None = None
        self.selected: frozenset[str] = frozenset()

    def set_listing(self, state: DocumentState, listing: Listing, learned: Learned | None = None) -> None:
        """Show these proposals; if they are the same as before, only their appearance changes."""
        self._learned = learned
        lines = _lines(listing)
        if lines == self._lines:
            self._state = state
            if lines:
                self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))
            return
        step = step_between(self._lines, lines)
        if step is None:
            self.beginResetModel()
            self._state, self._lines = state, lines
            self.endResetModel()
        elif step.came:
            self.beginInsertRows(_ROOT, step.place, step.place)
            self._state, self._lines = state, lines
            self.endInsertRows()
        else:
            self.beginRemoveRows(_ROOT, step.place, step.place)
            self._state, self._lines = state, lines
            self.endRemoveRows()

    def set_sounds(self, sounds: DetectedSounds | None) -> None:
        """Set the detected sound of each row."""
        if sounds is not self._sounds:
            self._sounds = sounds
            if self._lines:
                self.dataChanged.emit(self.index(0), self.index(len(self._lines) - 1))

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._lines)

    def data(
        self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            heading = self.heading(index.row())
            if heading is not None:
                folded = ", folded" if heading.folded else ""
                return f"{heading.name}, {counted(len(heading.ids), 'proposal')}{folded}"
            chosen = ", selected" if self.id_at(index.row()) in self.selected else ""
            return self.row(index.row()).spoken + chosen
        if role == Qt.ItemDataRole.ToolTipRole and self.id_at(index.row()) is not None:
            return self.row(index.row()).hint
        return None

    def row(self, position: int) -> QueueRow:
        """Return the row of a proposal at a position."""
        line = self._lines[position]
        assert isinstance(line, str)
        return row_of(self._state, line, self._learned, self.standing(), self._sounds)

    def standing(self) -> Standing:
        """Return the rank of each proposal by confidence.

        A decision does not change the order by itself: learning does shortly after, so that keys stay fast.
        """
        about = self._state.proposals, self._learned
        known = self._standing
        if known is None or known[0] is not about[0] or known[1] is not about[1]:
            self._standing = known = (*about, standing(self._state, self._learned))
        return known[2]

    def heading(self, position: int) -> QueueGroup | None:
        """Return the group of a heading at a position, None for a proposal."""
        line = self._lines[position]
        return line if isinstance(line, QueueGroup) else None

    def id_at(self, position: int) -> str | None:
        """Return the proposal's id at a position, None for a heading."""
        line = self._lines[position]
        return line if isinstance(line, str) else None

    def position_of(self, proposal_id: str | None) -> int:
        """Return the position of a proposal, -1 if it is not in the queue."""
        return self._lines.index(proposal_id) if proposal_id in self._lines else -1


def _lines(listing: Listing) -> tuple[Line, ...]:
    if len(listing.groups) == 1 and not listing.groups[0].name:
        return listing.groups[0].ids
    lines: list[Line] = []
    for group in listing.groups:
        if group.name:
            lines.append(group)
        if not group.folded:
            lines += group.ids
    return tuple(lines)


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
        paint_words(painter, words, f"{group.name[:1].upper()}{group.name[1:]}", self._words, theme.text)

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
        if row.bar is not None and not is_wide and columns.bar[1] > 0:
            height = px(5)
            bar = cell(columns.bar)
            bar = QRectF(bar.left(), middle - height / 2, bar.width(), height)
            paint_share(painter, bar, row.bar, theme.panel2, theme.score_line)
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
        self._paint_answer(painter, row, (cell(columns.bar), cell(columns.sign), cell(columns.word)))

    def _paint_answer(self, painter: QPainter, row: QueueRow, cells: tuple[QRectF, QRectF, QRectF]) -> None:
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
        elif word := CUT_ALREADY if row.is_cut_away else row.heard:  # undecided needs neither sign nor word
            room.setLeft(sign.left())
            word = painter.fontMetrics().elidedText(word, Qt.TextElideMode.ElideRight, int(room.width()))
            painter.setPen(QColor(theme.dim if row.is_cut_away else theme.text))
            painter.drawText(room, middle_left, word)

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


_ScrollHint = QAbstractItemView.ScrollHint


class QueueView(QListView):
    """Shows the rows of a `QueueModel` with the card of the current one opened in place.

    Signals
    -------
    proposal_chosen : by a click or an arrow
    proposal_toggled : Ctrl-click; a row enters the selection or leaves it
    range_chosen : by a click with Shift; the selection reaches to there
    group_toggled : by a click on the heading of that name
    menu_requested : the row of a context menu, and its place on the screen
    """

    proposal_chosen = Signal(str)
    proposal_toggled = Signal(str)
    range_chosen = Signal(str)
    group_toggled = Signal(str)
    menu_requested = Signal(str, QPoint)

    def __init__(self, theme: Theme, card: Card, presses: DoublePress, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rows = QueueModel()
        self._delegate = RowDelegate(theme, self)
        self._current = -1
        self._hovered = -1
        self._opened_height = px(ROW)
        self._card = card
        self._presses = presses
        self._held: tuple[int, str | None] | None = None
        self._beyond = (0, 0)
        card.command_requested.connect(self._hold_card)
        card.guard(presses, lambda: self._rows.id_at(self._current) if self._current >= 0 else None)
        self.setModel(self._rows)
        self.setItemDelegate(self._delegate)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setAccessibleName("Proposals")
        card.setParent(self.viewport())
        card.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._delegate.set_theme(theme)
        self.viewport().update()

    def model(self) -> QueueModel:
        return self._rows

    def set_current(self, proposal_id: str | None) -> None:
        """Open the card at this proposal and scroll to it if it changed."""
        position = self._rows.position_of(proposal_id)
        moved = position != self._current
        self._current = position
        self._card.setVisible(position >= 0)
        self.setCurrentIndex(self._rows.index(position) if position >= 0 else QModelIndex())
        held = self._held if self._held is not None and self._held[1] != proposal_id else None
        if held is not None:
            self._held = None
        if moved:
            self._beyond = (0, 0)
        self.updateGeometries()
        if held is not None and position >= 0:
            self._hold_at(held[0])
        elif moved and position >= 0:
            self.scrollTo(self._rows.index(position))
        if moved and position >= 0 and not self.hasFocus():  # with the focus, Qt does
            announce(self, str(self._rows.index(position).data(Qt.ItemDataRole.AccessibleTextRole)))
        if self.isVisible():
            self.executeDelayedItemsLayout()  # or Qt does it while it paints, and has to paint again
        self.viewport().update()

    def _hold_card(self) -> None:
        """Let the next card open where this one is, since the pointer is on its answers."""
        self._held = self._card.y(), self._rows.id_at(self._current) if self._current >= 0 else None

    def _hold_at(self, top: int) -> None:
        """Scroll the open card to a height in the view, past the ends of the list if need be."""
        offset = self._top(self._current) - top
        end = self.verticalScrollBar().maximum()
        self._beyond = min(0, offset), max(0, offset - end)
        self.updateGeometries()
        self.verticalScrollBar().setValue(offset)
        self._place_card()

    def set_selected(self, ids: frozenset[str]) -> None:
        """Mark these rows as selected."""
        if ids != self._rows.selected:
            self._rows.selected = ids
            self.viewport().update()

    def show_proposal(self, proposal_id: str) -> None:
        """Scroll the row of a proposal into view."""
        position = self._rows.position_of(proposal_id)
        if position >= 0:
            self.scrollTo(self._rows.index(position))

    def card_resized(self) -> None:
        """Update the layout after a change of the card's text."""
        self.updateGeometries()
        self.viewport().update()

    def _top(self, row: int) -> int:
        opened = self._opened_height - px(ROW) if 0 <= self._current < row else 0
        return row * px(ROW) + opened

    def _row_at(self, y: int) -> int:
        row = y // px(ROW)
        if 0 <= self._current < row:
            row = max(self._current, (y - self._opened_height + px(ROW)) // px(ROW))
        return row if 0 <= row < self._rows.rowCount() else -1

    def visualRect(self, index: QModelIndex | QPersistentModelIndex) -> QRect:
        if not index.isValid():
            return QRect()
        height = self._opened_height if index.row() == self._current else px(ROW)
        return QRect(0, self._top(index.row()) - self.verticalOffset(), self.viewport().width(), height)

    def indexAt(self, point: QPoint) -> QModelIndex:
        row = self._row_at(point.y() + self.verticalOffset())
        return self._rows.index(row) if row >= 0 else QModelIndex()

    def verticalOffset(self) -> int:
        return self.verticalScrollBar().value()

    def horizontalOffset(self) -> int:
        return 0

    def doItemsLayout(self) -> None:
        self.updateGeometries()
        self.viewport().update()

    def updateGeometries(self) -> None:
        # Qt may ask before the constructor is through.
        if not hasattr(self, "_card"):
            return
        if self._current >= 0:
            self._card.fit(self.viewport().width(), self.viewport().height())
            self._opened_height = self._card.heightForWidth(self.viewport().width())
        page = self.viewport().height()
        total = self._top(self._rows.rowCount()) if self._rows.rowCount() else 0
        bar = self.verticalScrollBar()
        bar.setRange(self._beyond[0], max(0, total - page) + self._beyond[1])
        bar.setPageStep(page)
        bar.setSingleStep(px(ROW))
        self._place_card()

    def _place_card(self) -> None:
        if self._current >= 0:
            top = self._top(self._current) - self.verticalOffset()
            self._card.setGeometry(0, top, self.viewport().width(), self._opened_height)

    def scrollTo(
        self, index: QModelIndex | QPersistentModelIndex, hint: _ScrollHint = _ScrollHint.EnsureVisible
    ) -> None:
        rect = self.visualRect(index)
        if not index.isValid() or hint != _ScrollHint.EnsureVisible:
            return
        bar, page, context = self.verticalScrollBar(), self.viewport().height(), px(ROW)
        if rect.height() + context > page:  # the answers are at its top
            bar.setValue(bar.value() + rect.top())
        elif rect.top() < context:  # one more row stays in view above and below: the previous and the next
            bar.setValue(bar.value() + rect.top() - context)
        elif rect.bottom() > page - context:
            bar.setValue(bar.value() + min(rect.bottom() + context - page, rect.top() - context))

    def scrollContentsBy(self, _dx: int, _dy: int) -> None:
        self._place_card()
        self.viewport().update()

    def setSelection(self, _rect: QRect, _command: object) -> None:
        """Ignore selection by Qt: `set_selected` defines it."""

    def visualRegionForSelection(self, _selection: object) -> QRegion:
        return QRegion()

    def resizeEvent(self, event: QResizeEvent) -> None:
        was_seen = self._card.geometry().intersects(QRect(QPoint(), event.oldSize()))
        self.updateGeometries()
        current = self._rows.index(self._current)
        if was_seen and not self.viewport().rect().contains(self.visualRect(current)):
            self.scrollTo(current)  # its answers stay in view, and below the pointer where they were in view

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), QColor(self._theme.panel))
        offset = self.verticalOffset()
        row = self._row_at(event.rect().top() + offset)
        option = QStyleOptionViewItem()
        while 0 <= row < self._rows.rowCount() and self._top(row) - offset <= event.rect().bottom():
            if row != self._current:
                option.rect = QRect(0, self._top(row) - offset, self.viewport().width(), px(ROW))
                hovered = row == self._hovered
                option.state = QStyle.StateFlag.State_MouseOver if hovered else QStyle.StateFlag.State_None
                if self._rows.id_at(row) in self._rows.selected:
                    option.state |= QStyle.StateFlag.State_Selected
                self._delegate.paint(painter, option, self._rows.index(row))
            row += 1
        if self.hasFocus():
            painter.setPen(QPen(QColor(self._theme.undecided), 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.viewport().rect().adjusted(0, 0, -1, -1))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        index = self.indexAt(event.position().toPoint())
        if event.button() != Qt.MouseButton.LeftButton or not index.isValid():
            return
        heading, proposal_id = self._rows.heading(index.row()), self._rows.id_at(index.row())
        if heading is not None:
            self.group_toggled.emit(heading.name)
        elif event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.range_chosen.emit(proposal_id)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.proposal_toggled.emit(proposal_id)
        elif self._presses.allows(event, ("row", proposal_id)):
            self.proposal_chosen.emit(proposal_id)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        is_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if is_key else self.indexAt(event.pos())
        proposal_id = self._rows.id_at(index.row()) if index.isValid() else None
        if proposal_id is None:
            return
        below = self.viewport().mapToGlobal(self.visualRect(index).topLeft() + QPoint(0, px(ROW)))
        self.menu_requested.emit(proposal_id, below if is_key else event.globalPos())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(self._row_at(event.position().toPoint().y() + self.verticalOffset()))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(-1)
        super().leaveEvent(event)

    def _hover(self, row: int) -> None:
        if row != self._hovered:
            self._hovered = row
            self.viewport().update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows choose, pages scroll; every other key belongs to the window's commands."""
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()), 0)
        page = {Qt.Key.Key_PageDown: 1, Qt.Key.Key_PageUp: -1}.get(Qt.Key(event.key()), 0)
        if step and (neighbour := self._neighbour(step)) is not None:
            self.proposal_chosen.emit(neighbour)
        elif page:
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + page * bar.pageStep())
        else:
            event.ignore()

    def _neighbour(self, step: int) -> str | None:
        row = self._current + step
        while 0 <= row < self._rows.rowCount() and self._rows.heading(row) is not None:
            row += step
        return self._rows.id_at(row) if 0 <= row < self._rows.rowCount() else None
