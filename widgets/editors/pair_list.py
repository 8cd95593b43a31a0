"""Files with the recordings they were made of, and how well they fit."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.jobs.learn_edits_requests import pair_problem
from engine.safe_write import shown
from engine.wording import listed, one_line
from widgets.controls.elided_label import paint_words
from widgets.controls.removable_list import RemovableList
from widgets.theme import TEXT_SMALL, Theme, px, ui_font

_PAIR = int(Qt.ItemDataRole.UserRole)
_HEIGHT = 46


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair as the list shows it.

    Attributes
    ----------
    said : how well it fits, "" while that is not known
    is_refused : whether nothing is learned from it
    """

    raws: tuple[Path, ...] = ()
    edited: Path | None = None
    said: str = ""
    is_refused: bool = False

    @property
    def problem(self) -> str:
        """What is wrong with the names of its files."""
        return pair_problem(self.raws, self.edited)

    @property
    def title(self) -> str:
        """What was made, and of what."""
        made = "?" if self.edited is None else shown(self.edited.name)
        raws = listed([shown(path.name) for path in self.raws]) or "?"
        return one_line(f"{made}  ←  {raws}")


class PairList(RemovableList):
    """Two lines a pair: its names, and how well they fit or what is missing."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _RowDelegate(theme, self)
        self.setItemDelegate(self._delegate)
        self.setProperty("surface", "ground")
        self.setAccessibleName("Edited files and their recordings")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(False)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        self._delegate.theme = theme
        self.viewport().update()

    @property
    def pairs(self) -> tuple[ShownPair, ...]:
        """The pairs, in their order."""
        return tuple(self.item(row).data(_PAIR) for row in range(self.count()))

    def add(self, pairs: Iterable[ShownPair]) -> None:
        """Add pairs, and choose the last of them."""
        for pair in pairs:
            self.addItem(QListWidgetItem())
            self.change(self.count() - 1, pair)
            self.setCurrentRow(self.count() - 1)

    def change(self, row: int, pair: ShownPair) -> None:
        """Show another pair in a row."""
        item = self.item(row)
        item.setData(_PAIR, pair)
        names = [*pair.raws, *(() if pair.edited is None else (pair.edited,))]
        second = pair.problem or pair.said
        item.setToolTip("\n".join([*(one_line(str(path)) for path in names), *([second] if second else [])]))
        item.setData(int(Qt.ItemDataRole.AccessibleTextRole), ". ".join(filter(None, (pair.title, second))))

    def forget_quality(self) -> None:
        """Show of no pair how well it fits."""
        for row, pair in enumerate(self.pairs):
            self.change(row, replace(pair, said="", is_refused=False))

    def remove_chosen(self) -> None:
        """Take the chosen pair off."""
        if self.currentRow() >= 0:
            self.takeItem(self.currentRow())


class _RowDelegate(QStyledItemDelegate):
    """Paints the names, and below them how well they fit, or what is wrong."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = theme

    def initStyleOption(
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().initStyleOption(option, index)
        option.text = ""

    def sizeHint(self, _option: QStyleOptionViewItem, _index: QModelIndex | QPersistentModelIndex) -> QSize:
        return QSize(1, px(_HEIGHT))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        pair = index.data(_PAIR)
        if not isinstance(pair, ShownPair):
            return
        area = QRectF(option.rect).adjusted(px(8), px(4), -px(8), -px(4))
        half = area.height() / 2
        first = QRectF(area.left(), area.top(), area.width(), half)
        title = QFontMetricsF(ui_font()).elidedText(pair.title, Qt.TextElideMode.ElideMiddle, first.width())
        paint_words(painter, first, title, ui_font(), self.theme.text)
        is_bad = bool(pair.problem) or pair.is_refused
        token = self.theme.error if is_bad else self.theme.dim
        painter.setPen(QColor(token))
        said = one_line(pair.problem or pair.said or "Not matched yet")
        paint_words(painter, first.translated(0, half), said, ui_font(TEXT_SMALL), token)
