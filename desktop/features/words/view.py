"""The transcript by mouse and keys: words are clicked, selected, dragged to another place and cut.

The cursor of Qt follows the chosen words, for screen readers.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QTextCursor,
    QWheelEvent,
)
from PySide6.QtWidgets import QApplication, QToolTip, QWidget

from desktop.features.words.marks import HESITATION, SELECTED, Marks
from desktop.features.words.page_view import SIDE, PageView
from desktop.features.words.text import Page
from widgets.controls.key_caps import WITH_SHIFT, is_own_key
from widgets.theme import Theme, px

_RESTS_S = 4.0
"""The text follows the playhead again this long after the user scrolled."""
_ARROWS = (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down)
_FAR = (Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_KEYS = frozenset({*_ARROWS, *_FAR})
_CUTTING = frozenset({Qt.Key.Key_Delete, Qt.Key.Key_Backspace})
_STOPPING = frozenset({Qt.Key.Key_Escape})
_HELD = WITH_SHIFT | Qt.KeyboardModifier.ControlModifier
_RIGHT_TO_LEFT = Qt.LayoutDirection.RightToLeft


class WordsView(PageView):
    """A page that reports which words are clicked and selected; it changes nothing by itself.

    Signals
    -------
    clicked(word) : a word was clicked, or reached by keys
    selected(first, stop) : words [first, stop) were selected
    correcting(word) : a word was double-clicked
    moved(place) : the selected words were dropped before the word at this place, or after the last one
    cutting : the key that cuts was pressed
    head_opened(paragraph) : a head was double-clicked
    menu_requested(place) : on the screen
    explaining(word, place) : the mouse rests on a hesitation; on the screen
    focused(is_in) : it got the focus or lost it
    """

    clicked = Signal(int)
    selected = Signal(int, int)
    correcting = Signal(int)
    moved = Signal(int)
    cutting = Signal()
    head_opened = Signal(int)
    menu_requested = Signal(QPoint)
    explaining = Signal(int, QPoint)
    focused = Signal(bool)

    def __init__(
        self, theme: Theme, parent: QWidget | None = None, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(theme, parent)
        self._clock_s, self._scrolled_s = clock_s, -_RESTS_S
        self._caret, self._anchor, self._end = 0, 0, 0
        self._pressed: QPoint | None = None
        self._is_selecting = False
        self._drop: tuple[int, int] | None = None
        self.viewport().setCursor(Qt.CursorShape.IBeamCursor)
        self.viewport().setMouseTracking(True)
        self.verticalScrollBar().actionTriggered.connect(self._note_scrolling)

    @property
    def caret(self) -> int:
        """The word that keys begin at."""
        return self._caret

    @property
    def anchor(self) -> int:
        """The word that a selection begins at."""
        return self._anchor

    def set_page(self, page: Page, marks: Marks, *, is_new: bool) -> None:
        super().set_page(page, marks, is_new=is_new)
        last = max(len(page.starts) - 1, 0)
        self._caret, self._anchor, self._end = (min(w, last) for w in (self._caret, self._anchor, self._end))

    def reveal(self, word: int, *, follows: bool = False) -> None:
        """Scroll to a word.

        Parameters
        ----------
        follows : only where the user does not read elsewhere
        """
        self._caret = word
        if follows and self._clock_s() - self._scrolled_s < _RESTS_S:
            return
        area = self.area_of(word)
        room = self.viewport().height()
        if area is not None and area.top() >= 0 and area.bottom() <= room - px(SIDE):
            return
        cursor = QTextCursor(self.document())
        cursor.setPosition(int(self._page.starts[word]))
        self.setTextCursor(cursor)
        self.centerCursor()

    def show_selected(self, first: int, stop: int) -> None:
        """Have the cursor of Qt select words [first, stop), as screen readers read it."""
        if not len(self._page.starts):
            return
        bar, at = self.verticalScrollBar(), self.verticalScrollBar().value()
        cursor = QTextCursor(self.document())
        cursor.setPosition(int(self._page.starts[min(first, len(self._page.starts) - 1)]))
        if first < stop:
            cursor.setPosition(int(self._page.stops[stop - 1]), QTextCursor.MoveMode.KeepAnchor)
        self.setTextCursor(cursor)
        bar.setValue(at)

    def set_ends(self, anchor: int, end: int) -> None:
        """Have further keys with Shift extend a selection between two words, both selected."""
        self._anchor, self._end = anchor, end

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self._drop is not None:
            caret = self.rect_at(self._drop[1])
            caret.setLeft(caret.left() - px(2))  # in the space between words, not over a letter
            caret.setWidth(px(2))
            QPainter(self.viewport()).fillRect(caret, QColor(self._theme.undecided))

    # the mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        word = self.word_near(place)
        if word is None or event.button() != Qt.MouseButton.LeftButton:
            return
        has_shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        self._is_selecting = has_shift or not self._is_on_selected(place)
        if has_shift:
            self._extend_to(word)
        elif self._is_selecting:
            self._anchor = self._end = word
            self._go(word)
        else:
            self._pressed = place  # to move the words, or a click

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place, height = event.position().toPoint(), self.viewport().height()
        if not len(self._page.starts):
            return
        if not event.buttons() & Qt.MouseButton.LeftButton:
            is_held = self._is_on_selected(place)
            self.viewport().setCursor(Qt.CursorShape.ArrowCursor if is_held else Qt.CursorShape.IBeamCursor)
            return
        if not 0 <= place.y() < height:  # the text goes on there
            bar = self.verticalScrollBar()
            bar.setValue(bar.value() + (1 if place.y() > 0 else -1))
            place.setY(min(max(place.y(), 0), height - 1))
        if self._pressed is not None:
            far = QApplication.startDragDistance()
            if self._drop is not None or (place - self._pressed).manhattanLength() >= far:
                self._show_drop(self._drop_at(place))
            return
        word = self.word_near(place) if self._is_selecting else None
        if word is not None and word != self._end:
            self._extend_to(word)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()
        pressed, drop, self._is_selecting = self._pressed, self._drop, False
        self.stop_moving()
        if pressed is None:
            return
        if drop is not None:
            self.moved.emit(drop[0])
        elif (word := self.word_near(pressed)) is not None:
            self._anchor = self._end = word
            self._go(word)

    def stop_moving(self) -> bool:
        """Leave the words that are dragged where they are; return False without any."""
        is_moving = self._drop is not None
        self._pressed = None
        self._show_drop(None)
        return is_moving

    def _show_drop(self, drop: tuple[int, int] | None) -> None:
        if drop != self._drop:
            self._drop = drop
            self.viewport().update()

    def _is_on_selected(self, place: QPoint) -> bool:
        word = self.word_at(place) if self.paragraph_of_head(place) is None else None
        return word is not None and bool(self._marks[word] & SELECTED)

    def _drop_at(self, place: QPoint) -> tuple[int, int] | None:
        """Return where dragged words would go: before which word, and the place of the caret in the text."""
        word = self.word_near(place)
        if word is None:
            return None
        start, stop = int(self._page.starts[word]), int(self._page.stops[word])
        at = self.cursorForPosition(place).position()
        return (word + 1, stop) if 2 * at > start + stop else (word, start)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        if (head := self.paragraph_of_head(place)) is not None:
            self.head_opened.emit(head)
        elif (word := self.word_at(place)) is not None:
            self.correcting.emit(word)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if event.reason() == QContextMenuEvent.Reason.Mouse:  # its commands are of the words under it
            word = self.word_near(event.pos())
            if word is not None and not self._marks[word] & SELECTED:
                self._anchor = word
                self._extend_to(word)
        self.menu_requested.emit(event.globalPos())

    def wheelEvent(self, event: QWheelEvent) -> None:
        self._note_scrolling()
        super().wheelEvent(event)

    def _note_scrolling(self) -> None:
        self._scrolled_s = self._clock_s()

    # keys

    def event(self, event: QEvent) -> bool:
        """Keep the keys that move and cut; all others are commands of the window."""
        if event.type() == QEvent.Type.ShortcutOverride:
            is_own = is_own_key(event, _KEYS, _HELD) or is_own_key(event, _CUTTING)
            event.setAccepted(is_own or (self._drop is not None and is_own_key(event, _STOPPING)))
            return event.isAccepted()
        return super().event(event)

    def viewportEvent(self, event: QEvent) -> bool:
        """Report the hesitation that the mouse rests on."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            word = self.word_at(event.pos()) if self.paragraph_of_head(event.pos()) is None else None
            if word is not None and self._marks[word] & HESITATION:
                self.explaining.emit(word, event.globalPos())
            else:
                QToolTip.hideText()
            return True
        return super().viewportEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in _CUTTING and not event.modifiers():
            self.cutting.emit()
            return
        if event.key() in _STOPPING and self.stop_moving():
            return
        if event.key() not in _KEYS or event.modifiers() & ~_HELD or not len(self._page.starts):
            event.ignore()
            return
        is_extending = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        is_far = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
        word = self._reached(Qt.Key(event.key()), self._end if is_extending else self._caret, is_far)
        if is_extending:
            self._extend_to(word)
        else:
            self._anchor = self._end = word
            self._go(word)
        self._scrolled_s = -_RESTS_S
        self.reveal(word)

    def _reached(self, key: Qt.Key, word: int, is_far: bool) -> int:
        """Return the word that a key leads to."""
        page, last = self._page, len(self._page.starts) - 1
        paragraph = page.paragraph_of(word)
        if key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            block = self.document().findBlock(int(page.starts[word]))
            step = 1 if (key == Qt.Key.Key_Right) != (block.textDirection() == _RIGHT_TO_LEFT) else -1
            if not is_far:
                return min(max(word + step, 0), last)
            to = paragraph + (step if step > 0 or word == page.firsts[paragraph] else 0)
            return last if to >= len(page.firsts) else int(page.firsts[max(to, 0)])
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End) and is_far:
            return 0 if key == Qt.Key.Key_Home else last
        return self._reached_line(key, word)

    def _reached_line(self, key: Qt.Key, word: int) -> int:
        """Return the word above or below, at the same place of another line, or at an end of its line."""
        area, middle = self.area_of(word), self._middle_of(word)
        if area is None or middle is None:
            self.reveal(word)
            area, middle = self.area_of(word), self._middle_of(word)
            if area is None or middle is None:
                return word
        line = QFontMetricsF(self.document().defaultFont()).lineSpacing()
        if key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            side = 0.0 if key == Qt.Key.Key_Home else self.viewport().width() - 1.0
            found = self.word_at(QPointF(side, middle.y()).toPoint())
            return word if found is None else found
        step = line if key in (Qt.Key.Key_Up, Qt.Key.Key_Down) else self.viewport().height() - line
        sign = 1 if key in (Qt.Key.Key_Down, Qt.Key.Key_PageDown) else -1
        for reach in (1, 2, 3):  # over the head of a paragraph
            place = QPointF(middle.x(), middle.y() + sign * (step if step > line else step * reach))
            self._bring(place)
            found = self.word_at(place.toPoint())
            on_head = self.paragraph_of_head(place.toPoint())
            if on_head is not None and step > line:
                return int(self._page.firsts[on_head])
            if on_head is None and found is not None and found != word:
                return found
        return word

    def _bring(self, place: QPointF) -> None:
        """Scroll until a place is in the viewport, and move the place with the text."""
        bar = self.verticalScrollBar()
        while not 0 <= place.y() < self.viewport().height():
            before, offset = bar.value(), 1 if place.y() > 0 else -1
            bar.setValue(before + offset)
            if bar.value() == before:
                return
            place.setY(place.y() - offset * QFontMetricsF(self.document().defaultFont()).lineSpacing())

    def _middle_of(self, word: int) -> QPointF | None:
        if self.area_of(word) is None:
            return None
        first, last = (self.rect_at(int(ends[word])) for ends in (self._page.starts, self._page.stops))
        x = (first.x() + last.x()) / 2 if first.y() == last.y() else float(first.x())
        return QPointF(x, first.center().y())

    def _go(self, word: int) -> None:
        self._caret = word
        self.clicked.emit(word)

    def _extend_to(self, word: int) -> None:
        self._end = word
        first, last = sorted((self._anchor, word))
        self.selected.emit(first, last + 1)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.focused.emit(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.focused.emit(False)
