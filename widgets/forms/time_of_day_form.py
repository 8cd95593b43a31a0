"""A form with a time of day and its date."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from PySide6.QtWidgets import QFormLayout, QLineEdit

from engine.core.timebase import format_time, samples_to_s
from engine.document.marks.time_of_day import (
    TIME_FORM,
    TimeOfDay,
    read_day,
    read_time_of_day,
    set_time_of_day,
    time_of_day_at,
)
from engine.document.state import DocumentState
from widgets.forms.outlook_form import OutlookForm
from widgets.theme import Theme, px

_LONGEST = 20


class TimeOfDayForm(OutlookForm):
    """Asks for the time of day of a position, with the present one.

    Parameters
    ----------
    at_samples : the position; that of the start follows from it
    """

    def __init__(self, theme: Theme, state: DocumentState, at_samples: int) -> None:
        here = format_time(samples_to_s(at_samples, state.rate_hz))
        before = time_of_day_at(state, at_samples)
        removal = "" if before is None else " Clear both fields to remove it."
        super().__init__(theme, f"Sets the clock of the timeline at {here}.{removal}")
        self._state, self._at_samples, self._before = state, at_samples, before
        self._time = QLineEdit("" if before is None else before.text(3))
        self._date = QLineEdit("" if before is None or before.day is None else before.day.isoformat())
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        fields = (("&Time", self._time, "14:03:11"), ("&Date", self._date, "2026-05-02"))
        for label, line, example in fields:
            line.setAccessibleName(label.replace("&", ""))
            line.setPlaceholderText(example)
            line.setMaxLength(_LONGEST)
            line.setMinimumWidth(px(130))
            line.textChanged.connect(self.renew)
            self.rows.addRow(label, line)
        self._time.selectAll()
        self.setFocusProxy(self._time)
        self.renew()

    def problems(self) -> Iterable[str]:
        time, day = self._time.text().strip(), self._date.text().strip()
        if time and read_time_of_day(time) is None:
            yield f"{time!r} is not a time of day: type {TIME_FORM}."
        if not time and self._before is None:
            yield f"Type a time: {TIME_FORM}."
        if day and read_day(day) is None:
            yield f"{day!r} is not a date: type one such as 2026-05-02."
        if day and not time and self._before is not None:
            yield "A date needs a time: type one, or clear the date."

    def look(self) -> str:
        return f"{set_time_of_day(self._state, self._at_samples, self.value()).label}."

    def value(self) -> TimeOfDay | None:
        """Return the time of day of the position; None to remove it."""
        time = read_time_of_day(self._time.text())
        if self._before is not None and self._time.text() == self._before.text(3):
            time = self._before  # with its millionths
        return None if time is None else replace(time, day=read_day(self._date.text()))
