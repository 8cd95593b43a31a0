"""A form with a few numbers, each with limits, and a description."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLineEdit, QWidget

from engine.core.timebase import format_time, read_time
from engine.document.marks.time_of_day import DAY_S, clock_text, read_time_of_day
from widgets.forms.outlook_form import OutlookForm
from widgets.theme import Theme, px


@dataclass(frozen=True, slots=True)
class Number:
    """A number that is asked for.

    Attributes
    ----------
    label : with an ampersand before its mnemonic
    decimals : 0 for whole numbers
    is_time : whether it is a position in seconds, formatted as 2:50.5
    is_of_day : whether it is a time of day in seconds since midnight, formatted as 14:03:11.5; before the
        lowest value it is of the next day
    step : step of the arrow keys
    """

    label: str
    value: float
    lowest: float
    highest: float
    decimals: int = 0
    is_time: bool = False
    is_of_day: bool = False
    step: float = 1.0

    @property
    def name(self) -> str:
        """The label as it is read."""
        return self.label.replace("&", "")

    def text(self, value: float) -> str:
        """Write a value with no more decimals than it needs."""
        fixed = f"{value:.{self.decimals}f}"
        written = format_time(value, self.decimals) if self.is_time else fixed
        written = clock_text(value, self.decimals) if self.is_of_day else written
        return written.rstrip("0").rstrip(".") if self.decimals else written

    def read(self, text: str) -> float | None:
        """Return the value of a text, None outside the limits."""
        try:
            value = self._read_time(text) if self.is_any_time else float(text.strip().replace(",", "."))
        except ValueError:
            return None
        if value is None:
            return None
        is_whole = self.decimals > 0 or value == int(value) if abs(value) < 1e15 else False
        return value if is_whole and self.lowest <= value <= self.highest else None

    @property
    def is_any_time(self) -> bool:
        """Whether it is written as a time."""
        return self.is_time or self.is_of_day

    def _read_time(self, text: str) -> float | None:
        found = read_time_of_day(text) if self.is_of_day else None
        if found is None:
            return read_time(text) if self.is_time else None
        since_midnight_s = found.since_midnight_us / 1e6
        return since_midnight_s + (DAY_S if since_midnight_s < self.lowest else 0)


class NumberLine(QLineEdit):
    """A line for one number; the arrow keys change it."""

    def __init__(self, number: Number) -> None:
        super().__init__(number.text(number.value))
        self._number = number
        self.setAccessibleName(number.name)
        self.setMaximumWidth(px(96))

    def value(self) -> float | None:
        """Return the number, or None if the text is not a number within the limits."""
        return self._number.read(self.text())

    def set_value(self, value: float) -> None:
        """Write a number, the nearest within the limits."""
        number = self._number
        self.setText(number.text(min(number.highest, max(number.lowest, value))))

    def problem(self) -> str:
        """Return the error message, or "" if the text is valid."""
        if self.value() is not None:
            return ""
        number = self._number
        kind = "a time" if number.is_any_time else "a number" if number.decimals else "a whole number"
        limits = f"{number.text(number.lowest)} to {number.text(number.highest)}"
        return f"{number.name} must be {kind} from {limits}."

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        value = self.value()
        if step is None or value is None:
            super().keyPressEvent(event)
        else:
            self.set_value(value + step * self._number.step)


class NumbersForm(OutlookForm):
    """Asks for numbers.

    Parameters
    ----------
    outlook : computes a preview of the numbers, "" without one; raises an error for invalid ones
    """

    def __init__(
        self,
        theme: Theme,
        numbers: Iterable[Number],
        said: str,
        outlook: Callable[[tuple[float, ...]], str] = lambda _values: "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, said, parent)
        asked = tuple(numbers)
        self._lines, self._look = [NumberLine(number) for number in asked], outlook
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for number, line in zip(asked, self._lines, strict=True):
            self.rows.addRow(number.label, line)
            line.textChanged.connect(self.renew)
        self._lines[0].selectAll()
        self.renew()

    def problems(self) -> Iterable[str]:
        return (line.problem() for line in self._lines)

    def look(self) -> str:
        return self._look(self.values())

    def values(self) -> tuple[float, ...]:
        """Return the numbers if there is no `problem`."""
        found = [line.value() for line in self._lines]
        return tuple(value for value in found if value is not None)
