"""Keys that a widget keeps from the window's commands while it has the focus."""

from __future__ import annotations

from collections.abc import Container

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QListView, QWidget

ENTER = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_WALKING = frozenset({Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End})
_OF_LIST = ENTER | _WALKING
_ON_PAD = Qt.KeyboardModifier.KeypadModifier
WITH_SHIFT = _ON_PAD | Qt.KeyboardModifier.ShiftModifier


def is_own_key(event: QEvent, keys: Container[int], held: Qt.KeyboardModifier = _ON_PAD) -> bool:
    """Return whether a shortcut would take one of the keys that a widget handles itself.

    Parameters
    ----------
    held : allowed modifiers
    """
    return (
        event.type() == QEvent.Type.ShortcutOverride
        and isinstance(event, QKeyEvent)
        and event.key() in keys
        and not event.modifiers() & ~held
    )


class KeyedList(QListView):
    """Handles arrows and Enter itself while it has the focus; other keys reach the commands.

    Only Tab gives it the focus, so that a click never changes the meaning of the next key.

    Signals
    -------
    entered_at : Enter, with the row that is current
    """

    entered_at = Signal(int)

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(name)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, _OF_LIST):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.entered_at.emit(self.currentIndex().row())
        elif event.key() in _WALKING:
            super().keyPressEvent(event)
        else:
            event.ignore()
