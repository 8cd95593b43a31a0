"""The text of a transcript, painted by the marks of its words.

Blocks are laid out when they come into view, and only visible ones are painted again.
"""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import (
    QBrush,
    QColor,
    QPainter,
    QPaintEvent,
    QTextBlock,
    QTextCharFormat,
    QTextCursor,
    QTextLayout,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from desktop.features.words.marks import (
    CUT,
    FOUND,
    HERE,
    HESITATION,
    PLAYING,
    PROPOSED,
    SELECTED,
    UNSURE,
    Marks,
    Spans,
    runs_of,
)
from desktop.features.words.text import Page
from widgets.theme import TEXT, Theme, mix, px, ui_font

SIDE = 13
"""Room to the left and right of the text."""
_HEAD = 22
"""Size of the letters that a head has room for."""
_EMPTY = Page("", *(np.zeros(0, np.int64) for _ in range(3)))


class PageView(QPlainTextEdit):
    """Shows a page, paints the marks of its words, and finds the word at a place."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._page, self._marks = _EMPTY, np.zeros(0, np.uint8)
        self._formats: dict[int, QTextCharFormat] = {}
        self.setReadOnly(True)
        self.setUndoRedoEnabled(False)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        option = self.document().defaultTextOption()
        # both: text that is read from the right begins at the right, and no line is stretched
        option.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignJustify)
        self.document().setDefaultTextOption(option)
        self.setAccessibleName("Transcript")
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._formats.clear()
        font = ui_font(TEXT + 1)
        self.document().setDefaultFont(font)
        self.document().setDocumentMargin(px(SIDE))
        # the style sheet of fields would round the edge and set another font
        self.setStyleSheet(
            f"QPlainTextEdit {{ border: none; border-radius: 0; padding: 0; background: {theme.bg};"
            f" font-size: {px(TEXT + 1)}px; }}"
        )
        self.viewport().update()

    # the text

    @property
    def page(self) -> Page:
        """The text that is shown."""
        return self._page

    def set_page(self, page: Page, marks: Marks, *, is_new: bool) -> None:
        """Show a text; of the same document, only the part that changed is laid out again.

        Parameters
        ----------
        marks : of its words, shape (n,); changed in place, then painted by `repaint_words`
        """
        if is_new or not self._page.text:
            self.setPlainText(page.text)
        else:
            self._replace_changed(page.text)
        self._page, self._marks = page, marks
        self._set_fonts()
        self.viewport().update()

    def _replace_changed(self, text: str) -> None:
        """Replace the part of the text between the common beginning and the common end."""
        old, new = (one.encode("utf-16-le") for one in (self._page.text, text))
        before = _shared(old, new)
        after = min(_shared(old[::-1], new[::-1]), min(len(old), len(new)) - before)
        before -= 2 * (old[before - 1 : before] in _FIRST_HALVES)
        after -= 2 * (old[len(old) - after + 1 : len(old) - after + 2] in _SECOND_HALVES)
        cursor = QTextCursor(self.document())
        cursor.setPosition(before // 2)
        cursor.setPosition((len(old) - after) // 2, QTextCursor.MoveMode.KeepAnchor)
        cursor.insertText(new[before : len(new) - after].decode("utf-16-le"))

    def _set_fonts(self) -> None:
        """Make heads higher, by the unseen mark of direction that each begins with; slant hesitations."""
        block, high, slanted = self.document().firstBlock(), QTextCharFormat(), QTextCharFormat()
        high.setFont(ui_font(_HEAD))
        slanted.setFontItalic(True)
        places = np.flatnonzero(self._marks & HESITATION)
        starts, stops = self._page.starts[places], self._page.stops[places]
        while block.isValid():
            at, length = block.position(), block.length()
            if block.blockNumber() % 2 == 0:
                formats = [_range(0, 1, high)]
            else:
                found = range(*np.searchsorted(starts, (at, at + length)).tolist())
                formats = [
                    _range(int(starts[one]) - at, int(stops[one] - starts[one]), slanted) for one in found
                ]
            if formats != block.layout().formats():
                block.layout().setFormats(formats)
                self.document().markContentsDirty(at, length)
            block = block.next()

    def repaint_words(self, words: Spans) -> None:
        """Paint the lines of some words again, those that are visible."""
        if not len(words) or not len(self._page.starts):
            return
        if len(words) > 64:
            self.viewport().update()
            return
        for word in words.tolist():
            area = self.area_of(word)
            if area is not None:
                self.viewport().update(area.toAlignedRect())

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, area = QPainter(self.viewport()), QRectF(event.rect())
        painter.setPen(QColor(self._theme.text))
        block, at = self.firstVisibleBlock(), self.contentOffset()
        while block.isValid() and at.y() <= area.bottom():
            height = self.blockBoundingRect(block).height()
            if at.y() + height >= area.top():
                block.layout().draw(painter, at, self._styled(block), area)
            at += QPointF(0.0, height)
            block = block.next()

    def rect_at(self, place: int) -> QRect:
        """Return the rectangle of a cursor at a place of the text."""
        cursor = QTextCursor(self.document())
        cursor.setPosition(place)
        return self.cursorRect(cursor)

    def _styled(self, block: QTextBlock) -> list[QTextLayout.FormatRange]:
        """Return how the runs of a line are painted."""
        paragraph, is_words = divmod(block.blockNumber(), 2)
        if paragraph >= len(self._page.firsts):
            return []
        if not is_words:
            return [_range(0, block.length() - 1, self._format(0))]
        first, stop = self._page.words_of(paragraph)
        starts, stops, base = self._page.starts, self._page.stops, block.position()
        return [
            _range(
                int(starts[first + one]) - base,
                int(stops[first + end - 1] - starts[first + one]),
                self._format(marks),
            )
            for one, end, marks in runs_of(self._marks[first:stop])
        ]

    def _format(self, marks: int) -> QTextCharFormat:
        """Return how words with some marks are painted; without any, a head."""
        if marks not in self._formats:
            self._formats[marks] = self._made_format(marks)
        return self._formats[marks]

    def _made_format(self, marks: int) -> QTextCharFormat:
        theme, made = self._theme, QTextCharFormat()
        made.setForeground(
            QBrush(QColor(theme.dim if not marks or marks & (CUT | UNSURE | HESITATION) else theme.text))
        )
        made.setFontStrikeOut(bool(marks & CUT))
        if marks & UNSURE:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.DotLine)
            made.setUnderlineColor(QColor(theme.dim))
        if marks & PROPOSED:
            made.setUnderlineStyle(QTextCharFormat.UnderlineStyle.SingleUnderline)
            made.setUnderlineColor(QColor(theme.undecided))
        if marks & HERE:
            made.setBackground(QBrush(QColor(theme.score_high)))
            made.setForeground(QBrush(QColor("#000000")))
        elif marks & PLAYING:
            made.setBackground(QBrush(QColor(theme.undecided)))
            made.setForeground(QBrush(QColor(theme.on_undecided)))
        elif marks & SELECTED:
            made.setBackground(QBrush(mix(theme.bg, theme.undecided, 0.3)))
            made.setForeground(QBrush(QColor(theme.text)))
        elif marks & FOUND:
            made.setBackground(QBrush(mix(theme.bg, theme.score_high, 0.3)))
            made.setForeground(QBrush(QColor(theme.text)))
        return made

    def area_of(self, word: int) -> QRectF | None:
        """Return the lines of a word in the viewport; None far outside."""
        block = self.document().findBlock(int(self._page.starts[word]))
        first = self.firstVisibleBlock().blockNumber()
        if not first <= block.blockNumber() <= first + self.viewport().height() // 8:
            return None
        place = self.blockBoundingGeometry(block).translated(self.contentOffset())
        if place.top() > self.viewport().height():
            return None
        layout, base = block.layout(), block.position()
        ends = (int(self._page.starts[word]) - base, int(self._page.stops[word]) - base - 1)
        lines = [layout.lineForTextPosition(at) for at in ends]
        if not all(line.isValid() for line in lines):
            return None
        top, bottom = place.top() + lines[0].y(), place.top() + lines[1].y() + lines[1].height()
        return QRectF(0.0, top, self.viewport().width(), bottom - top)

    # places

    def word_at(self, place: QPoint) -> int | None:
        """Return the word at a place of the viewport."""
        return self._page.word_at(self.cursorForPosition(place).position())

    def paragraph_of_head(self, place: QPoint) -> int | None:
        paragraph, is_words = divmod(self.cursorForPosition(place).blockNumber(), 2)
        return None if is_words or paragraph >= len(self._page.firsts) else paragraph

    def word_near(self, place: QPoint) -> int | None:
        """Return the word at a place, or the first one below a head."""
        head = self.paragraph_of_head(place)
        return self.word_at(place) if head is None else int(self._page.firsts[head])


_FIRST_HALVES = frozenset(bytes([high]) for high in range(0xD8, 0xDC))
_SECOND_HALVES = frozenset(bytes([high]) for high in range(0xDC, 0xE0))
"""High bytes of the two units of a sign beyond the first plane, which stay together."""


def _range(start: int, length: int, style: QTextCharFormat) -> QTextLayout.FormatRange:
    made = QTextLayout.FormatRange()
    made.start, made.length, made.format = start, length, style
    return made


def _shared(one: bytes, other: bytes) -> int:
    """Return the length of the common beginning of two texts, in bytes, a multiple of two."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low & ~1
