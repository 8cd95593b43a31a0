"""Form for the amount of cuts: automatic, by share, by percentile or by score.

The share of a recording to keep is in per cent and in minutes: editing one updates the other.
"""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QRadioButton,
    QWidget,
)

from engine.core.timebase import format_time
from engine.document.settings import CutSettings
from widgets.controls.fields import CheckBox, NumberField, tab_to_checked
from widgets.controls.key_caps import column, label, row
from widgets.forms.short_forms import Number, NumberLine, beside
from widgets.theme import Theme, px

_FINE_BELOW_MINUTES = 20.0


class ShareFields(QWidget):
    """Two fields for one share; editing one updates the other.

    Parameters
    ----------
    share : of the recording, 0 to 1
    length_s : of the recording

    Signals
    -------
    edited : the user typed in one of the fields
    """

    edited = Signal()

    def __init__(self, share: float, length_s: float, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._minutes_long = max(length_s, 0.001) / 60.0
        decimals = 2 if self._minutes_long < _FINE_BELOW_MINUTES else 1
        least = 10.0**-decimals
        most = max(least, round(self._minutes_long, decimals))
        self._percent = NumberLine(Number("Keep, percent", share * 100.0, 0.1, 100.0, 1))
        self._minutes = NumberLine(
            Number("Keep, minutes", share * self._minutes_long, least, most, decimals),
        )
        self._share: float | None = share
        self._problem = ""
        for line in (self._percent, self._minutes):
            line.setMaximumWidth(px(72))
        of_recording = QLabel(f"minutes of {format_time(length_s, 0)}")
        row(self._percent, QLabel("%, or"), self._minutes, of_recording, 1, gap=8, owner=self)
        self.setFocusProxy(self._percent)
        self._percent.textChanged.connect(self._follow_percent)
        self._minutes.textChanged.connect(self._follow_minutes)

    @property
    def share(self) -> float | None:
        """The share, 0 to 1; None with a `problem`."""
        return self._share

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return self._problem

    def selectAll(self) -> None:
        """Let typing replace the percentage."""
        self._percent.selectAll()

    def _follow_percent(self) -> None:
        value = self._percent.value()
        self._take(self._percent, None if value is None else value / 100.0)
        if value is not None:
            self._write(self._minutes, value / 100.0 * self._minutes_long)

    def _follow_minutes(self) -> None:
        value = self._minutes.value()
        share = None if value is None else min(1.0, max(0.001, value / self._minutes_long))
        self._take(self._minutes, share)
        if share is not None:
            self._write(self._percent, 100.0 * share)

    def _take(self, line: NumberLine, share: float | None) -> None:
        self._share, self._problem = share, line.problem()
        self.edited.emit()

    @staticmethod
    def _write(line: NumberLine, value: float) -> None:
        line.blockSignals(True)
        line.set_value(value)
        line.blockSignals(False)


_AUTOMATIC = "Cut passages that clearly differ from your edits."
_NAMES = {"percentile": "Percentile", "score": "Score"}
_COUNTING = "Computing the cuts…"
_FIELD = 72


class ProposeForm(QWidget):
    """Threshold mode, minimum segment length, and a preview of the cuts.

    Parameters
    ----------
    length_s : of the recording
    material_s : minimum segment length that follows the material

    Signals
    -------
    changed : `values()` or `problem()` may have changed
    """

    changed = Signal()

    def __init__(
        self,
        theme: Theme,
        settings: CutSettings,
        length_s: float,
        material_s: float,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._theme = theme
        self._outlook = _COUNTING
        self._modes = QButtonGroup(self)
        self._share = ShareFields(settings.keep, length_s)
        self._numbers = {
            "percentile": NumberField(round(100 - settings.percentile), 0, 100),
            "score": NumberField(round(settings.score * 100), 0, 100),
        }
        self._preview = label(wraps=True, name="Resulting cuts")
        self._follows = CheckBox(theme, "Automatic")
        self._material_s = material_s
        shortest_s = material_s if settings.minimum_kept_s is None else settings.minimum_kept_s
        self._shortest = NumberLine(Number("Minimum segment length in seconds", shortest_s, 0.0, 3600.0, 2))
        column(self._mode_rows(settings), self._shortest_row(settings), self._preview, gap=10, owner=self)
        self._preview.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        tab_to_checked(self._modes)
        self._modes.buttonClicked.connect(self._focus_field)
        self._modes.buttonClicked.connect(self._renew)
        # A sentence of two lines must not move the fields below it.
        self._preview.setMinimumHeight(2 * self._preview.fontMetrics().lineSpacing() + px(2))
        self._renew()

    def _mode_rows(self, settings: CutSettings) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(px(12))
        grid.setVerticalSpacing(px(6))
        grid.setColumnStretch(1, 1)
        self._share.edited.connect(lambda: self._choose("keep"))
        rows = (
            ("automatic", "&Automatic", label(_AUTOMATIC, "dim", wraps=True)),
            ("keep", "&Keep", self._share),
            ("percentile", "&Percentile", self._number("percentile", "Cut the highest", "% of the scores")),
            ("score", "&Score", self._number("score", "Cut scores from", "to 100")),
        )
        for line, (mode, name, content) in enumerate(rows):
            choice = QRadioButton(name)
            choice.setChecked(mode == settings.threshold_mode)
            choice.setObjectName(mode)
            self._modes.addButton(choice)
            grid.addWidget(choice, line, 0)
            grid.addWidget(content, line, 1)
        return grid

    def _number(self, mode: str, before: str, after: str) -> QWidget:
        field = self._numbers[mode]
        field.setAccessibleName(f"{_NAMES[mode]}: {before.lower()} number, {after}")
        field.setMaximumWidth(px(_FIELD))
        field.textEdited.connect(lambda: self._choose(mode))
        field.textChanged.connect(self._renew)
        return beside(QLabel(before), field, QLabel(after))

    def _shortest_row(self, settings: CutSettings) -> QHBoxLayout:
        name = QLabel("&Minimum segment")
        name.setBuddy(self._shortest)
        self._shortest.setMaximumWidth(px(_FIELD))
        self._follows.setChecked(settings.minimum_kept_s is None)
        self._follows.setAccessibleName("Minimum segment: automatic")
        self._follows.setToolTip("Two bars with a beat grid, 1 s without one")
        self._shortest.textEdited.connect(lambda: self._follows.setChecked(False))
        self._shortest.textChanged.connect(self._renew)
        self._follows.toggled.connect(self._follow_material)
        return row(name, self._shortest, QLabel("seconds"), self._follows, 1, gap=8)

    def problem(self) -> str:
        """Return the error message, or "" for valid settings."""
        mode = self._mode()
        problem = self._share.problem() if mode == "keep" else ""
        if mode in self._numbers:
            problem = self._numbers[mode].problem(_NAMES[mode])
        return problem or ("" if self._follows.isChecked() else self._shortest.problem())

    def values(self) -> dict[str, object]:
        """Return the settings if there is no `problem`."""
        mode = self._mode()
        wanted: dict[str, object] = {"threshold_mode": mode}
        if mode == "keep":
            wanted["keep"] = self._share.share
        elif mode in self._numbers:
            number = self._numbers[mode].value()
            assert number is not None
            wanted[mode] = 100.0 - number if mode == "percentile" else number / 100
        wanted["minimum_kept_s"] = None if self._follows.isChecked() else self._shortest.value()
        return wanted

    def set_outlook(self, sentence: str) -> None:
        """Show the preview of the settings."""
        self._outlook = sentence
        self._show_preview()

    def _mode(self) -> str:
        chosen = self._modes.checkedButton()
        assert chosen is not None, "one of the radio buttons is checked from the start"
        return chosen.objectName()

    def _choose(self, mode: str) -> None:
        next(one for one in self._modes.buttons() if one.objectName() == mode).setChecked(True)
        self._renew()

    def _focus_field(self) -> None:
        mode = self._mode()
        fields: dict[str, ShareFields | NumberField] = {"keep": self._share, **self._numbers}
        if mode in fields:
            fields[mode].setFocus()
            fields[mode].selectAll()

    def _follow_material(self, follows: bool) -> None:
        if follows:
            self._shortest.set_value(self._material_s)
        self._renew()

    def _renew(self) -> None:
        self._show_preview()
        self.changed.emit()

    def _show_preview(self) -> None:
        problem = self.problem()
        self._preview.setText(problem or self._outlook)
        self._preview.setStyleSheet(f"color: {self._theme.error};" if problem else "")
