"""Parts of the heads: lines of text, lettered switches, menu dots, and a field over the edited item."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QLineEdit, QWidget

from widgets import theme
from widgets.controls.key_caps import ENTER, is_own_key
from widgets.controls.text_and_icons import paint_words
from widgets.theme import Theme


def write(
    painter: QPainter, left: float, middle: float, room: float, text: str, font: QFont, token: str
) -> float:
    """Draw an elided line of text, vertically centred; return its width."""
    height = QFontMetricsF(font).height()
    area = QRectF(left, middle - height / 2, room, height)
    return paint_words(painter, area, text, font, token)


CAP_WIDTH, CAP_HEIGHT = 22, 16
DOT, DOTS_APART = 2.4, 4.5
OUTLINE_SHARE = 0.5
_COMMANDS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class HeadButton(QAbstractButton):
    """Base of the small buttons: size, focus and colours. Enter presses one, Space remains for playback.

    Attributes
    ----------
    on_current : whether it is on the background of the current track
    for_group : whether Shift was held at the last press
    """

    on_current = False
    for_group = False

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = tokens
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.set_name(name)

    def set_name(self, name: str, hint: str = "") -> None:
        """Rename it, visibly and for screen readers; the hint describes a modifier."""
        self.setAccessibleName(name)
        self.setAccessibleDescription(hint)
        self.setToolTip(f"{name}\n{hint}".rstrip())

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ENTER, ~_COMMANDS):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.for_group = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self.click()
        else:
            event.ignore()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self.for_group = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        super().mouseReleaseEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(theme.px(CAP_WIDTH), theme.px(CAP_HEIGHT))

    @property
    def ground(self) -> str:
        """The colour of the button at rest, without the background."""
        lit, rest = self.theme.line, self.theme.panel if self.on_current else self.theme.control
        return lit if self.underMouse() else rest

    def paint_ground(self, painter: QPainter, filled: str, outline: str = "") -> None:
        """Paint the button without its sign."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(theme.color(filled))
        painter.setPen(theme.color(self.theme.undecided if self.hasFocus() else outline or filled))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)


class Cap(HeadButton):
    """A lettered switch; when it is on it is filled, outlined and its letter bold.

    Parameters
    ----------
    role : "mute" or "solo", which colours it has when it is on
    """

    def __init__(self, letter: str, role: str, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(name, tokens, parent)
        self._role = role
        self.setText(letter)
        self.setCheckable(True)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole cap is small
        tokens, on = self.theme, self.isChecked()
        painter = QPainter(self)
        filled, letter = getattr(tokens, self._role), getattr(tokens, f"on_{self._role}")
        # a bright fill on a light ground is told from it by its outline alone
        outline = theme.mix(filled, tokens.text, OUTLINE_SHARE).name()
        self.paint_ground(painter, filled if on else self.ground, outline if on else "")
        painter.setPen(theme.color(letter if on else tokens.dim))
        weight = QFont.Weight.Bold if on else QFont.Weight.Normal
        painter.setFont(theme.ui_font(theme.TEXT_SMALL, weight))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.text())
        painter.end()


class MenuDots(HeadButton):
    """Opens the menu of a track; faint until the mouse or the keyboard is near."""

    is_near = False

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole button is small
        painter, tokens = QPainter(self), self.theme
        if self.underMouse() or self.hasFocus():
            self.paint_ground(painter, self.ground)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color(tokens.text if self.is_near else tokens.faint))
        middle, radius = QRectF(self.rect()).center(), theme.px(DOT * 10) / 20
        for place in (-1, 0, 1):
            painter.drawEllipse(middle + QPointF(place * theme.px(DOTS_APART * 10) / 10, 0), radius, radius)
        painter.end()


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
        if (
            event.type() == QEvent.Type.ShortcutOverride
            and isinstance(event, QKeyEvent)
            and not event.modifiers() & _COMMANDS
        ):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self._end(takes=False)
        elif event.key() in ENTER:
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
