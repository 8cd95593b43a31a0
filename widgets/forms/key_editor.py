"""The editor of keys: all commands with their keys, and a field that takes the next key press.

It has no rules of its own: `KeyRules` decides about each change.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from PySide6.QtCore import (
    QCoreApplication,
    QEvent,
    QItemSelectionModel,
    QKeyCombination,
    QModelIndex,
    QObject,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QLineEdit, QWidget

from engine.core.errors import OffcutError
from widgets.controls.command_entries import CommandEntry, key_label, key_labels, ranked
from widgets.controls.key_caps import ENTER, CommandList, KeyButton, column, label, row
from widgets.theme import Theme, px

_MODIFIERS = (
    Qt.Key.Key_Shift,
    Qt.Key.Key_Control,
    Qt.Key.Key_Alt,
    Qt.Key.Key_Meta,
    Qt.Key.Key_AltGr,
    Qt.Key.Key_Super_L,
    Qt.Key.Key_Super_R,
    Qt.Key.Key_CapsLock,
    Qt.Key.Key_NumLock,
)
_LEAVING = (Qt.Key.Key_Tab, Qt.Key.Key_Backtab, Qt.Key.Key_Escape)


def key_of(event: QKeyEvent) -> str:
    """Return the key of an event in Qt's portable notation, "" without a name.

    The number pad's keys are their twins', and Shift is left out where it only makes the sign, as in "?".
    """
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key == Qt.Key.Key_unknown or not key:
        return ""
    text = event.text()
    if len(text) == 1 and text.isprintable() and not text.isalnum() and not text.isspace():
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeySequence(QKeyCombination(modifiers, key)).toString(QKeySequence.SequenceFormat.PortableText)


class KeyField(QLineEdit):
    """Shows the last key pressed in it; Tab and Esc keep their meaning.

    Signals
    -------
    key_pressed : the key in Qt's portable notation, "" for one that has no name
    """

    key_pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setPlaceholderText("Click here, then press a key")
        self.setAccessibleName("New key")
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setAttribute(Qt.WidgetAttribute.WA_InputMethodEnabled, False)

    def show_key(self, key: str) -> None:
        """Show a key, or none."""
        self.setText(key_label(key) if key else "")

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.setPlaceholderText("Press the new key")

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.setPlaceholderText("Click here, then press a key")

    def event(self, event: QEvent) -> bool:
        """Take every key before shortcuts, the default button and the number pad's Enter do."""
        if isinstance(event, QKeyEvent) and event.key() not in (*_LEAVING, *_MODIFIERS):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.Type.KeyPress:
                self.key_pressed.emit(key_of(event))
                return True
        return super().event(event)


_LIST_KEYS = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_HOW = "Enter goes to the key field. Press a key there, then Enter to accept the change."


class KeyRules(Protocol):
    """Key assignments and their rules; an invalid change raises an error with the reason."""

    @property
    def commands(self) -> Sequence[CommandEntry]: ...
    @property
    def changed_ids(self) -> frozenset[str]: ...
    def refusal(self, key: str) -> str: ...
    def owner(self, command_id: str, key: str) -> CommandEntry | None: ...
    def set_keys(self, command_id: str, keys: tuple[str, ...]) -> None: ...
    def swap(self, command_id: str, key: str) -> None: ...
    def reset(self, command_id: str) -> None: ...
    def reset_all(self) -> None: ...


class KeyEditor(QWidget):
    """Choose a command, press its new key, and choose whether it replaces the old one.

    Parameters
    ----------
    rules : the commands and their keys; its errors are displayed
    """

    changed = Signal()

    def __init__(self, theme: Theme, rules: KeyRules, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rules = rules
        self._key = ""
        self._command = rules.commands[0]
        self._search, self._list = QLineEdit(), CommandList(theme, "Commands and their keys")
        self._found = self._list.found
        self._name, self._message = label(role="title"), label(wraps=True, name="Current command of the key")
        self._field = KeyField()
        self._buttons = {
            "use": KeyButton(theme, "Assign"),
            "add": KeyButton(theme, "Add key"),
            "swap": KeyButton(theme, "Swap"),
            "none": KeyButton(theme, "No key"),
            "reset": KeyButton(theme, "Reset"),
            "all": KeyButton(theme, "Reset all keys"),
        }
        self._lay_out()
        self._wire()
        self._find("")

    def _lay_out(self) -> None:
        self._search.setPlaceholderText("Find a command")
        self._search.setAccessibleName("Name of the command")
        self._list.setProperty("surface", "ground")
        self._list.setMinimumSize(px(640), px(300))
        self._message.setMinimumHeight(px(36))
        self._message.setAlignment(Qt.AlignmentFlag.AlignTop)
        use, add, swap, *others = self._buttons.values()
        key, below = row((self._field, 1), use, add, swap, gap=8), row(*others, 1, gap=8)
        column(self._search, (self._list, 1), self._name, key, self._message, below, gap=8, owner=self)

    def _wire(self) -> None:
        self._search.textChanged.connect(self._find)
        for steered in (self._search, self._list):
            steered.installEventFilter(self)
        self._list.selectionModel().currentChanged.connect(self._choose)
        self._field.key_pressed.connect(self._take)
        rules = self._rules
        does: dict[str, Callable[[], object]] = {
            "use": lambda: rules.set_keys(self._command.id, (self._key, *self._command.keys[1:])),
            "add": lambda: rules.set_keys(self._command.id, (*self._command.keys, self._key)),
            "swap": lambda: rules.swap(self._command.id, self._key),
            "none": lambda: rules.set_keys(self._command.id, ()),
            "reset": lambda: rules.reset(self._command.id),
            "all": rules.reset_all,
        }
        for name, do in does.items():
            self._buttons[name].clicked.connect(partial(self._do, do))
        self._list.doubleClicked.connect(lambda _index: self._field.setFocus())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the arrow keys of the search field move in the list, and Enter go to the key field."""
        if not isinstance(event, QKeyEvent) or event.type() != QEvent.Type.KeyPress:
            return False
        if event.key() in ENTER:
            self._field.setFocus(Qt.FocusReason.TabFocusReason)
            return True
        if watched is self._search and event.key() in _LIST_KEYS:
            QCoreApplication.sendEvent(self._list, event)
            return True
        return False

    def _find(self, query: str) -> None:
        chosen = self._command.id
        self._found.show(ranked(query, self._rules.commands))
        rows = [each.id for each in self._found.commands]
        if rows:
            self._list.selectionModel().setCurrentIndex(
                self._found.index(rows.index(chosen) if chosen in rows else 0),
                QItemSelectionModel.SelectionFlag.ClearAndSelect,
            )
        self._take("", pressed=False)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self._command = self._found.commands[index.row()]
            self._take("", pressed=False)
            self._list.scrollTo(index)

    def _take(self, key: str, pressed: bool = True) -> None:
        """Show the current command of a key, and the possible changes."""
        self._key = key
        self._field.show_key(key)
        trouble = self._rules.refusal(key) if pressed else ""
        owner = self._rules.owner(self._command.id, key) if key and not trouble else None
        has = key in self._command.keys
        keys = ", ".join(key_labels(self._command.keys)) or "no key"
        self._name.setText(f"{self._command.label}: {keys}")
        free = bool(key) and not trouble and owner is None and not has
        self._buttons["use"].setEnabled(free)
        self._buttons["add"].setEnabled(free and bool(self._command.keys))
        self._buttons["swap"].setEnabled(owner is not None)
        self._buttons["none"].setEnabled(bool(self._command.keys))
        self._buttons["reset"].setEnabled(self._command.id in self._rules.changed_ids)
        self._buttons["all"].setEnabled(bool(self._rules.changed_ids))
        message = trouble
        if owner is not None:
            message = f"{key_label(key)} belongs to '{owner.label}': swap the two keys, or press another one."
        elif has:
            message = f"{key_label(key)} is already a key of this command."
        elif free:
            message = f"{key_label(key)} is free."
        self._show(message or _HOW, bool(trouble or owner))
        offered = "use" if free else "swap" if owner is not None else ""
        if offered and self._field.hasFocus():
            self._buttons[offered].setFocus(Qt.FocusReason.TabFocusReason)

    def _show(self, sentence: str, is_trouble: bool) -> None:
        self._message.setProperty("role", "error" if is_trouble else "dim")
        self._message.style().polish(self._message)
        self._message.setText(sentence)

    def _do(self, do: Callable[[], object], _checked: bool = False) -> None:
        try:
            do()
        except OffcutError as error:
            self._show(str(error), is_trouble=True)
            return
        self._find(self._search.text())
        self._list.setFocus(Qt.FocusReason.TabFocusReason)
        self.changed.emit()
