"""Views with keys: a painted one that shows its focus, and one with a pyqtgraph plot.

The view handles keys and mouse; the plot only draws.
"""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets.controls.key_caps import ENTER, WITH_SHIFT, is_own_key
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px, ui_font

ARROWS = frozenset({Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down})
ENDS = frozenset({Qt.Key.Key_Home, Qt.Key.Key_End})
HEARING = ENTER | {Qt.Key.Key_Space}


class KeyedView(QWidget):
    """Takes arrows, Home, End, Enter and Space before the commands of the window do.

    Signals
    -------
    heard : Enter or Space was pressed: play the current item
    """

    heard = Signal()

    def __init__(self, theme: Theme, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setAccessibleName(name)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    @property
    def theme(self) -> Theme:
        """The colours it is painted with."""
        return self._theme

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def step(self, key: Qt.Key, coarse: bool) -> None:
        """Handle an arrow key, Home or End; `coarse` with Shift."""

    def event(self, event: QEvent) -> bool:
        if is_own_key(event, ARROWS | ENDS | HEARING, WITH_SHIFT):
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in HEARING:
            self.heard.emit()
        elif key in ARROWS | ENDS:
            self.step(key, bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paint_ground(self, painter: QPainter) -> None:
        """Fill the ground; call first."""
        painter.fillRect(self.rect(), color(self._theme.bg))

    def paint_focus(self, painter: QPainter) -> None:
        """Frame the view while it has the focus; call last."""
        token = self._theme.undecided if self.hasFocus() else self._theme.line
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(QPen(QColor(token), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def paint_empty(self, painter: QPainter, sentence: str) -> None:
        """Paint a hint in an empty view."""
        painter.setPen(color(self._theme.dim))
        painter.setFont(ui_font())
        room = QRectF(self.rect()).adjusted(px(16), px(8), -px(16), -px(8))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), sentence)


_KEYS, _HEAD, _OVER, _PAD, _GAP = 18, 26, 8, 12, 14
_LEAST_OF_NAME, _MOST_OF_NAME = 90, 0.35

pg.setConfigOption("antialias", True)

Key = tuple[str, str, str]
"""An entry of the legend: sign, colour of the sign, name."""


def pen(token: str, width: float = 1.0, style: Qt.PenStyle = Qt.PenStyle.SolidLine) -> QPen:
    """Return a pen for items of a plot, `width` in pixels at 100 % at any range of the axes."""
    return QPen(pg.mkPen(token, width=px(width), style=style))


class Axis(pg.AxisItem):  # type: ignore[misc]
    """Axis whose first and last label may reach over its ends, also with a grid."""

    def boundingRect(self) -> QRectF:
        over = px(_OVER + _PAD)
        return QRectF(super().boundingRect()).adjusted(-over, -over, over, over)


class PlotView(KeyedView):
    """View that draws its plot again when data or theme change; without data it shows a hint."""

    def __init__(
        self,
        theme: Theme,
        name: str,
        hint: str,
        parent: QWidget | None = None,
        bottom: Axis | None = None,
    ) -> None:
        super().__init__(theme, name, parent)
        self._hint = hint
        self._keys: list[Key] = []
        axes = {"left": Axis("left"), "bottom": bottom or Axis("bottom")}
        self.plot = pg.PlotWidget(self, background=None, enableMenu=False, axisItems=axes)
        self.plot.setStyleSheet("background: transparent")
        for widget in (self.plot, self.plot.viewport()):
            widget.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.plot.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.plot.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)
        self.plot.hideButtons()
        self.plot.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, px(_HEAD - _OVER), 1, px(2))
        self.plot.plotItem.setContentsMargins(px(_PAD), px(_OVER), px(_PAD), 0)
        layout.addWidget(self.plot)

    def set_theme(self, theme: Theme) -> None:
        super().set_theme(theme)
        self.redraw()

    def redraw(self) -> None:
        """Draw the plot again; it is hidden without data."""
        self.plot.clear()
        self.plot.setVisible(self.has_data())
        for name in ("left", "bottom"):
            axis = self.plot.getAxis(name)
            axis.setPen(pen(self.theme.line))
            axis.setTextPen(self.theme.dim)
            axis.setStyle(tickAlpha=255, tickTextOffset=px(4), tickTextHeight=px(13))
            axis.setStyle(autoExpandTextSpace=name == "left")
            axis.setTickFont((mono_font if name == "bottom" else ui_font)(TEXT_SMALL))
            axis.label.setFont(ui_font(TEXT_SMALL))
        if self.has_data():
            self.draw()
        self.update()

    def has_data(self) -> bool:
        """Return whether there is something to draw."""
        return False

    def draw(self) -> None:
        """Add the items to the empty plot."""

    def add(self, item: pg.GraphicsObject) -> None:
        """Add an item that does not change the range of the axes."""
        self.plot.addItem(item, ignoreBounds=True)

    def place(self, x: float, y: float = 0.0) -> QPointF:
        """Return where a point of the plot is in this widget, in logical pixels."""
        at: QPointF = self.plot.plotItem.vb.mapViewToScene(QPointF(x, y)) + self.plot.pos()
        return at

    def value(self, at: QPointF) -> QPointF:
        """Return the point of the plot at a position in this widget."""
        return QPointF(self.plot.plotItem.vb.mapSceneToView(at - self.plot.pos()))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_ground(painter)
        if self.plot.isHidden():
            self.paint_empty(painter, self._hint)
        else:
            self._paint_keys(painter)
        self.paint_focus(painter)

    def _paint_keys(self, painter: QPainter) -> None:
        """Paint the legend above the plot; long names are shortened."""
        painter.setFont(ui_font(TEXT_SMALL))
        metrics = painter.fontMetrics()
        left, base = px(_PAD), (px(_KEYS) + metrics.ascent() - metrics.descent()) // 2
        for number, (sign, token, name) in enumerate(self._keys, start=1):
            room = self.width() - px(_PAD) - left - metrics.horizontalAdvance(f"{sign} ")
            if number < len(self._keys):
                room = min(room, max(px(_LEAST_OF_NAME), int(self.width() * _MOST_OF_NAME)))
            text = metrics.elidedText(name, Qt.TextElideMode.ElideMiddle, room)
            for words, ink in ((f"{sign} ", token), (text, self.theme.dim)):
                painter.setPen(QColor(ink))
                painter.drawText(left, base, words)
                left += metrics.horizontalAdvance(words)
            left += px(_GAP)
