"""Enter answers a proposal only where it was pressed for it: in the queue, not held, not closing a dialog."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from desktop.shell.actions import Actions

SETTLES_S = 0.3
"""So long the proposal is looked at before an Enter that follows a dialog can be meant for it."""
TOO_SOON = "Enter came too early for this proposal. Press it again to accept."
NOT_HERE = "Enter accepts in the queue only. Press ↓ to go there, or A to accept from anywhere."

_ANSWERS = ("review.accept", "review.accept_stay")


class StrayEnter(QObject):
    """Blocks Enter from answering unless the queue has the keyboard focus, and has had it for a moment.

    The focus returns from dialogs and other windows, from popups such as the palette, and from fields.
    Auto-repeated Enter is always blocked: it would accept a second proposal unseen. An Enter that is another
    command, or that the focused part takes, is left alone.

    Parameters
    ----------
    queue : the panel in which Enter answers
    actions : the commands of the window, with the keys that they have now

    Signals
    -------
    refused : why nothing was accepted
    """

    refused = Signal(str)

    def __init__(
        self,
        window: QMainWindow,
        queue: QWidget,
        actions: Actions,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._queue = queue
        self._actions = actions
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
        if not self._would_answer(event):
            return False
        why = self._refusal()
        if not (event.isAutoRepeat() or why):
            return False
        if why and not event.isAutoRepeat():
            self.refused.emit(why)
        event.accept()
        return True

    def _would_answer(self, event: QKeyEvent) -> bool:
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return False
        held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        pressed = QKeySequence(held.value | event.key())
        answers = [self._actions.action(name) for name in _ANSWERS]
        return any(action.isEnabled() and pressed in action.shortcuts() for action in answers)

    def _refusal(self) -> str:
        focus = QApplication.focusWidget()
        if focus is None or not self._queue.isAncestorOf(focus):
            return NOT_HERE
        return TOO_SOON if self._clock_s() - self._back_s < SETTLES_S else ""
