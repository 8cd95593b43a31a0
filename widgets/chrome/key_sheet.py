"""Every key on one sheet, made from the same table as the menus."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.entries import CommandEntry
from widgets.controls.keys.caps import EnterButton
from widgets.controls.keys.names import key_labels
from widgets.theme import px

_COLUMNS = 2


class KeySheet(QDialog):
    """The commands in their groups, in two columns of about the same height; Esc closes it.

    Signals
    -------
    change_requested : the user wants to edit keys; the sheet has closed
    """

    change_requested = Signal()

    def __init__(self, commands: Sequence[CommandEntry], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        sheet = QWidget()
        columns = QHBoxLayout(sheet)
        columns.setContentsMargins(px(20), px(16), px(20), px(20))
        columns.setSpacing(px(40))
        for groups in _balanced(commands):
            column = QVBoxLayout()
            column.setSpacing(px(4))
            for name, members in groups:
                self._add_group(column, name, members)
            column.addStretch(1)
            columns.addLayout(column, 1)
        area = QScrollArea()
        area.setWidget(sheet)
        area.setWidgetResizable(True)
        area.setAccessibleName("Keys and commands")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        change = EnterButton("Change keys…")
        change.clicked.connect(self._ask_for_change)
        below = QHBoxLayout()
        below.setContentsMargins(px(20), px(8), px(20), px(12))
        below.addStretch(1)
        below.addWidget(change)
        layout.addLayout(below)
        self._sheet = sheet
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        wanted = self._sheet.sizeHint() + QSize(px(16), px(56))
        return wanted.boundedTo(QSize(px(1100), px(860)))

    def _ask_for_change(self) -> None:
        self.close()
        self.change_requested.emit()

    def _add_group(self, column: QVBoxLayout, name: str, members: Sequence[CommandEntry]) -> None:
        title = QLabel(name)
        title.setProperty("role", "title")
        column.addSpacing(px(8))
        column.addWidget(title)
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(4))
        grid.setColumnStretch(0, 1)
        for line, command in enumerate(members):
            label = QLabel(command.label)
            label.setToolTip(command.description)
            grid.addWidget(label, line, 0)
            grid.addLayout(self._caps(command), line, 1)
        column.addLayout(grid)

    def _caps(self, command: CommandEntry) -> QHBoxLayout:
        caps = QHBoxLayout()
        caps.setSpacing(px(4))
        caps.addStretch(1)
        for text in key_labels(command.keys):
            cap = QLabel(text)
            cap.setProperty("role", "key")
            cap.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
            caps.addWidget(cap)
        return caps


Group = tuple[str, list[CommandEntry]]


def _balanced(commands: Sequence[CommandEntry]) -> tuple[list[Group], ...]:
    """Deal the groups into columns, in their order, each to the shortest one."""
    columns: tuple[list[Group], ...] = tuple([] for _ in range(_COLUMNS))
    lines = [0] * _COLUMNS
    for name, members in groupby((each for each in commands if each.keys), key=lambda each: each.group):
        group = list(members)
        shortest = lines.index(min(lines))
        columns[shortest].append((name, group))
        lines[shortest] += len(group) + 2
    return columns
