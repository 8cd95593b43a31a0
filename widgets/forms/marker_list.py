"""All markers and regions in a list: filter, jump, rename and delete, all by keyboard."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QEvent, QItemSelectionModel, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QWidget,
)

from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.document.state import Marker
from widgets.controls.key_caps import ENTER, KeyButton, column, label, row
from widgets.theme import Theme, mono_font, px

_NAME, _POSITION, _LENGTH = range(3)
_ID = int(Qt.ItemDataRole.UserRole)
_EMPTY = "No markers yet. Add one at the playhead, or name the span of a proposal."


class _Rows(QTreeWidget):
    """The rows; Delete and Backspace request their removal."""

    removed = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        editing = self.state() == QAbstractItemView.State.EditingState
        if event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and not editing:
            self.removed.emit()
        else:
            super().keyPressEvent(event)


class MarkerList(QDialog):
    """Window that stays open; Enter goes to a marker, F2 renames, Delete deletes, Esc closes.

    Signals
    -------
    chosen : id of the marker to go to
    renamed : id and new name
    deleted : the ids, as a tuple
    """

    chosen = Signal(str)
    renamed = Signal(str, str)
    deleted = Signal(tuple)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Markers")
        self._filling = False
        self._field = QLineEdit()
        self._field.setPlaceholderText("Filter by name")
        self._field.setAccessibleName("Filter markers by name")
        self._field.setClearButtonEnabled(True)
        self._rows = _Rows()
        self._rows.setAccessibleName("Markers")
        self._rows.setHeaderLabels(["Name", "Position", "Length"])
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for place in (_POSITION, _LENGTH):
            self._rows.headerItem().setTextAlignment(place, right)
        self._rows.setStyleSheet(f"QTreeView::item {{ padding: 0 {px(4)}px; }}")
        self._rows.setRootIsDecorated(False)
        self._rows.setUniformRowHeights(True)
        self._rows.setAllColumnsShowFocus(True)
        self._rows.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._rows.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self._rows.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._empty = label(_EMPTY, "dim", wraps=True)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._count = label(role="dim", wraps=True)
        self._go = KeyButton(theme, "Go to", "Enter")
        self._rename = KeyButton(theme, "Rename", "F2")
        self._delete = KeyButton(theme, "Delete", "Del")
        self._lay_out()
        self._field.textChanged.connect(self._filter)
        self._field.installEventFilter(self)
        self._rows.itemActivated.connect(lambda _item, _column: self._choose())
        self._rows.itemChanged.connect(self._take_name)
        self._rows.itemSelectionChanged.connect(self._renew)
        self._rows.removed.connect(self._request_deletion)
        self._go.clicked.connect(self._choose)
        self._rename.clicked.connect(self._edit)
        self._delete.clicked.connect(self._request_deletion)
        self._renew()

    def _lay_out(self) -> None:
        header = self._rows.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(_NAME, QHeaderView.ResizeMode.Stretch)
        wide = QFontMetrics(mono_font()).horizontalAdvance("0:00:00.000") + px(28)
        for place in (_POSITION, _LENGTH):
            header.setSectionResizeMode(place, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(place, wide)
        count = (self._count, 1, Qt.AlignmentFlag.AlignRight)
        below = row(self._go, self._rename, self._delete, count, gap=8)
        rows = ((self._rows, 1), (self._empty, 1))
        column(self._field, *rows, below, gap=10, margins=(16, 16, 16, 12), owner=self)
        self.resize(px(560), px(420))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in (self._go, self._rename, self._delete):
            button.set_theme(theme)

    def show_markers(self, markers: Iterable[Marker], rate_hz: int) -> None:
        """Show these, ascending; the selection stays."""
        selected, current = set(self._selected()), self._rows.currentItem()
        current_id = "" if current is None else str(current.data(_NAME, _ID))
        self._filling = True
        self._rows.clear()
        items = [_item(marker, max(rate_hz, 1)) for marker in markers]
        self._rows.addTopLevelItems(items)
        for item in items:
            item.setSelected(item.data(_NAME, _ID) in selected)
            if item.data(_NAME, _ID) == current_id:
                self._rows.setCurrentItem(item, _NAME, QItemSelectionModel.SelectionFlag.NoUpdate)
        self._filling = False
        self._filter()

    def choose(self, marker_id: str) -> None:
        """Make a marker the chosen one."""
        for item in self._items():
            if item.data(_NAME, _ID) == marker_id:
                self._rows.setCurrentItem(item)

    def names(self) -> list[str]:
        """Return the names that are shown."""
        return [item.text(_NAME) for item in self._items() if not item.isHidden()]

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self._rows.topLevelItem(place) for place in range(self._rows.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _selected(self) -> tuple[str, ...]:
        chosen = [item for item in self._items() if item.isSelected() and not item.isHidden()]
        return tuple(str(item.data(_NAME, _ID)) for item in chosen)

    def _filter(self) -> None:
        wanted = self._field.text().casefold().split()
        for item in self._items():
            item.setHidden(not all(word in item.text(_NAME).casefold() for word in wanted))
        shown = [item for item in self._items() if not item.isHidden()]
        if shown and not self._selected():
            self._rows.setCurrentItem(shown[0])
        self._renew()

    def _renew(self) -> None:
        total, shown, chosen = len(self._items()), len(self.names()), len(self._selected())
        self._go.setEnabled(chosen == 1)
        self._rename.setEnabled(chosen == 1)
        self._delete.setEnabled(chosen > 0)
        self._rows.setVisible(total > 0)
        self._empty.setVisible(not total)
        of = f"{shown:,} of " if shown < total else ""
        self._count.setText(f"{of}{counted(total, 'marker')}" if total else "")

    def _choose(self) -> None:
        if len(chosen := self._selected()) == 1:
            self.chosen.emit(chosen[0])

    def _edit(self) -> None:
        item = self._rows.currentItem()
        if item is not None and not item.isHidden():
            self._rows.setFocus()
            self._rows.editItem(item, _NAME)

    def _request_deletion(self) -> None:
        if chosen := self._selected():
            self.deleted.emit(chosen)

    def _take_name(self, item: QTreeWidgetItem, place: int) -> None:
        if not self._filling and place == _NAME:
            marker_id, name = str(item.data(_NAME, _ID)), item.text(_NAME)
            # Once Qt is done with the row: what this changes makes all rows anew.
            QTimer.singleShot(0, self, lambda: self.renamed.emit(marker_id, name))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrows, Enter and F2 of the field steer the rows."""
        if watched is self._field and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            return self._steer(Qt.Key(event.key()))
        return False

    def _steer(self, key: Qt.Key) -> bool:
        if key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            shown = [item for item in self._items() if not item.isHidden()]
            current = self._rows.currentItem()
            if shown:
                place = shown.index(current) if current in shown else -1
                place += 1 if key == Qt.Key.Key_Down else -1
                self._rows.setCurrentItem(shown[min(max(place, 0), len(shown) - 1)])
        elif key in ENTER:
            self._choose()
        elif key == Qt.Key.Key_F2:
            self._edit()
        else:
            return False
        return True


def _item(marker: Marker, rate_hz: int) -> QTreeWidgetItem:
    length = format_time((marker.stop_samples - marker.start_samples) / rate_hz) if marker.is_region else "–"
    item = QTreeWidgetItem([marker.name, format_time(marker.start_samples / rate_hz), length])
    item.setData(_NAME, _ID, marker.id)
    item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
    item.setToolTip(_NAME, marker.name)
    for place in (_POSITION, _LENGTH):
        item.setFont(place, mono_font())
        item.setTextAlignment(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return item
