"""The time of day of the timeline's start, which gives every position its time of day."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from engine.core.timebase import samples_to_s
from engine.document.change import Edit, Setting, row_changes
from engine.document.state import DocumentState

STARTS_AT = "starts_at"
"""The setting with the time of day of the start: ISO 8601, local, with or without a date."""
TIME_FORM = "HH:MM, HH:MM:SS or HH:MM:SS.s"

DAY_S = 86_400
_DAY_US = DAY_S * 1_000_000
_TIME = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,](\d{1,6})\d*)?)?")


@dataclass(frozen=True, slots=True)
class TimeOfDay:
    """A local time of day, with its date where it is known.

    Attributes
    ----------
    since_midnight_us : microseconds, below 24 hours
    """

    since_midnight_us: int
    day: date | None = None

    @classmethod
    def of(cls, moment: datetime) -> TimeOfDay:
        """Return the time of day of a date and time."""
        return cls(_microseconds(moment.time()), moment.date())

    def later(self, seconds: float) -> TimeOfDay:
        """Return the time of day after a duration, which may be negative; the date changes at midnight."""
        days, rest = divmod(self.since_midnight_us + round(seconds * 1e6), _DAY_US)
        day = None
        with suppress(OverflowError):  # calendars end in the year 9999
            day = None if self.day is None else self.day + timedelta(days=days)
        return TimeOfDay(rest, day)

    def text(self, decimals: int = 0) -> str:
        """Return it as 14:03:11, rounded to decimals of a second, without the date."""
        return clock_text(self.since_midnight_us / 1e6, decimals)

    def __str__(self) -> str:
        """Return the time, with thousandths if it has any, and the date."""
        shown = self.text(3).removesuffix(".000")
        return shown if self.day is None else f"{shown} on {self.day.isoformat()}"

    @property
    def iso(self) -> str:
        """Return it in ISO 8601; without a date the time alone."""
        midnight = datetime.combine(self.day or date.min, time())
        moment = midnight + timedelta(microseconds=self.since_midnight_us)
        return moment.time().isoformat() if self.day is None else moment.isoformat()


def clock_text(seconds: float, decimals: int = 0) -> str:
    """Write seconds since a midnight as HH:MM:SS with decimals; past midnight it begins at 00:00:00 again."""
    units = round(seconds * 10**decimals) % (DAY_S * 10**decimals)
    whole_s, fraction = divmod(units, 10**decimals)
    minutes, secs = divmod(whole_s, 60)
    head = f"{minutes // 60:02d}:{minutes % 60:02d}:{secs:02d}"
    return f"{head}.{fraction:0{decimals}d}" if decimals else head


def read_time_of_day(text: str) -> TimeOfDay | None:
    """Return the time of a text such as 14:03, 14:03:11 or 14:03:11.5; None for any other."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        return None
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    micros = int((found[4] or "").ljust(6, "0"))
    return TimeOfDay(((hours * 60 + minutes) * 60 + seconds) * 1_000_000 + micros)


def read_day(text: str) -> date | None:
    """Return the date of a text such as 2026-05-02; None for any other."""
    with suppress(ValueError):
        return date.fromisoformat(text.strip())
    return None


def starts_at(state: DocumentState) -> TimeOfDay | None:
    """Return the time of day of the timeline's start; None if it is not known."""
    stored = state.settings.get(STARTS_AT)
    if not isinstance(stored, str):
        return None
    with suppress(ValueError):
        if "T" in stored:
            return TimeOfDay.of(datetime.fromisoformat(stored))
        return TimeOfDay(_microseconds(time.fromisoformat(stored)))
    return None


def time_of_day_at(state: DocumentState, samples: int) -> TimeOfDay | None:
    """Return the time of day of a position; None if that of the start is not known."""
    start = starts_at(state)
    return None if start is None or not state.rate_hz else start.later(samples_to_s(samples, state.rate_hz))


def set_time_of_day(state: DocumentState, samples: int, at: TimeOfDay | None) -> Edit:
    """Set the time of day of a position, and with it that of all others; None removes it."""
    before = starts_at(state)
    before_s = samples_to_s(samples, state.rate_hz) if samples else 0.0  # no rate before an import
    start = None if at is None else at.later(-before_s)
    label = "Removed the time of day" if at is None else f"Time of day at the start: {start}"
    return Edit(label, () if start == before else row_changes([_rows(state, start)]))


def _rows(state: DocumentState, start: TimeOfDay | None) -> tuple[Setting | None, Setting | None]:
    before = Setting(STARTS_AT, state.settings[STARTS_AT]) if STARTS_AT in state.settings else None
    return before, None if start is None else Setting(STARTS_AT, start.iso)


def _microseconds(moment: time) -> int:
    whole_s = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return whole_s * 1_000_000 + moment.microsecond
