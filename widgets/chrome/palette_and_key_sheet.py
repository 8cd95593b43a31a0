"""The sheet of all keys, and the palette that finds a command by name, a few letters or a synonym.

Both are made from the same table as the menus.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QSizePolicy,
    QWidget,
)

from widgets.controls.command_entries import Absent, CommandEntry, key_labels, search, with_keys
from widgets.controls.key_caps import ENTER, CommandList, EnterButton, column, label, row
from widgets.controls.text_and_icons import announce
from widgets.theme import ROW, Theme, px

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
        columns = row(gap=40, margins=(20, 16, 20, 20), owner=sheet)
        for groups in _balanced(commands):
            side = column(gap=4)
            for name, members in groups:
                side.addSpacing(px(8))
                side.addWidget(label(name, "title"))
                side.addLayout(_lines_of(members))
            side.addStretch(1)
            columns.addLayout(side, 1)
        area = QScrollArea()
        area.setWidget(sheet)
        area.setWidgetResizable(True)
        area.setAccessibleName("Keys and commands")
        change = EnterButton("Change keys…")
        change.clicked.connect(self._request_change)
        column(area, row(1, change, margins=(20, 8, 20, 12)), owner=self)
        self._sheet = sheet
        self.resize(self.sizeHint())

    def sizeHint(self) -> QSize:
        wanted = self._sheet.sizeHint() + QSize(px(16), px(56))
        return wanted.boundedTo(QSize(px(1100), px(860)))

    def _request_change(self) -> None:
        self.close()
        self.change_requested.emit()


def _lines_of(commands: Sequence[CommandEntry]) -> QGridLayout:
    """Return a line for each command: its name, and its keys."""
    grid = QGridLayout()
    grid.setHorizontalSpacing(px(12))
    grid.setVerticalSpacing(px(4))
    grid.setColumnStretch(0, 1)
    for line, command in enumerate(commands):
        name = QLabel(command.label)
        name.setToolTip(command.description)
        caps = [label(text, "key") for text in key_labels(command.keys)]
        for cap in caps:
            cap.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
            cap.setAlignment(Qt.AlignmentFlag.AlignCenter)
        grid.addWidget(name, line, 0)
        grid.addLayout(row(1, *caps, gap=4), line, 1)
    return grid


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


_SHOWN_ROWS = 12


class CommandPalette(QFrame):
    """A popup with a field and the commands it finds; Enter runs the chosen one, Esc closes.

    Parameters
    ----------
    absent : missing functions with an explanation
    keys : the key cap of each command id
    """

    command_requested = Signal(str)

    def __init__(
        self,
        theme: Theme,
        commands: Sequence[CommandEntry],
        parent: QWidget | None = None,
        *,
        absent: Sequence[Absent] = (),
        keys: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Popup | Qt.WindowType.FramelessWindowHint)
        self._theme = theme
        self._commands = tuple(commands)
        self._absent = tuple(absent)
        self._keys = {} if keys is None else keys
        self.setAccessibleName("Find a command")
        self._field = QLineEdit()
        self._field.setPlaceholderText("Find a command")
        self._field.setAccessibleName("Name of the command")
        self._note = label(role="dim", wraps=True, name="Search message")
        self._note.setTextFormat(Qt.TextFormat.PlainText)
        self._note.hide()
        self._list = CommandList(theme, "Commands")
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._found = self._list.found
        column(self._field, self._note, (self._list, 1), gap=6, margins=(8, 8, 8, 8), owner=self)
        self._field.textChanged.connect(self._find)
        self._field.installEventFilter(self)
        self._list.clicked.connect(lambda index: self._run(index.row()))
        self._find("")

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self._list.set_theme(theme)
        self.update()

    def set_commands(self, commands: Sequence[CommandEntry]) -> None:
        """Replace the searchable commands."""
        self._commands = tuple(commands)
        self._find(self._field.text())

    def open_over(self, window: QWidget) -> None:
        """Open empty at the top of a part of the window, with the cursor in the field."""
        width = min(px(640), window.width() - px(24))
        height = min(px(8 * 2 + 34 + 6 + _SHOWN_ROWS * ROW), window.height() - px(16))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.setGeometry(corner.x() + (window.width() - width) // 2, corner.y() + px(4), width, height)
        self._field.clear()
        self._find("")
        self.show()
        self._field.setFocus(Qt.FocusReason.PopupFocusReason)

    @property
    def note(self) -> str:
        """The message about a search without result, or ""."""
        return self._note.text()

    def _find(self, query: str) -> None:
        found = search(query, self._commands, self._absent)
        self._found.show(found.commands)
        self._note.setText(with_keys(found.note, self._keys))
        self._note.setVisible(bool(found.note))
        if found.note:
            announce(self._field, self.note)
        if not found.is_guess:  # Enter runs nothing that was only guessed
            self._choose(0)

    def _choose(self, place: int) -> None:
        if self._found.commands:
            chosen = self._found.index(min(max(0, place), len(self._found.commands) - 1))
            self._list.setCurrentIndex(chosen)
            # The cursor stays in the field, so that a screen reader would hear nothing of the list.
            announce(self._field, str(chosen.data(Qt.ItemDataRole.AccessibleTextRole)))

    def _run(self, place: int) -> None:
        if 0 <= place < len(self._found.commands):
            command_id = self._found.commands[place].id
            self.close()
            self.command_requested.emit(command_id)

    def eventFilter(self, watched: object, event: object) -> bool:
        """Let the arrows, Enter and Esc of the field steer the list."""
        if (
            watched is self._field
            and isinstance(event, QKeyEvent)
            and event.type() == QKeyEvent.Type.KeyPress
        ):
            return self._steer(Qt.Key(event.key()))
        return False

    def _steer(self, key: Qt.Key) -> bool:
        current = self._list.currentIndex().row()
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: _SHOWN_ROWS,
            Qt.Key.Key_PageUp: -_SHOWN_ROWS,
        }
        if key in steps:
            self._choose(current + steps[key])
        elif key in ENTER:
            self._run(current)
        elif key == Qt.Key.Key_Escape:
            self.close()
        else:
            return False
        return True

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setPen(QPen(QColor(self._theme.faint), 1))
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))
