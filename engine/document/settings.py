"""The settings of a document, with defaults and limits: cuts from scores, ripple, and the time of day.

The time of day of the timeline's start gives every position its time of day.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from math import inf
from types import MappingProxyType
from typing import Any, Literal, get_args

from engine.core.errors import UsageError
from engine.core.timebase import samples_to_s
from engine.document.state import DocumentState, Edit, Setting, row_changes

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
    if start == before:
        return Edit(label, ())
    stored = Setting(STARTS_AT, state.settings[STARTS_AT]) if STARTS_AT in state.settings else None
    return Edit(label, row_changes([(stored, None if start is None else Setting(STARTS_AT, start.iso))]))


def _microseconds(moment: time) -> int:
    whole_s = (moment.hour * 60 + moment.minute) * 60 + moment.second
    return whole_s * 1_000_000 + moment.microsecond


ThresholdMode = Literal["automatic", "percentile", "score", "keep"]

LIMITS: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "percentile": (0.0, 100.0),
        "score": (0.0, 1.0),
        "keep": (0.001, 1.0),
        "minimum_kept_s": (0.0, inf),
        "minimum_cut_s": (0.0, inf),
        "crossfade_ms": (0.0, 1000.0),
    }
)
"""The lowest and the highest value of each number."""


@dataclass(frozen=True, slots=True)
class CutSettings:
    """Settings of cuts from scores. Lengths in seconds, since users set them.

    `threshold_mode` chooses the threshold: with "automatic" it is the limit of the taste; else it is the
    given percentile of all scores, the given score, or the score that leaves the share `keep` of the
    recording.

    `minimum_kept_s` is None if the shortest piece follows the material: two bars with a pulse, a second
    without one.

    Raises
    ------
    UsageError : a value is outside its limits; the message names it
    """

    threshold_mode: ThresholdMode = "automatic"
    percentile: float = 40.0
    score: float = 0.6
    keep: float = 0.5
    minimum_kept_s: float | None = None
    minimum_cut_s: float = 0.5
    crossfade_ms: float = 20.0
    snap: bool = True

    def __post_init__(self) -> None:
        modes = get_args(ThresholdMode)
        if self.threshold_mode not in modes:
            raise _wrong("threshold_mode", self.threshold_mode, f"give one of {', '.join(modes)}")
        if not isinstance(self.snap, bool):
            raise _wrong("snap", self.snap, "give true or false")
        for name, (lowest, highest) in LIMITS.items():
            value: Any = getattr(self, name)
            if value is None and name == "minimum_kept_s":
                continue
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if not is_number or not lowest <= value <= highest:
                limits = f"from {lowest:g} to {highest:g}" if highest < inf else f"of {lowest:g} or more"
                raise _wrong(name, value, f"give a number {limits}")
            object.__setattr__(self, name, float(value))


def _wrong(name: str, value: object, remedy: str) -> UsageError:
    return UsageError(f"{name} cannot be {value!r}: {remedy}.")


def cut_settings(values: Mapping[str, object]) -> CutSettings:
    """Read the cut settings from a document's settings or a command's options.

    Raises
    ------
    UsageError : see `CutSettings`
    """
    known: dict[str, Any] = {one.name: values[one.name] for one in fields(CutSettings) if one.name in values}
    return CutSettings(**known)


class Ripple(StrEnum):
    """Which later clips follow an edit."""

    OFF = "off"
    TRACK = "track"
    ALL = "all"


RIPPLE = "ripple"
"""The setting with the mode of a document in the window."""


def ripple_of(settings: Mapping[str, object]) -> Ripple:
    """Return the mode of a document.

    Raises
    ------
    UsageError : the setting is not a mode
    """
    value = settings.get(RIPPLE, Ripple.OFF)
    if value not in tuple(Ripple):
        raise UsageError(f"{RIPPLE} cannot be {value!r}: give one of {', '.join(Ripple)}.")
    return Ripple(str(value))
