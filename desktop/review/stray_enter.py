"""Enter answers a proposal only where it was pressed for it: not where it closed a dialog, and not held."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

SETTLES_S = 0.5
"""So long the proposal is looked at before an Enter that follows a dialog can be meant for it."""
TOO_SOON = "Enter came too early for this proposal. Press it again to accept."

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class StrayEnter(QObject):
    """Blocks Enter from the commands of a window for a moment after the keyboard focus returned to it.

    It returns from dialogs and other windows, from popups such as the palette, and from fields. Auto-repeated
    Enter is always blocked: it would accept a second proposal unseen.

    Signals
    -------
    refused : why nothing was accepted
    """

    refused = Signal(str)

    def __init__(self, window: QMainWindow, clock_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__(window)
        self._window = window
        self._clock_s = clock_s
        self._back_s = float("-inf")
        window.installEventFilter(self)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._follow_focus)

    def _follow_focus(self, before: QWidget | None, now: QWidget | None) -> None:
        if now is None or now.window() is not self._window:
            return
        takes_text = Qt.WidgetAttribute.WA_InputMethodEnabled
        if before is None or before.window() is not self._window or before.testAttribute(takes_text):
            self._back_s = self._clock_s()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Consume an accidental Enter: an accepted event is not a shortcut any more."""
        if event.type() in (QEvent.Type.WindowUnblocked, QEvent.Type.WindowActivate):
            self._back_s = self._clock_s()
        if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
            return False
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() not in _ENTER or held & ~Qt.KeyboardModifier.ShiftModifier:
            return False
        too_soon = self._clock_s() - self._back_s < SETTLES_S
        if not (event.isAutoRepeat() or too_soon):
            return False
        if too_soon and not event.isAutoRepeat():
            self.refused.emit(TOO_SOON)
        event.accept()
        return True
