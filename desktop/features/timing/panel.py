"""Panel of drum timing: how early and late each drum was played, and sliders for strength and range.

Each voice has a small histogram with its median.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from engine.core.wording import counted
from widgets.controls.fields import CheckBox, Slider
from widgets.controls.key_caps import KeyButton
from widgets.theme import TEXT, TEXT_SMALL, Theme, color, mono_font, px, ui_font

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


MOST_MS = 60
"""Upper end of the slider: no limit."""
MOST_SHARE = 0.42
"""Maximum share of the height next to the timeline."""
_LEAST = 104
_ANSWERS = ("timing.accept_bar", "timing.accept_voice", "timing.accept_range")


@dataclass(frozen=True, slots=True)
class MoveSettings:
    """Range and strength of the moves.

    Attributes
    ----------
    strength : share of the distance, 0 to 1
    least_ms, most_ms : range of offsets of the hits; the latter infinite for no limit
    keeps_feel : whether hits are compared with the player's own push and pull
    keeps_drums : whether each drum keeps its typical offset
    """

    strength: float = 1.0
    least_ms: float = 0.0
    most_ms: float = float("inf")
    keeps_feel: bool = False
    keeps_drums: bool = False


class TimingPanel(QScrollArea):
    """Shows the timing; user actions are emitted as signals. In a low window it scrolls.

    Signals
    -------
    settings_moved : `MoveSettings` while a slider moves
    settings_chosen : the same on release
    command_requested : the command id of a button
    """

    settings_moved = Signal(object)
    settings_chosen = Signal(object)
    command_requested = Signal(str)

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Drum timing")
        self._title, self._summary = QLabel("Timing"), QLabel()
        self._title.setProperty("role", "title")
        self.histogram = VoiceHistogram(theme)
        self.strength = Slider(theme, "Strength", 0, 100, lambda value: f"{value} %")
        self.least = Slider(theme, "From", 0, MOST_MS, lambda value: f"{value} ms")
        self.most = Slider(theme, "Up to", 1, MOST_MS, lambda v: "any" if v == MOST_MS else f"{v} ms")
        self.feel = CheckBox(theme, "Keep the player's push and pull")
        self.feel.setToolTip("Quantise to the drummer's smoothed tempo instead of the grid")
        self.drums = CheckBox(theme, "Keep the offset of each drum")
        self.drums.setToolTip("A snare that is always 8 ms late stays 8 ms late")
        self._buttons = {
            command: KeyButton(theme, "", keys.get(command, ""), "check") for command in _ANSWERS
        }
        self._lay_out()
        for slider in (self.strength, self.least, self.most):
            slider.moved.connect(lambda _value, slider=slider: self._move(slider))
            slider.chosen.connect(lambda _value: self.settings_chosen.emit(self.settings()))
        for box in (self.feel, self.drums):
            box.clicked.connect(lambda _on: self.settings_chosen.emit(self.settings()))
        for command, button in self._buttons.items():
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )
        self.show_settings(MoveSettings())
        self.set_theme(theme)

    def _lay_out(self) -> None:
        self._inside = QWidget()
        layout = QVBoxLayout(self._inside)
        layout.setContentsMargins(px(14), px(8), px(14), px(8))
        layout.setSpacing(px(2))
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self._summary)
        layout.addLayout(top)
        layout.addWidget(self.histogram)
        for part in (self.strength, self.least, self.most, self.feel, self.drums):
            layout.addWidget(part)
        answers = QGridLayout()
        answers.setSpacing(px(4))
        places = ((0, 0, 1, 1), (0, 1, 1, 1), (1, 0, 1, 2))
        for button, place in zip(self._buttons.values(), places, strict=True):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            answers.addWidget(button, *place)
        layout.addSpacing(px(4))
        layout.addLayout(answers)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setMinimumHeight(px(_LEAST))

    def sizeHint(self) -> QSize:
        side = self.parentWidget()
        most = round(side.height() * MOST_SHARE) if side is not None else self._inside.sizeHint().height()
        wanted = self._inside.sizeHint()
        return QSize(wanted.width(), max(min(wanted.height() + 1, most), px(_LEAST)))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(120), px(_LEAST))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for slider in (self.strength, self.least, self.most):
            slider.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)
        self.histogram.set_theme(theme)
        self.feel.set_theme(theme)
        self.drums.set_theme(theme)
        self._summary.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self.setStyleSheet(
            f"TimingPanel {{ border: none; border-top: 1px solid {theme.line}; background: {theme.panel}; }}"
        )

    def settings(self) -> MoveSettings:
        """Return the settings of the sliders."""
        most = float(self.most.value()) if self.most.value() < MOST_MS else float("inf")
        return MoveSettings(
            self.strength.value() / 100,
            float(self.least.value()),
            most,
            self.feel.isChecked(),
            self.drums.isChecked(),
        )

    def show_settings(self, settings: MoveSettings) -> None:
        """Show the active settings."""
        self.strength.show_value(round(100 * settings.strength))
        self.least.show_value(round(settings.least_ms))
        self.most.show_value(round(min(settings.most_ms, MOST_MS)))
        self.feel.setChecked(settings.keeps_feel)
        self.drums.setChecked(settings.keeps_drums)
        self.histogram.set_range(settings.least_ms, settings.most_ms)

    def show_offsets(self, offsets_ms: Offsets, kept_ms: Mapping[str, float] = NOWHERE) -> None:
        """Show how late the hits of each voice were, below 0 early, and are left."""
        self.histogram.set_offsets(offsets_ms, kept_ms)
        self.updateGeometry()

    def show_summary(self, summary: str) -> None:
        """Show the progress of the review."""
        self._summary.setText(summary)

    def show_answers(self, words: Mapping[str, str], voice: str) -> None:
        """Set the scope of each button, such as "Bar 12: 7"; one without text is hidden."""
        self.histogram.set_current(voice)
        for command, button in self._buttons.items():
            button.setText(words.get(command, ""))
            button.setAccessibleName(f"Accept {words.get(command, '')}")
            button.setVisible(bool(words.get(command)))

    def _move(self, slider: Slider) -> None:
        """Move the other end of the range along, and emit the settings."""
        if self.least.value() > self.most.value():
            other = self.most if slider is self.least else self.least
            other.setValue(slider.value())
        settings = self.settings()
        self.histogram.set_range(settings.least_ms, settings.most_ms)
        self.settings_moved.emit(settings)
