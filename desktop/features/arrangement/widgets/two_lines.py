"""Lists with two lines per row: a title and a description."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyleOptionViewItem

from engine.core.wording import one_line
from widgets.controls.elided_label import paint_words
from widgets.controls.painted_row import PaintedRow
from widgets.theme import TEXT_SMALL, px, ui_font

_TITLE = int(Qt.ItemDataRole.UserRole) + 1
_SAID, _IS_BAD = _TITLE + 1, _TITLE + 2


def set_lines(item: QListWidgetItem, title: str, said: str, *, is_bad: bool = False) -> None:
    """Set the content of a row.

    Parameters
    ----------
    is_bad : whether the description is an error
    """
    for role, value in ((_TITLE, one_line(title)), (_SAID, one_line(said)), (_IS_BAD, is_bad)):
        item.setData(role, value)
    spoken = ". ".join(filter(None, (item.data(_TITLE), item.data(_SAID))))
    item.setData(int(Qt.ItemDataRole.AccessibleTextRole), spoken)


class TwoLines(PaintedRow):
    """Paints them."""

    height = 46

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        area = QRectF(option.rect).adjusted(px(8), px(4), -px(8), -px(4))
        first = QRectF(area.left(), area.top(), area.width(), area.height() / 2)
        title = QFontMetricsF(ui_font()).elidedText(
            str(index.data(_TITLE) or ""), Qt.TextElideMode.ElideMiddle, first.width()
        )
        paint_words(painter, first, title, ui_font(), self.theme.text)
        token = self.theme.error if index.data(_IS_BAD) else self.theme.dim
        below = first.translated(0, area.height() / 2)
        paint_words(painter, below, str(index.data(_SAID) or ""), ui_font(TEXT_SMALL), token)
