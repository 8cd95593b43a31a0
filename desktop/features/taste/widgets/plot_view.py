"""A view with a pyqtgraph plot: the view handles keys and mouse, the plot only draws."""

from __future__ import annotations

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from widgets.controls.keyed_view import KeyedView
from widgets.theme import TEXT_SMALL, Theme, mono_font, px, ui_font

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
