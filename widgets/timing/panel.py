"""The panel of drum timing: how early and late each drum is, and sliders that say which hits are moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from widgets.controls.check_box import CheckBox
from widgets.controls.key_caps import KeyButton
from widgets.controls.slider import Slider
from widgets.theme import TEXT, Theme, px
from widgets.timing.voice_histogram import Offsets, VoiceHistogram

MOST_MS = 60
"""The slider's end, which is no limit."""
_ANSWERS = ("timing.accept_bar", "timing.accept_voice", "timing.accept_range")


@dataclass(frozen=True, slots=True)
class MoveSettings:
    """Which hits are moved, and how far.

    Attributes
    ----------
    strength : 0 to 1, how much of the way
    least_ms, most_ms : only hits that are off by so much; the latter infinite for no limit
    keeps_feel : whether hits are held against the player's own push and pull
    """

    strength: float = 1.0
    least_ms: float = 0.0
    most_ms: float = float("inf")
    keeps_feel: bool = False


class TimingPanel(QFrame):
    """Shows the timing; what the user wants comes out as signals.

    Signals
    -------
    settings_moved : `MoveSettings` while a slider is on its way
    settings_chosen : the same once it was let go
    command_requested : the id of the command of a button
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
        self.feel.setToolTip("Hold hits against the drummer's own smoothed tempo instead of the grid")
        self._buttons = {command: KeyButton(theme, "", keys.get(command, "")) for command in _ANSWERS}
        self._lay_out()
        for slider in (self.strength, self.least, self.most):
            slider.moved.connect(lambda _value, slider=slider: self._move(slider))
            slider.chosen.connect(lambda _value: self.settings_chosen.emit(self.settings()))
        self.feel.clicked.connect(lambda _on: self.settings_chosen.emit(self.settings()))
        for command, button in self._buttons.items():
            button.clicked.connect(
                lambda _checked=False, command=command: self.command_requested.emit(command)
            )
        self.show_settings(MoveSettings())
        self.set_theme(theme)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(px(14), px(8), px(14), px(8))
        layout.setSpacing(px(2))
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self._summary)
        layout.addLayout(top)
        layout.addWidget(self.histogram)
        for part in (self.strength, self.least, self.most, self.feel):
            layout.addWidget(part)
        row = QHBoxLayout()
        row.setSpacing(px(4))
        for button in self._buttons.values():
            button.setSizePolicy(QSizePolicy.Policy.MinimumExpanding, QSizePolicy.Policy.Fixed)
            row.addWidget(button)
        layout.addLayout(row)

    def set_theme(self, theme: Theme) -> None:
        """Paint with these colours from now on."""
        sliders = (self.strength, self.least, self.most)
        for part in (self.histogram, *sliders, self.feel, *self._buttons.values()):
            part.set_theme(theme)
        self._summary.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")
        self.setStyleSheet(f"TimingPanel {{ border-top: 1px solid {theme.line}; }}")

    def settings(self) -> MoveSettings:
        """Return what the sliders say."""
        most = float(self.most.value()) if self.most.value() < MOST_MS else float("inf")
        return MoveSettings(
            self.strength.value() / 100, float(self.least.value()), most, self.feel.isChecked()
        )

    def show_settings(self, settings: MoveSettings) -> None:
        """Show the settings in force."""
        self.strength.show_value(round(100 * settings.strength))
        self.least.show_value(round(settings.least_ms))
        self.most.show_value(round(min(settings.most_ms, MOST_MS)))
        self.feel.setChecked(settings.keeps_feel)
        self.histogram.set_range(settings.least_ms, settings.most_ms)

    def show_offsets(self, offsets_ms: Offsets, summary: str) -> None:
        """Show how late the hits of each voice were, below 0 early, and say how far the review is."""
        self.histogram.set_offsets(offsets_ms)
        self._summary.setText(summary)

    def show_answers(self, words: Mapping[str, str], voice: str) -> None:
        """Say on each button what it would accept; one without words is off."""
        self.histogram.set_current(voice)
        for command, button in self._buttons.items():
            button.setText(words.get(command, ""))
            button.setVisible(bool(words.get(command)))

    def _move(self, slider: Slider) -> None:
        """Take the other end of the range along, and tell."""
        if self.least.value() > self.most.value():
            other = self.most if slider is self.least else self.least
            other.setValue(slider.value())
        settings = self.settings()
        self.histogram.set_range(settings.least_ms, settings.most_ms)
        self.settings_moved.emit(settings)
