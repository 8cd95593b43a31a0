"""Start panel over the empty timeline: large buttons to begin with, and recent documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QListWidgetItem,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QWidget,
)

from widgets.controls.fields import RemovableList
from widgets.controls.key_caps import KeyButton, cap_width, column, label, paint_cap, row
from widgets.controls.text_and_icons import paint_icon, paint_words
from widgets.theme import ROW, TEXT, TEXT_SMALL, Theme, px, ui_font

_PATH = int(Qt.ItemDataRole.UserRole)
_IS_THERE = _PATH + 1


class RecentList(QWidget):
    """A list with one document per row; missing files are marked and disabled.

    Signals
    -------
    opened : the path of the document to open
    forgotten : path of the document to remove from the list
    changed : `problem()` may have changed
    """

    opened = Signal(Path)
    forgotten = Signal(Path)
    changed = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._list = RemovableList()
        self._list.setAccessibleName("Recent documents")
        self._list.setProperty("surface", "ground")
        self._list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self._list.setMinimumSize(px(560), px(310))
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setStyleSheet(f"QListWidget::item {{ padding: 0 {px(8)}px; }}")
        self._forget = KeyButton(theme, "Remove from list", "", "minus")
        self._problem = label(role="dim", wraps=True)
        column((self._list, 1), row(self._forget, (self._problem, 1)), gap=8, owner=self)
        self._list.currentItemChanged.connect(self._renew)
        self._list.itemActivated.connect(lambda _item: self._open())
        self._list.removed.connect(self._remove)
        self._forget.clicked.connect(self._remove)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._forget.set_theme(theme)
        for place in range(self._list.count()):
            self._colour(self._list.item(place))

    def _colour(self, item: QListWidgetItem) -> None:
        item.setForeground(QColor(self._theme.text if item.data(_IS_THERE) else self._theme.dim))

    def show_documents(self, documents: Iterable[tuple[Path, bool]]) -> None:
        """Show these, each with whether it is there."""
        self._list.clear()
        for path, is_there in documents:
            missing = "" if is_there else " (missing)"
            item = QListWidgetItem(f"{path.stem}{missing}  ·  {path.parent}")
            item.setToolTip(str(path))
            item.setSizeHint(QSize(1, px(ROW)))  # as wide as the list: what does not fit is elided
            item.setData(_PATH, str(path))
            item.setData(_IS_THERE, is_there)
            self._colour(item)
            self._list.addItem(item)
        self._list.setCurrentRow(0)
        self._renew()

    def fit_rows(self, most: int) -> None:
        """Adapt the height to the rows, up to `most`, with a minimal width."""
        self._list.setMinimumSize(px(200), px(ROW) * 2)
        self._list.setMaximumHeight(px(ROW) * min(most, max(2, self._list.count())) + px(4))

    def chosen(self) -> Path | None:
        """Return the document chosen."""
        item = self._list.currentItem()
        return None if item is None else Path(item.data(_PATH))

    def problem(self) -> str:
        """Return why no document can be opened, or ""."""
        item = self._list.currentItem()
        if item is None:
            return "No recent documents."
        return "" if item.data(_IS_THERE) else "The file is missing: moved, renamed or on another disk."

    def _renew(self) -> None:
        self._forget.setEnabled(self._list.currentItem() is not None)
        self._problem.setText(self.problem())
        self.changed.emit()

    def _open(self) -> None:
        path = self.chosen()
        if path is not None and not self.problem():
            self.opened.emit(path)

    def _remove(self) -> None:
        path = self.chosen()
        if path is not None:
            self._list.takeItem(self._list.currentRow())
            self.forgotten.emit(path)
            self._renew()


_HIGH, _ICON, _PAD, _GAP = 60, 24, 16, 14


class LargeButton(KeyButton):
    """Two lines next to an icon; the second is elided."""

    def __init__(
        self, theme: Theme, text: str, more: str, key: str, icon_name: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(theme, text, key, icon_name, parent)
        self._more = more
        self.setAccessibleDescription(more)

    def sizeHint(self) -> QSize:
        name = QFontMetricsF(ui_font(TEXT + 1)).horizontalAdvance(self.text())
        name += px(_GAP) + cap_width(self._key)
        more = QFontMetricsF(ui_font(TEXT_SMALL + 0.5)).horizontalAdvance(self._more)
        return QSize(round(max(name, more) + px(2 * _PAD + _ICON + _GAP) + 1), px(_HIGH))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(200), px(_HIGH))

    def paintEvent(self, _event: QPaintEvent) -> None:
        theme, painter = self._theme, QStylePainter(self)
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = ""
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        enabled, side, middle = self.isEnabled(), px(_ICON), self.height() / 2
        ink = theme.undecided if enabled else theme.faint
        paint_icon(painter, self._icon_name, QRectF(px(_PAD), middle - side / 2, side, side), ink)
        left, right = px(_PAD + _ICON + _GAP), self.width() - px(_PAD)
        line = px(20)
        name = QRectF(left, middle - line, right - left, line)
        if self._key:
            cap = paint_cap(painter, QPointF(right, name.center().y()), self._key, theme)
            name.setRight(cap.left() - px(8))
        paint_words(painter, name, self.text(), ui_font(TEXT + 1), theme.text if enabled else theme.faint)
        more = QRectF(left, middle, right - left, line)
        ink = theme.dim if enabled else theme.faint
        paint_words(painter, more, self._more, ui_font(TEXT_SMALL + 0.5), ink)


_BEGINNINGS = (
    ("file.import", "Import recordings…", "One track per file; or drop them here", "plus"),
    ("day.prepare", "Prepare the day…", "Songs and takes of a rehearsal", "take"),
    ("file.demo", "Open the demo", "A jam with cuts to review", "play"),
    ("file.recent", "Open recent…", "Your decisions are saved", "recent"),
    ("taste.learn", "Learn a taste…", "From recordings that you edited", "graduation-cap"),
)
_TWO_COLUMNS, _COLUMN, _MARGIN = 640, 340, 16
_LISTED = 5


class StartPanel(QFrame):
    """Large buttons and recent documents, over the lower part of another widget.

    Parameters
    ----------
    keys : the key cap of each command id
    over : the widget, whose size it follows
    top : function for the free height above, in pixels

    Signals
    -------
    command_requested : the command id of a button
    opened, forgotten : as of `RecentList`
    """

    command_requested = Signal(str)
    opened = Signal(Path)
    forgotten = Signal(Path)

    def __init__(self, theme: Theme, keys: Mapping[str, str], over: QWidget, top: Callable[[], int]) -> None:
        super().__init__(over)
        self._over = over
        self._top = top
        self._lists = False
        self.setProperty("surface", "ground")
        self.setAccessibleName("Begin")
        self._buttons = {
            command: LargeButton(theme, text, more, keys.get(command, ""), icon)
            for command, text, more, icon in _BEGINNINGS
        }
        for command, button in self._buttons.items():
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )
        self._title = label("Recent", "title")
        self._list = RecentList(theme)
        self._box = QWidget()
        self._box.setProperty("surface", "ground")
        self._grid = QGridLayout()
        self._grid.setSpacing(px(10))
        column(self._grid, self._title, self._list, gap=12, owner=self._box).insertSpacing(1, px(8))
        margins = (_MARGIN, _MARGIN, _MARGIN, _MARGIN)
        column(1, (self._box, 0, Qt.AlignmentFlag.AlignHCenter), 1, margins=margins, owner=self)
        self._list.opened.connect(self.opened)
        self._list.forgotten.connect(self.forgotten)
        over.installEventFilter(self)
        self.set_theme(theme)
        self.hide()

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._list.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)

    def show_documents(self, documents: Iterable[tuple[Path, bool]]) -> None:
        """Show the actions and the recent documents."""
        listed = list(documents)
        self._lists = bool(listed)
        self._list.show_documents(listed)
        self._list.fit_rows(_LISTED)
        self._buttons["file.recent"].setEnabled(self._lists)
        self.show()
        self._fill()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keep to the other widget."""
        if watched is self._over and event.type() == QEvent.Type.Resize:
            self._fill()
        return False

    def _fill(self) -> None:
        if self.isHidden():
            return
        room = self._over.rect()
        room.setTop(self._top())
        columns = 2 if room.width() >= px(_TWO_COLUMNS) else 1
        for place, button in enumerate(self._buttons.values()):
            self._grid.addWidget(button, place // columns, place % columns)
        self._box.setFixedWidth(min(room.width() - px(2 * _MARGIN), px(columns * _COLUMN)))
        for part in (self._title, self._list):
            part.setVisible(self._lists)
        if self._lists and self._box.minimumSizeHint().height() > room.height() - px(2 * _MARGIN):
            for part in (self._title, self._list):  # the button for them stays
                part.hide()
        self.setGeometry(room)
        self.raise_()
