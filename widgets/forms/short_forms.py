"""Short forms: a name, a note, a few numbers, a time of day, and the treatment of similar sounds.

Those with a preview show the result of the input, or the error that refuses it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QWidget,
)

from engine.core.errors import OffcutError
from engine.core.timebase import format_time, read_time, samples_to_s
from engine.core.wording import counted
from engine.document.settings import (
    DAY_S,
    TIME_FORM,
    TimeOfDay,
    clock_text,
    read_day,
    read_time_of_day,
    set_time_of_day,
    time_of_day_at,
)
from engine.document.state import DocumentState
from widgets.controls.fields import tab_to_checked
from widgets.controls.key_caps import column, label, row
from widgets.theme import Theme, px


def beside(*parts: QWidget) -> QWidget:
    """Return widgets in a row, from the left."""
    whole = QWidget()
    row(*parts, 1, gap=8, owner=whole)
    return whole


LINE = 420
"""Minimum width of sentences in a form."""


class OutlookForm(QWidget):
    """The part that forms with a preview share; subclasses add their fields to `rows`.

    Signals
    -------
    changed : `problem()` may have changed
    """

    changed = Signal()

    def __init__(self, theme: Theme, note: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._refusal = ""
        self.rows = QFormLayout()
        self.rows.setHorizontalSpacing(px(12))
        self.rows.setVerticalSpacing(px(8))
        self._outlook, self._problem = _sentence(""), _sentence("", "error")
        self._problem.setStyleSheet(f"color: {theme.error};")
        column(self.rows, _sentence(note, "dim"), self._outlook, self._problem, gap=12, owner=self)

    def problems(self) -> Iterable[str]:
        """Return the error message of each field, "" for a valid one."""
        raise NotImplementedError

    def look(self) -> str:
        """Return the preview of valid input, "" without one; raise the error that refuses it."""
        raise NotImplementedError

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return next(filter(None, self.problems()), self._refusal)

    def outlook(self) -> str:
        """Return the preview that the form shows."""
        return self._outlook.text()

    def renew(self) -> None:
        """Show the preview or the error of the current input."""
        self._refusal = preview = ""
        if not self.problem():
            try:
                preview = self.look()
            except OffcutError as error:
                self._refusal = str(error)
        for shown, text in ((self._outlook, preview), (self._problem, self.problem())):
            shown.setText(text)
            shown.setVisible(bool(text))
        self.changed.emit()


def _sentence(text: str, role: str = "") -> QLabel:
    made = label(text, role, wraps=True)
    made.setMinimumWidth(px(LINE))  # else it requests the height of a narrower one
    return made


class NameForm(QWidget):
    """Asks for a name.

    Parameters
    ----------
    title : with an ampersand before its mnemonic
    note : description below the field
    name : initial text

    Signals
    -------
    changed : `problem()` may have changed
    """

    changed = Signal()

    def __init__(self, title: str, note: str, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line = QLineEdit(name)
        self._line.setAccessibleName(title.replace("&", ""))
        self._line.textChanged.connect(lambda _text: self.changed.emit())
        form = QFormLayout()
        form.setHorizontalSpacing(px(12))
        form.addRow(title, self._line)
        column(form, _sentence(note, "dim"), gap=12, owner=self)

    def name(self) -> str:
        """Return the name without spaces around it."""
        return self._line.text().strip()

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        return "" if self.name() else "Type a name."


_HEIGHT = 132


class NoteForm(QWidget):
    """Asks for a note.

    Parameters
    ----------
    longest : maximum number of letters

    Signals
    -------
    changed : `problem()` may have changed
    entered : Ctrl and Enter was pressed; Enter alone starts a line
    """

    changed = Signal()
    entered = Signal()

    def __init__(self, about: str, note: str, longest: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._longest = longest
        self._field = QPlainTextEdit(note)
        self._field.setAccessibleName("Note")
        self._field.setTabChangesFocus(True)
        self._field.setMinimumSize(px(LINE), px(_HEIGHT))
        self._field.moveCursor(QTextCursor.MoveOperation.End)
        self._description, self._about = about, label(about, "dim", wraps=True)
        self._field.textChanged.connect(self._show_room)
        column(self._about, (self._field, 1), gap=12, owner=self)
        self.setFocusProxy(self._field)
        for key in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(key), self, self.entered.emit)

    def _show_room(self) -> None:
        self._about.setText(self.problem() or self._description)
        self.changed.emit()

    def note(self) -> str:
        """Return the text without empty lines around it."""
        return self._field.toPlainText().strip()

    def problem(self) -> str:
        """Return the error message, or "" if the input is valid."""
        over = len(self.note()) - self._longest
        return f"{counted(over, 'letter')} too many." if over > 0 else ""


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
        for title, line, example in fields:
            line.setAccessibleName(title.replace("&", ""))
            line.setPlaceholderText(example)
            line.setMaxLength(_LONGEST)
            line.setMinimumWidth(px(130))
            line.textChanged.connect(self.renew)
            self.rows.addRow(title, line)
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


SAID = (
    "Finds sounds like the selection in the whole recording. "
    "Adds the results and the selection to the queue, undecided."
)


class LikeForm(QWidget):
    """Asks whether to remove the sound or to cut its spans.

    Parameters
    ----------
    example : which span on which tracks is the example

    Signals
    -------
    changed : another answer is chosen
    """

    changed = Signal()

    def __init__(self, example: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._repair = QRadioButton("&Remove the sound, keep the time")
        self._cut = QRadioButton("&Cut the time of the sound")
        self._repair.setChecked(True)
        group = QButtonGroup(self)
        for button in (self._repair, self._cut):
            group.addButton(button)
        tab_to_checked(group)
        group.buttonToggled.connect(lambda *_: self.changed.emit())
        where, note = _sentence(f"Selected: {example}"), _sentence(SAID, "dim")
        column(where, self._repair, self._cut, note, gap=10, owner=self)
        self.setFocusProxy(self._repair)

    @property
    def cuts(self) -> bool:
        """Whether the spans are to be cut."""
        return self._cut.isChecked()

    def problem(self) -> str:
        """Nothing can be wrong."""
        return ""


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
        note: str,
        outlook: Callable[[tuple[float, ...]], str] = lambda _values: "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(theme, note, parent)
        listed = tuple(numbers)
        self._lines, self._look = [NumberLine(number) for number in listed], outlook
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for number, line in zip(listed, self._lines, strict=True):
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
