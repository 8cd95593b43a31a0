"""Panel of drum timing: early and late hits of each drum, and sliders for strength and range."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from widgets.controls.check_box import CheckBox
from widgets.controls.keys.caps import KeyButton
from widgets.controls.slider import Slider
from widgets.panels.timing.voice_histogram import NOWHERE, Offsets, VoiceHistogram
from widgets.theme import TEXT, Theme, px

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
