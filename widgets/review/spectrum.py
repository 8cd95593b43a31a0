"""Spectrum of a track before and after a repair, on the card of its proposal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.document.kinds.spectra import band_middles_hz
from widgets.controls.text_and_icons import Themed
from widgets.theme import TEXT, Theme, color, px, ui_font

_TICKS = ((100.0, "100 Hz"), (1_000.0, "1 kHz"), (10_000.0, "10 kHz"))
_LEAST_RANGE_DB, _MOST_RANGE_DB = 30.0, 80.0
_STEP_DB = 10.0
_HEIGHT, _LABELS = 96, 15


class SpectrumLines(Themed, QWidget):
    """Levels in bands before (grey, dashed) and after (solid), over a grid with steps of 10 dB."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels_db: NDArray[np.float64] = np.zeros((2, 0))
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setObjectName("spectrum before and after")
        self.hide()

    def set_levels(self, levels_db: Sequence[Sequence[float]]) -> None:
        """Show levels before and after, see `engine.document.kinds.spectra`; without any, take no room."""
        self.setVisible(bool(levels_db))
        if not levels_db:
            return
        self._levels_db = np.array(levels_db)
        lowered_db = self._levels_db[0] - self._levels_db[1]
        most = int(np.argmax(lowered_db))
        at_hz = band_middles_hz(len(lowered_db))[most]
        at = f"{at_hz / 1_000:.1f} kHz" if at_hz >= 1_000 else f"{at_hz:.0f} Hz"
        words = f"Mean spectrum before and after; lowered most at {at}, by {lowered_db[most]:.0f} dB"
        self.setAccessibleName(words)
        self.setToolTip(words)
        self.update()

    @property
    def _range_db(self) -> tuple[float, float]:
        """The levels at the bottom and at the top."""
        top = self._levels_db.max(initial=-120.0) + 1.0
        lowest = self._levels_db.min(initial=0.0) - 1.0
        return float(np.clip(lowest, top - _MOST_RANGE_DB, top - _LEAST_RANGE_DB)), float(top)

    def sizeHint(self) -> QSize:
        return QSize(px(200), px(_HEIGHT))

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        area = QRectF(self.rect()).adjusted(0, px(_LABELS) + px(1), 0, -px(_LABELS))
        octaves = np.log2(band_middles_hz(self._levels_db.shape[1]))
        low, high = self._range_db
        xs = area.left() + (octaves - octaves[0]) / (octaves[-1] - octaves[0]) * area.width()
        ys = area.bottom() - (np.clip(self._levels_db, low, high) - low) / (high - low) * area.height()
        painter.setFont(ui_font(TEXT - 2))
        self._paint_grid(painter, area, octaves)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        left = area.left()
        for name, line, token, style in (
            ("before", ys[0], theme.dim, Qt.PenStyle.DashLine),
            ("after", ys[1], theme.undecided, Qt.PenStyle.SolidLine),
        ):
            painter.setPen(QPen(QColor(token), px(1.2), style))
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in zip(xs, line, strict=True)]))
            left = self._paint_legend(painter, left, name)

    def _paint_legend(self, painter: QPainter, left: float, name: str) -> float:
        """Paint a piece of the line and its name; return where the next one begins."""
        middle = px(_LABELS) / 2
        painter.drawLine(QPointF(left, middle), QPointF(left + px(18), middle))
        painter.setPen(QColor(self._theme.dim))
        width = QFontMetricsF(painter.font()).horizontalAdvance(name)
        words = QRectF(left + px(23), 0, width + 1, px(_LABELS))
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
        return words.right() + px(14)

    def _paint_grid(self, painter: QPainter, area: QRectF, octaves: NDArray[np.float64]) -> None:
        grid = QPen(color(self._theme.dim, 0.3), 1 / painter.device().devicePixelRatio())
        low, high = self._range_db
        painter.setPen(grid)
        for level in np.arange(np.ceil(low / _STEP_DB) * _STEP_DB, high, _STEP_DB).tolist():
            y = area.bottom() - (level - low) / (high - low) * area.height()
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
        painter.setPen(QColor(self._theme.dim))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(QRectF(0, 0, self.width(), px(_LABELS)), right, f"{_STEP_DB:.0f} dB a line")
        metrics = QFontMetricsF(painter.font())
        for at_hz, name in _TICKS:
            share = (np.log2(at_hz) - octaves[0]) / (octaves[-1] - octaves[0])
            if not 0.0 <= share <= 1.0:
                continue
            x = area.left() + share * area.width()
            painter.setPen(grid)
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
            painter.setPen(QColor(self._theme.dim))
            width = metrics.horizontalAdvance(name)
            at = min(max(x - width / 2, area.left()), area.right() - width)
            words = QRectF(at, area.bottom(), width + 1, px(_LABELS))
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
