"""Panel with the list of repeated passages and their takes with times."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListView, QSizePolicy, QVBoxLayout, QWidget

from desktop.features.takes.widgets.rows import TakeDelegate, TakeRow, TakeRows
from widgets.controls.keys.caps import KeyButton
from widgets.controls.keys.own_keys import KeyedList
from widgets.theme import QUEUE, TEXT, Theme, px

_LEAST, _MOST = 132, 300
_WORDS = {"takes.hear": "Play in turn", "takes.keep": "Keep", "takes.propose": "Find takes"}


class TakesPanel(QFrame):
    """Shows takes; user actions are emitted as signals.

    Signals
    -------
    take_chosen(group, number) : a take was selected
    hear_wanted : Enter on a take
    command_requested : the command id of a button
    """

    take_chosen = Signal(int, int)
    hear_wanted = Signal()
    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Takes")
        self._title, self._summary = QLabel("Takes"), QLabel()
        self._title.setProperty("role", "title")
        self._empty = QLabel()
        self._empty.setWordWrap(True)
        self._empty.setTextFormat(Qt.TextFormat.PlainText)
        self._rows, self._list = TakeRows(), KeyedList("Takes by passage")
        self._list.setModel(self._rows)
        self._delegate = TakeDelegate(theme, self._list)
        self._list.setItemDelegate(self._delegate)
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in _WORDS.items()}
        self._lay_out()
        self._list.selectionModel().currentChanged.connect(self._choose)
        self._list.clicked.connect(self._choose)
        self._list.entered_at.connect(self.hear_wanted)
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
        self.show_rows((), "")
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, px(8), 0, px(8))
        layout.setSpacing(px(5))
        top = QHBoxLayout()
        top.setContentsMargins(px(14), 0, px(14), 0)
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self._summary)
        layout.addLayout(top)
        self._empty.setContentsMargins(px(14), 0, px(14), 0)
        layout.addWidget(self._empty)
        layout.addWidget(self._list, 1)
        buttons = QHBoxLayout()
        buttons.setContentsMargins(px(14), 0, px(14), 0)
        buttons.setSpacing(px(5))
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            buttons.addWidget(button)
        layout.addLayout(buttons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)

    def sizeHint(self) -> QSize:
        around = super().sizeHint().height() - self._list.sizeHint().height()
        height = around + self._rows.rowCount() * self._delegate.height
        if self._list.isHidden():
            return QSize(px(QUEUE), super().sizeHint().height())
        return QSize(px(QUEUE), min(max(height, px(_LEAST)), px(_MOST)))

    def minimumSizeHint(self) -> QSize:
        height = super().minimumSizeHint().height() if self._list.isHidden() else px(_LEAST)
        return QSize(px(120), height)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._delegate.theme = theme
        for button in self._buttons.values():
            button.set_theme(theme)
        for label in (self._summary, self._empty):
            label.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self.setStyleSheet(f"TakesPanel {{ border-top: 1px solid {theme.line}; }}")
        self._list.viewport().update()

    def show_rows(self, rows: tuple[TakeRow, ...], summary: str, empty: str = "") -> None:
        """Show passages and takes, or the reason for an empty list; the selection stays."""
        was = self.chosen
        self._rows.set_rows(rows)
        self._summary.setText(summary)
        self._empty.setText(empty)
        self._empty.setVisible(not rows)
        self._list.setVisible(bool(rows))
        for name, button in self._buttons.items():
            button.setVisible((name == "takes.propose") != bool(rows))
        takes = [place for place, row in enumerate(rows) if row.take is not None]
        if takes:
            again = next((place for place in takes if rows[place].take == was), takes[0])
            self._mark(again)
        self.updateGeometry()

    def _mark(self, place: int) -> None:
        """Choose a row without going there."""
        selection = self._list.selectionModel()
        selection.blockSignals(True)
        self._list.setCurrentIndex(self._rows.index(place))
        selection.blockSignals(False)
        self._list.viewport().update()

    @property
    def chosen(self) -> tuple[int, int] | None:
        """The group and the number of the take that is chosen."""
        return self._rows.take_at(self._list.currentIndex().row())

    def show_sounding(self, take: tuple[int, int] | None) -> None:
        """Mark the playing take and select it."""
        self._rows.set_sounding(take)
        place = self._rows.place_of(take)
        if place is not None:
            self._mark(place)
            self._list.scrollTo(self._rows.index(place))

    @property
    def holds_takes(self) -> bool:
        """Whether a take can be selected."""
        return not self._list.isHidden()

    def begin(self) -> None:
        """Give the list the keys."""
        if self.holds_takes:
            self._list.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._list.scrollTo(self._list.currentIndex(), QListView.ScrollHint.EnsureVisible)

    def _choose(self, index: QModelIndex) -> None:
        take = self._rows.take_at(index.row())
        if take is not None:
            self.take_chosen.emit(*take)
