"""The scrolling list: rows are painted, and the open proposal is the only real widget in it.

Positions are arithmetic (all rows are equally high but one), so ten thousand rows lay themselves out at
once; Qt's own list would ask the delegate for each height. `QListView` remains for screen readers.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyleOptionViewItem, QWidget

from widgets.controls.announce import announce
from widgets.review.card import Card
from widgets.review.double_press import DoublePress
from widgets.review.queue_model import QueueModel
from widgets.review.row_delegate import RowDelegate
from widgets.theme import ROW, Theme, px

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
        if moved and position >= 0:
            self._announce(position)
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

    def _announce(self, position: int) -> None:
        """Announce a row to screen readers after a key of the window; with the focus, Qt does."""
        if not self.hasFocus():
            announce(self, str(self._rows.index(position).data(Qt.ItemDataRole.AccessibleTextRole)))

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

    # Where things are: arithmetic on the row's number.

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
        elif (
            rect.top() < context
        ):  # one row more stays in view above and below: where one comes from and goes to
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

    # Painting and hands.

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
