"""Gain and pan in a track's head: dragged, turned by the wheel, stepped by arrow keys or typed."""

from __future__ import annotations

import math
import re
from uuid import uuid4

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QApplication, QWidget

from engine.core.wording import gain_text, pan_text
from engine.document.edits.tracks import LOUDEST_DB, QUIETEST_DB
from widgets import theme
from widgets.controls.key_caps import ENTER
from widgets.theme import Theme

STEPS_RUN = "steps"
"""The run of single steps: wheel and arrow keys in a row are one step of undo."""

HOW = "Drag, scroll, or click and type; double-click resets"
EMIT_MS = 50
WHEEL_STEP = 120
FINE = 0.2
KNOB, KNOB_TURN_DEG = 11, 135
_NUMBER = re.compile(r"[-+−–]?\s*\d+(?:[.,]\d*)?|[-+−–]?\s*[.,]\d+")
_STEP_KEYS = {Qt.Key.Key_Up: 1, Qt.Key.Key_Right: 1, Qt.Key.Key_Down: -1, Qt.Key.Key_Left: -1}


class ValueField(QAbstractSlider):
    """A number that is shown as text; as a slider it counts in its smallest steps.

    Signals
    -------
    adjusted : the value and its run: changes with the same run are one step of undo
    typing_requested : the user starts typing; the first character
    left : Esc was pressed
    """

    adjusted = Signal(float, str)
    typing_requested = Signal(str)
    left = Signal()
    steps_per_unit = 1.0
    wheel_steps = 1
    steps_per_px = 1.0

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = tokens
        self._pressed: QPointF | None = None
        self._grip = 0.0
        self._run = ""
        self._turned = 0
        self._is_own = False
        self._is_aimed_at = False
        self.setMouseTracking(True)
        self._emitting = QTimer(self, singleShot=True, interval=EMIT_MS)
        self._emitting.timeout.connect(self._emit)
        self.valueChanged.connect(self._follow)
        self.setSingleStep(self.wheel_steps)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.SizeHorCursor)
        self.setAccessibleName(name)

    @property
    def amount(self) -> float:
        """The value in its own unit."""
        return self.value() / self.steps_per_unit

    @property
    def is_dragged(self) -> bool:
        """Whether the mouse drags it."""
        return self._run not in ("", STEPS_RUN)

    def show_amount(self, amount: float) -> None:
        """Show a value from outside, unless the mouse drags it."""
        if not self.is_dragged:
            self._show(amount * self.steps_per_unit)

    def text(self) -> str:
        """Return the value as it is drawn."""
        raise NotImplementedError

    def spoken(self) -> str:
        """Return the value as it is read out."""
        return self.text()

    def read(self, typed: str) -> float | None:
        """Return the value of a text, None if invalid."""
        found = _NUMBER.search(typed)
        if found is None:
            return None
        plain = found[0].replace(",", ".").replace(" ", "")
        return float(plain.replace("−", "-").replace("–", "-"))

    def _describe(self) -> None:
        self.setAccessibleDescription(self.spoken())
        self.setToolTip(f"{self.accessibleName()}: {self.spoken()}\n{HOW}")
        self.update()

    def _adjust(self, steps: float, run: str) -> None:
        before = self.value()
        self._show(steps)
        if self.value() == before:
            return
        self._run = run
        if run in ("", STEPS_RUN):
            self._emit()
        elif not self._emitting.isActive():
            self._emitting.start()

    def _show(self, steps: float) -> None:
        self._is_own = True
        self.setValue(round(steps))
        self._is_own = False
        self._describe()

    def _follow(self) -> None:
        """Announce a value set from outside to screen readers."""
        if not self._is_own:
            self._describe()
            self._run = STEPS_RUN
            self._emit()

    def _emit(self) -> None:
        self._emitting.stop()
        self.adjusted.emit(self.amount, self._run)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._grip = event.position(), float(self.value())
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._is_aimed_at = True
        if self._pressed is None:
            return
        moved = event.position() - self._pressed
        if not self.is_dragged:
            if moved.manhattanLength() < QApplication.startDragDistance():
                return
            self._run = f"drag {uuid4().hex[:8]}"
        fine = FINE if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1.0
        self._pressed = event.position()
        steps = self._grip + (moved.x() - moved.y()) * self.steps_per_px * fine / theme.text_scale()
        self._grip = min(max(steps, self.minimum()), self.maximum())
        self._adjust(self._grip, self._run)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        was_pressed, run = self._pressed is not None, self._run if self.is_dragged else ""
        self._pressed, self._run = None, ""
        if run:
            self._emitting.stop()
            self.adjusted.emit(self.amount, run)
        elif was_pressed:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = None
            self._adjust(0, "")

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not (self._is_aimed_at or self.hasFocus()):
            event.ignore()  # it was scrolled under a mouse that stands still
            return
        event.accept()
        self._turned += event.angleDelta().y()
        notches = int(self._turned / WHEEL_STEP)
        self._turned -= notches * WHEEL_STEP
        if notches:
            self._adjust(self.value() + notches * self.wheel_steps, STEPS_RUN)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._is_aimed_at = False
        self.update()

    def event(self, event: QEvent) -> bool:
        """Keep arrows, digits, Enter and Esc from the window's commands while it has the focus."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent) and _is_mine(event):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if not _is_mine(event):
            event.ignore()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in _STEP_KEYS:
            self._adjust(self.value() + _STEP_KEYS[Qt.Key(event.key())] * self.wheel_steps, STEPS_RUN)
        else:
            self.typing_requested.emit("" if event.key() in ENTER else event.text())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - the whole field is small
        painter, tokens = QPainter(self), self.theme
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_near = self.underMouse() or self.hasFocus() or self.is_dragged
        if is_near:
            painter.setBrush(theme.color(tokens.control))
            painter.setPen(theme.color(tokens.undecided if self.hasFocus() else tokens.control))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setFont(theme.ui_font(theme.TEXT_SMALL))
        painter.setPen(theme.color(tokens.text if is_near else tokens.dim))
        self.paint_value(painter)
        painter.end()

    def paint_value(self, painter: QPainter) -> None:
        """Paint the value with the painter's pen and font."""
        beside = self.rect().adjusted(theme.px(4), 0, 0, 0)
        painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, self.text())


class GainField(ValueField):
    """A gain in decibels, in tenths."""

    steps_per_unit = 10.0
    wheel_steps = 5
    steps_per_px = 2.0

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(name, tokens, parent)
        self.setRange(round(QUIETEST_DB * 10), round(LOUDEST_DB * 10))

    def text(self) -> str:
        return gain_text(self.amount)


class PanField(ValueField):
    """A pan, -1 to 1, in hundredths: a knob, and the side in a letter."""

    steps_per_unit = 100.0
    wheel_steps = 5

    def __init__(self, name: str, tokens: Theme, parent: QWidget) -> None:
        super().__init__(name, tokens, parent)
        self.setRange(-100, 100)

    def text(self) -> str:
        side, share = "L" if self.value() < 0 else "R", abs(self.value())
        return side if share == 100 else f"{share} {side}" if share else "C"

    def spoken(self) -> str:
        return pan_text(self.amount)

    def read(self, typed: str) -> float | None:
        """Return -1 to 1 for texts such as "30 L", "left 30", "-30", "r 100", "c"."""
        letters = typed.strip().lower()
        percent = super().read(typed)
        if percent is None:
            return {"c": 0.0, "m": 0.0, "l": -1.0, "r": 1.0}.get(letters[:1])
        return (-abs(percent) if "l" in letters else percent) / 100

    def paint_value(self, painter: QPainter) -> None:
        side = theme.px(KNOB)
        middle = QPointF(theme.px(4) + side / 2, self.height() / 2)
        ink = painter.pen().color()
        beside = self.rect().adjusted(theme.px(18), 0, 0, 0)
        painter.drawText(beside, Qt.AlignmentFlag.AlignVCenter, self.text())
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(ink, theme.px(12) / 10))
        painter.drawEllipse(middle, side / 2, side / 2)
        turn = math.radians(self.amount * KNOB_TURN_DEG)
        tip = middle + QPointF(math.sin(turn), -math.cos(turn)) * (side / 2 - 1)
        painter.setPen(QPen(ink, theme.px(16) / 10, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(middle, tip)


def _is_mine(event: QKeyEvent) -> bool:
    """Return whether a key changes the value or leaves the field; including keys of the number pad."""
    held = event.modifiers() & ~(Qt.KeyboardModifier.KeypadModifier | Qt.KeyboardModifier.ShiftModifier)
    if held != Qt.KeyboardModifier.NoModifier:
        return False
    typed = event.text()
    types_number = bool(typed) and (typed.isdecimal() or typed in "-−.,")
    return types_number or event.key() in (*_STEP_KEYS, *ENTER, Qt.Key.Key_Escape)
