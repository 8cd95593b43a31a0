"""A field over the edited item, visible while it is in use."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from widgets import theme
from widgets.timeline.heads.cap import ENTER_KEYS


class InPlaceField(QLineEdit):
    """One line of text; Enter or a click elsewhere accepts it, Esc cancels.

    Signals
    -------
    taken : the text, once; never after Esc
    """

    taken = Signal(str)

    def __init__(self, name: str, text: str, place: QRect, parent: QWidget) -> None:
        super().__init__(text, parent)
        self._is_over = False
        self._before = parent.window().focusWidget()
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.setStyleSheet(
            f"QLineEdit {{ min-height: 0; padding: 0 {theme.px(3)}px; border-radius: {theme.px(3)}px;"
            f" font-size: {theme.px(theme.TEXT_SMALL + 1)}px; }}"
        )
        self.setGeometry(place)
        self.selectAll()
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def event(self, event: QEvent) -> bool:
        """Keep every key from the window's commands but those with Ctrl or Alt."""
        commands = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & commands
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end(takes=False)
        elif event.key() in ENTER_KEYS:
            self._end(takes=True)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        # the field's own menu and other windows take the focus for a while only
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._end(takes=True)

    def _end(self, *, takes: bool) -> None:
        if self._is_over:
            return
        self._is_over = True
        text, had_focus = self.text(), self.hasFocus()
        if had_focus and self._before is not None:
            self._before.setFocus(Qt.FocusReason.OtherFocusReason)
        self.hide()
        self.deleteLater()
        if takes:
            self.taken.emit(text)
