"""Panel for removing a named sound from some windows, or isolating it there; with the brush and its keys."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QRadioButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from desktop.features.repair.words_field import WordsField
from engine.core.timebase import format_time
from engine.core.wording import counted
from engine.features.repair.finders.requests import RepairSettings
from widgets.controls.fields import Slider, tab_to_checked
from widgets.controls.key_caps import KeyButton
from widgets.controls.text_and_icons import ElidedLabel, announce
from widgets.theme import TEXT, Theme, px
from widgets.timeline.sound.brush import Brush

_KEY_WORDS = {
    "repair.paint": "Paint",
    "repair.paint_range": "A range…",
    "repair.takes": "Subtract",
    "repair.clear": "Clear",
    "repair.smaller": "Smaller",
    "repair.larger": "Larger",
}
_BRUSH = ("repair.takes", "repair.smaller", "repair.larger")


class PaintRow(QWidget):
    """Starts and ends painting, and shows the mode of the brush.

    Signals
    -------
    command_requested : the command id of a button
    resized : more or less is shown
    """

    command_requested = Signal(str)
    resized = Signal()

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.buttons = {
            name: KeyButton(theme, words, keys.get(name, "")) for name, words in _KEY_WORDS.items()
        }
        self._said = QLabel()
        self._said.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(5))
        grid = QGridLayout()
        grid.setSpacing(px(5))
        for place, (name, button) in enumerate(self.buttons.items()):
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))
            grid.addWidget(button, place // 2, place % 2)
        layout.addLayout(grid)
        layout.addWidget(self._said)
        self.set_theme(theme)
        self.show_brush(None, 0)

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        for button in self.buttons.values():
            button.set_theme(theme)
        self._said.setStyleSheet(f"font-size: {px(TEXT - 1)}px; color: {theme.dim};")

    @property
    def is_at_hand(self) -> bool:
        """Whether a brush is shown."""
        return not self.buttons["repair.takes"].isHidden()

    def show_brush(self, brush: Brush | None, painted: int) -> None:
        """Show the brush, or None, and the number of strokes."""
        self.buttons["repair.paint"].setText("Paint" if brush is None else "Stop painting")
        for name in _BRUSH:
            self.buttons[name].setVisible(brush is not None)
        self.buttons["repair.clear"].setVisible(painted > 0)
        said = [counted(painted, "stroke")] if painted else []
        if brush is not None:
            self.buttons["repair.takes"].setText("Add" if brush.takes else "Subtract")
            does = "subtracts" if brush.takes else "adds"
            said = [f"The brush {does}", f"{2 * brush.radius_px} px", *said]
        self._said.setText(" · ".join(said))
        self._said.setVisible(bool(said))
        self.resized.emit()


ENTIRELY_DB = 61
"""Upper end of the strength slider: no limit."""
LEAST_DB, LONGEST_FADE_MS, FADE_STEP_MS = 3, 500, 10
MOST_SHARE = 0.72
"""Maximum share of the height next to the timeline."""
_LEAST = 200
_STEPS = 1000
_HEARD = {"repair.target": "Target", "repair.remainder": "Remainder", "repair.result": "Result"}
_WAYS_ON = {
    "repair.widen": "Longer window",
    "repair.example": "Use as example",
    "repair.mute": "Mute, with room tone",
}


class RepairPanel(QScrollArea):
    """Takes words and settings, and shows the progress and the preview. In a low window it scrolls.

    Signals
    -------
    preview_wanted : Enter in the field
    settings_chosen : mode, strength or fade were changed
    words_changed : other words are written
    command_requested : the command id of a button
    cancel_requested : cancel the job
    """

    preview_wanted = Signal()
    settings_chosen = Signal()
    words_changed = Signal()
    command_requested = Signal(str)
    cancel_requested = Signal()

    def __init__(self, theme: Theme, keys: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "panel")
        self.setAccessibleName("Sound repair")
        self._theme = theme
        self._title, self._where = QLabel("Sound repair"), ElidedLabel()
        self._title.setProperty("role", "title")
        self.words = WordsField(theme)
        self.removes, self.keeps = QRadioButton("Remove"), QRadioButton("Isolate")
        self.strength = Slider(theme, "Strength", LEAST_DB, ENTIRELY_DB, _strength_words)
        self.fade = Slider(
            theme, "Fade", 0, LONGEST_FADE_MS // FADE_STEP_MS, lambda v: f"{v * FADE_STEP_MS} ms"
        )
        self._buttons = {name: KeyButton(theme, words, keys.get(name, "")) for name, words in _WORDS.items()}
        self.painting = PaintRow(theme, keys)
        self._bar, self._left = QProgressBar(), QLabel()
        self._cancel = KeyButton(theme, "Cancel")
        self._problem, self._said = QLabel(), QLabel()
        self._ways_on: tuple[str, ...] = ()
        self._offers_mute = False
        self._lay_out()
        self._connect()
        self.show_settings(RepairSettings())
        self.show_preview("", "")
        self.show_rest()
        self.set_theme(theme)

    # how it is made

    def _lay_out(self) -> None:
        self._inside = QWidget()
        layout = QVBoxLayout(self._inside)
        layout.setContentsMargins(px(14), px(8), px(14), px(8))
        layout.setSpacing(px(5))
        top = QHBoxLayout()
        top.addWidget(self._title)
        top.addStretch(1)
        top.addWidget(self._where)
        layout.addLayout(top)
        layout.addWidget(self.words)
        asking = QHBoxLayout()
        asking.setSpacing(px(5))
        asking.addWidget(self._buttons["repair.what"])
        asking.addWidget(self._buttons["repair.preview"], 1)
        self._buttons["repair.preview"].setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        layout.addLayout(asking)
        self._bar.setTextVisible(False)
        self._bar.setRange(0, _STEPS)
        self._work = QWidget()
        work = QHBoxLayout(self._work)
        work.setContentsMargins(0, 0, 0, 0)
        work.setSpacing(px(8))
        work.addWidget(self._bar, 1)
        work.addWidget(self._left)
        work.addWidget(self._cancel)
        layout.addWidget(self._work)
        for label, role in ((self._problem, "error"), (self._said, "dim")):
            label.setProperty("role", role)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(label)
        layout.addLayout(self._laid_out_ways_on())
        self._heard = QWidget()
        heard = QGridLayout(self._heard)
        heard.setContentsMargins(0, 0, 0, 0)
        heard.setSpacing(px(5))
        for place, name in enumerate((*_HEARD, "repair.compare", "repair.accept", "repair.queue")):
            self._buttons[name].setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            heard.addWidget(self._buttons[name], place // 2, place % 2)
        layout.addWidget(self._heard)
        layout.addWidget(self.painting)
        # Last, so that in a low window what is answered and heard stays in sight.
        modes = QHBoxLayout()
        modes.setSpacing(px(16))
        for mode in (self.removes, self.keeps):
            modes.addWidget(mode)
        modes.addStretch(1)
        layout.addLayout(modes)
        for slider in (self.strength, self.fade):
            layout.addWidget(slider)
        self.setWidget(self._inside)
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setMinimumHeight(px(_LEAST))

    def _laid_out_ways_on(self) -> QHBoxLayout:
        ways = QHBoxLayout()
        ways.setSpacing(px(5))
        for name in _WAYS_ON:
            self._buttons[name].setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            ways.addWidget(self._buttons[name], 1)
        return ways

    def _connect(self) -> None:
        modes = QButtonGroup(self)
        for mode in (self.removes, self.keeps):
            modes.addButton(mode)
            mode.clicked.connect(lambda _on=False: self.settings_chosen.emit())
        self.removes.setChecked(True)
        tab_to_checked(modes)
        for slider in (self.strength, self.fade):
            slider.chosen.connect(lambda _value: self.settings_chosen.emit())
        self.words.changed.connect(self.words_changed)
        self.words.entered.connect(self.preview_wanted)
        self._cancel.clicked.connect(lambda _=False: self.cancel_requested.emit())
        self.painting.command_requested.connect(self.command_requested)
        self.painting.resized.connect(self._grow)
        for name, button in self._buttons.items():
            button.clicked.connect(lambda _=False, name=name: self.command_requested.emit(name))

    def sizeHint(self) -> QSize:
        side = self.parentWidget()
        most = round(side.height() * MOST_SHARE) if side is not None else self._inside.sizeHint().height()
        wanted = self._inside.sizeHint()
        width = self.viewport().width()
        height = self._inside.heightForWidth(width) if self._inside.hasHeightForWidth() else wanted.height()
        return QSize(wanted.width(), max(min(height + 1, most), px(_LEAST)))

    def minimumSizeHint(self) -> QSize:
        return QSize(px(120), px(_LEAST))

    def set_theme(self, theme: Theme) -> None:
        """Apply a theme."""
        self._theme = theme
        self.words.set_theme(theme)
        for part in (self.strength, self.fade, self.painting):
            part.set_theme(theme)
        for button in (self._cancel, *self._buttons.values()):
            button.set_theme(theme)
        small = f"font-size: {px(TEXT - 1)}px;"
        for label, ink in ((self._where, theme.dim), (self._left, theme.dim), (self._said, theme.dim)):
            label.setStyleSheet(f"{small} color: {ink};")
        self._problem.setStyleSheet(f"{small} color: {theme.error};")
        self.setStyleSheet(
            f"RepairPanel {{ border: none; border-top: 1px solid {theme.line}; background: {theme.panel}; }}"
        )

    # what is shown

    def settings(self) -> RepairSettings:
        """Return the words and settings."""
        entirely = self.strength.value() == ENTIRELY_DB
        return RepairSettings(
            self.words.text(),
            self.keeps.isChecked(),
            None if entirely else float(self.strength.value()),
            float(self.fade.value() * FADE_STEP_MS),
        )

    def show_settings(self, settings: RepairSettings) -> None:
        """Show other words and settings."""
        self.words.set_text(settings.words)
        (self.keeps if settings.keeps else self.removes).setChecked(True)
        self.strength.show_value(ENTIRELY_DB if settings.strength_db is None else round(settings.strength_db))
        self.fade.show_value(round(settings.fade_ms / FADE_STEP_MS))

    def show_where(self, where: str) -> None:
        """Show the windows and tracks of the repair."""
        self._where.setText(where)

    def show_work(self, fraction: float, text: str, left_s: float | None) -> None:
        """Show the progress of a job; `left_s` is None if unknown."""
        self.show_problem("")
        self._bar.setValue(round(_STEPS * min(1.0, max(0.0, fraction))))
        self._bar.setAccessibleName(text)
        self._left.setText(text if left_s is None else f"{text} · {format_time(left_s, 0)} left")
        self._work.show()
        self._said.hide()
        self._grow()

    def show_rest(self) -> None:
        """Show that no job runs."""
        self._work.hide()
        self._said.setVisible(bool(self._said.text()))
        self._grow()

    def show_problem(self, sentence: str, ways_on: tuple[str, ...] = ()) -> None:
        """Show an error with buttons for its remedies, or hide it.

        Parameters
        ----------
        ways_on : ids of commands
        """
        self._ways_on = ways_on
        if sentence != self._problem.text() and sentence:
            announce(self._problem, sentence, urgent=True)
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))
        self._show_ways_on()

    def show_preview(self, said: str, other: str, *, offers_mute: bool = False) -> None:
        """Show the active preview and the one to compare; None without one.

        Parameters
        ----------
        offers_mute : whether the window can be muted instead
        """
        self._offers_mute = offers_mute
        self._said.setText(said)
        self._said.setVisible(bool(said) and self._work.isHidden())
        self._heard.setVisible(bool(said))
        self._buttons["repair.compare"].setEnabled(bool(other))
        self._buttons["repair.compare"].setAccessibleName(f"Compare with {other}" if other else "Compare")
        self._show_ways_on()

    def _show_ways_on(self) -> None:
        """Show the buttons of remedies after a refusal, and of alternatives to the preview."""
        offered = {*self._ways_on, *(("repair.mute",) if self._offers_mute else ())}
        for name in _WAYS_ON:
            self._buttons[name].setVisible(name in offered)
        self._grow()

    def show_brush(self, brush: Brush | None, painted: int) -> None:
        """Show the brush, or None, and the number of strokes."""
        begins = brush is not None and not self.painting.is_at_hand
        self.painting.show_brush(brush, painted)
        if begins:
            self._inside.adjustSize()
            self.ensureWidgetVisible(self.painting, 0, 0)

    def _grow(self) -> None:
        self.updateGeometry()


_WORDS = {
    "repair.what": "List sounds",
    "repair.preview": "Preview",
    **_HEARD,
    **_WAYS_ON,
    "repair.compare": "Compare",
    "repair.accept": "Accept",
    "repair.queue": "Queue",
}


def _strength_words(value: int) -> str:
    return "no limit" if value == ENTIRELY_DB else f"{value} dB"
