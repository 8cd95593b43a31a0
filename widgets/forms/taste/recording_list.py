"""Recordings with their durations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter
from PySide6.QtWidgets import QListWidgetItem, QStyleOptionViewItem, QWidget

from engine.timebase import format_time
from engine.wording import counted, one_line
from widgets.controls.elided_label import paint_words
from widgets.controls.painted_row import PaintedRow
from widgets.controls.removable_list import RemovableList
from widgets.theme import ROW, TEXT_SMALL, Theme, mono_font, px, ui_font

_PATH = int(Qt.ItemDataRole.UserRole)
_LENGTH = _PATH + 1
UNREADABLE = "cannot be read"


class RecordingList(RemovableList):
    """One recording per row, without duplicates.

    Attributes
    ----------
    LENGTH : item role of the duration
    """

    LENGTH = _LENGTH

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._delegate = _RowDelegate(theme, self)
        self._lengths_s: dict[str, float | None] = {}
        self.setItemDelegate(self._delegate)
        self.setProperty("surface", "ground")
        self.setSelectionMode(RemovableList.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAcceptDrops(False)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    @property
    def paths(self) -> tuple[str, ...]:
        """The recordings, in their order."""
        return tuple(str(self.item(row).data(_PATH)) for row in range(self.count()))

    def add(self, paths: Iterable[str]) -> None:
        """Add recordings that are not in the list."""
        known = set(self.paths)
        for path in paths:
            if path not in known:
                known.add(path)
                item = QListWidgetItem(one_line(path.replace("\\", "/").rsplit("/", 1)[-1]))
                item.setData(_PATH, path)
                item.setToolTip(path)
                self.addItem(item)
        self._show_lengths()

    def remove_chosen(self) -> None:
        """Take the chosen lines off."""
        for item in self.selectedItems():
            self.takeItem(self.row(item))

    def set_lengths(self, lengths_s: Mapping[str, float | None]) -> None:
        """Set the durations of recordings, by path; None: unreadable."""
        self._lengths_s |= lengths_s
        self._show_lengths()

    def _show_lengths(self) -> None:
        for row, path in enumerate(self.paths):
            if path in self._lengths_s:
                length_s = self._lengths_s[path]
                self.item(row).setData(_LENGTH, UNREADABLE if length_s is None else format_time(length_s, 0))

    @property
    def sum_text(self) -> str:
        """Format the number of recordings and their total duration, if known."""
        paths = self.paths
        known = [self._lengths_s[path] for path in paths if path in self._lengths_s]
        if not paths or len(known) < len(paths):
            return counted(len(paths), "recording") if paths else ""
        total_s = sum(one for one in known if one is not None)
        return f"{counted(len(paths), 'recording')}, {format_time(total_s, 0)} in all"


class _RowDelegate(PaintedRow):
    """Paints the name, shortened in the middle, and the length at the right."""

    height = ROW

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        area = QRectF(option.rect).adjusted(px(8), 0, -px(8), 0)
        length = str(index.data(_LENGTH) or "…")
        is_bad = length == UNREADABLE
        painter.setFont(ui_font(TEXT_SMALL) if is_bad else mono_font(TEXT_SMALL))
        painter.setPen(QColor(self.theme.error if is_bad else self.theme.dim))
        painter.drawText(area, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), length)
        taken = painter.fontMetrics().horizontalAdvance(length) + px(12)
        name = area.adjusted(0, 0, -taken, 0)
        words = QFontMetricsF(ui_font()).elidedText(
            str(index.data(Qt.ItemDataRole.DisplayRole)), Qt.TextElideMode.ElideMiddle, name.width()
        )
        paint_words(painter, name, words, ui_font(), self.theme.text)
