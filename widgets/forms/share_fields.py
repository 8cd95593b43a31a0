"""Share of a recording to keep, in per cent and in minutes: editing one updates the other."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from engine.timebase import format_time
from widgets.forms.numbers_form import Number, NumberLine
from widgets.theme import px

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
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(px(8))
        for line, unit in (
            (self._percent, "%, or"),
            (self._minutes, f"minutes of {format_time(length_s, 0)}"),
        ):
            line.setMaximumWidth(px(72))
            layout.addWidget(line)
            layout.addWidget(QLabel(unit))
        layout.addStretch(1)
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

    def select_all(self) -> None:
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
