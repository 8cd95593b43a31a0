"""How early and late each drum was played: a small histogram a voice, with its median."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from engine.wording import counted
from widgets.theme import TEXT_SMALL, Theme, color, mono_font, px, ui_font

REACH_MS = 40.0
"""Hits with larger offsets count in the outermost bar."""
BINS = 41
MOST_VOICES = 6
EARLY, ON_LINE, LATE = f"{REACH_MS:.0f} ms early", "on the line", "late"
_ROW, _NAME, _FIGURE, _FOOT, _GAP = 24, 64, 56, 16, 1
NOWHERE: Mapping[str, float] = MappingProxyType({})
_LEAST_KEPT_MS = 0.5
OUTSIDE = 0.35
"""Opacity of bars outside the range."""

Offsets = Mapping[str, NDArray[np.float64]]


def bars_of(offsets_ms: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the number of hits in each of `BINS` bins from early to late, normalised to a maximum of 1."""
    counts, _ = np.histogram(np.clip(offsets_ms, -REACH_MS, REACH_MS), BINS, (-REACH_MS, REACH_MS))
    bars: NDArray[np.float64] = counts / max(int(counts.max(initial=0)), 1)
    return bars


def median_text(offsets_ms: NDArray[np.float64]) -> str:
    """Format the median with its sign, such as "−4.0 ms"; early is negative."""
    if not len(offsets_ms):
        return ""
    median = round(float(np.median(offsets_ms)), 1)
    return f"{median + 0.0:+.1f} ms".replace("-", "−") if median else "0.0 ms"


class VoiceHistogram(QWidget):
    """A row a voice: early to the left of the line, late to its right."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._offsets: dict[str, NDArray[np.float64]] = {}
        self._bars: dict[str, NDArray[np.float64]] = {}
        self._kept_ms: Mapping[str, float] = {}
        self._range_ms = (0.0, float("inf"))
        self._current = ""
        self.setAccessibleName("Early and late hits by drum")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.update()

    def set_offsets(self, offsets_ms: Offsets, kept_ms: Mapping[str, float] = NOWHERE) -> None:
        """Show how late the hits of each voice were, below 0 early; the voices with most hits are shown.

        Parameters
        ----------
        kept_ms : remaining offset of each voice; 0 if missing
        """
        self._kept_ms = kept_ms
        most = sorted(offsets_ms, key=lambda voice: -len(offsets_ms[voice]))[:MOST_VOICES]
        self._offsets = {voice: offsets_ms[voice] for voice in offsets_ms if voice in most}
        self._bars = {voice: bars_of(found) for voice, found in self._offsets.items()}
        self.setAccessibleDescription("; ".join(self.sentences()))
        self.setToolTip("\n".join(self.sentences()))
        self.updateGeometry()
        self.update()

    def sentences(self) -> tuple[str, ...]:
        """Describe each voice: number of hits, and their median timing."""
        return tuple(
            f"{voice.capitalize()}: {counted(len(found), 'hit')}, {median_text(found)}, half of them within "
            f"{float(np.percentile(np.abs(found - np.median(found)), 50)):.1f} ms of that{self._kept(voice)}"
            for voice, found in self._offsets.items()
            if len(found)
        )

    def _kept(self, voice: str) -> str:
        """Describe the offset of a voice that stays, if it is not on the grid line."""
        kept_ms = self._kept_ms.get(voice, 0.0)
        if abs(kept_ms) < _LEAST_KEPT_MS:
            return ""
        return f"; left {abs(kept_ms):.1f} ms {'late' if kept_ms > 0 else 'early'}"

    def set_range(self, least_ms: float, most_ms: float) -> None:
        """Emphasise the moved hits."""
        self._range_ms = least_ms, most_ms
        self.update()

    def set_current(self, voice: str) -> None:
        """Mark the voice of the current proposal."""
        if voice != self._current:
            self._current = voice
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(px(240), px(_ROW) * len(self._offsets) + (px(_FOOT) if self._offsets else 0))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(_NAME + _FIGURE + 60), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._theme
        left, right = px(_NAME), self.width() - px(_FIGURE)
        edges_ms = np.linspace(-REACH_MS, REACH_MS, BINS + 1)
        xs = np.rint(left + (edges_ms + REACH_MS) / (2 * REACH_MS) * (right - left))
        small = ui_font(TEXT_SMALL + 0.5)
        for row, (voice, bars) in enumerate(self._bars.items()):
            top, high = row * px(_ROW), px(_ROW)
            painter.setFont(small)
            painter.setPen(QColor(theme.text if voice == self._current else theme.dim))
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(0, top, left - px(4), high), middle, voice.capitalize())
            self._paint_bars(painter, bars, xs, edges_ms, QRectF(left, top, right - left, high))
            self._paint_kept(painter, voice, QRectF(left, top, right - left, high))
            painter.setFont(mono_font(TEXT_SMALL))
            painter.setPen(QColor(theme.dim))
            room = QRectF(right, top, self.width() - right, high)
            painter.drawText(room, middle | Qt.AlignmentFlag.AlignRight, median_text(self._offsets[voice]))
        self._paint_scale(painter, left, right)

    def _paint_bars(
        self,
        painter: QPainter,
        bars: NDArray[np.float64],
        xs: NDArray[np.float64],
        edges_ms: NDArray[np.float64],
        area: QRectF,
    ) -> None:
        theme, (least_ms, most_ms) = self._theme, self._range_ms
        floor = area.bottom() - px(3)
        painter.fillRect(QRectF(area.left(), floor, area.width(), 1), color(theme.line))
        for place in np.flatnonzero(bars).tolist():
            at_ms = (edges_ms[place] + edges_ms[place + 1]) / 2
            token = theme.early if at_ms < -0.5 else theme.late if at_ms > 0.5 else theme.dim
            is_moved = least_ms <= abs(at_ms) <= most_ms
            high = max(float(bars[place]) * (area.height() - px(7)), 1.0)
            bar = QRectF(xs[place], floor - high, xs[place + 1] - xs[place] - _GAP, high)
            painter.fillRect(bar, color(token, 1.0 if is_moved else OUTSIDE))
        painter.fillRect(
            QRectF(area.center().x(), area.top() + px(2), 1, area.height() - px(4)), color(theme.downbeat)
        )

    def _paint_kept(self, painter: QPainter, voice: str, area: QRectF) -> None:
        """Mark the offset of a voice that stays, if it is not on the grid line."""
        kept_ms = self._kept_ms.get(voice, 0.0)
        if abs(kept_ms) < _LEAST_KEPT_MS:
            return
        share = (np.clip(kept_ms, -REACH_MS, REACH_MS) + REACH_MS) / (2 * REACH_MS)
        mark = QRectF(
            round(area.left() + share * area.width()), area.top() + px(2), px(2), area.height() - px(4)
        )
        painter.fillRect(mark, color(self._theme.text))

    def _paint_scale(self, painter: QPainter, left: float, right: float) -> None:
        if not self._bars:
            return
        painter.setFont(ui_font(TEXT_SMALL - 1))
        painter.setPen(QColor(self._theme.dim))
        area = QRectF(left, px(_ROW) * len(self._bars), right - left, px(_FOOT))
        top = Qt.AlignmentFlag.AlignTop
        painter.drawText(area, top | Qt.AlignmentFlag.AlignLeft, EARLY)
        painter.drawText(area, top | Qt.AlignmentFlag.AlignRight, LATE)
        words = painter.fontMetrics().horizontalAdvance(f"{EARLY}{ON_LINE}{EARLY}")
        if words < area.width():
            painter.drawText(area, top | Qt.AlignmentFlag.AlignHCenter, ON_LINE)
