"""When a file was recorded, as its header or its date states it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from engine.sound.headers.id3 import read_recorded
from engine.sound.headers.movie_start import MovieStart
from engine.sound.headers.stated_date import StatedDate
from engine.sound.headers.time_reference import BroadcastStart

_FIRST_YEAR = 1995
"""The first Broadcast Wave files are of 1997; earlier dates are those of clocks that were never set."""
_RESET_HOURS = 12
_SOON = timedelta(days=1)
_DAY_S = 86_400
_MOST_DAYS = 2


class TimeField(StrEnum):
    """Where a time is stated; the most trustworthy field first."""

    TIME_REFERENCE = "bext time reference"
    ORIGINATION = "bext origination time"
    CREATION_DATE = "QuickTime creation date"
    MOVIE_HEADER = "MP4 creation time"
    RECORDED_TAG = "ID3 recording time"
    ENCODED_TAG = "ID3 encoding time"
    FILE_DATE = "file date"


class Doubt(StrEnum):
    """Reasons not to believe a time."""

    NEVER_SET = "never-set"
    """It is the first day that a clock counts, as after a new battery."""
    IN_THE_FUTURE = "in-the-future"
    NO_DAY = "no-day"
    """Only the time of day is stated; the day is that of the file."""
    FIELDS_DISAGREE = "fields-disagree"
    """The time reference is not as far from the origination time as in other files of its device."""


@dataclass(frozen=True, slots=True)
class StatedTime:
    """Time of the first sample of a file, according to one field.

    Attributes
    ----------
    start : without a zone; to a millionth of a second for a time reference
    is_utc : whether it is meant to be UTC; else it is the local time of the device
    utc_offset_s : seconds from UTC to the local time where the field states it
    accuracy_s : how exactly the field can state it
    clock_off_s : from it to the time of day of the device; timecode need not count from midnight
    """

    field: TimeField
    start: datetime
    is_utc: bool = False
    utc_offset_s: int | None = None
    accuracy_s: float = 1.0
    doubts: tuple[Doubt, ...] = ()
    clock_off_s: float = 0.0

    @property
    def is_plausible(self) -> bool:
        """Return whether nothing speaks against it."""
        return not self.doubts


def broadcast_times(stated: BroadcastStart, rate_hz: int, file_day: datetime) -> Iterator[StatedTime]:
    """Yield the times of a Broadcast Wave file.

    Parameters
    ----------
    file_day : the date of the file, for a header with a time of day alone
    """
    made, reference = stated.origination, stated.reference_samples
    if reference is not None and 0 < reference <= _MOST_DAYS * _DAY_S * rate_hz:
        since_midnight = timedelta(microseconds=round(reference * 1e6 / rate_hz))
        day = made or file_day
        start = datetime(day.year, day.month, day.day) + since_midnight
        if made is None:
            yield StatedTime(TimeField.TIME_REFERENCE, start, accuracy_s=1e-6, doubts=(Doubt.NO_DAY,))
        else:
            off_s = (start - made).total_seconds()
            around_s = (off_s + _DAY_S / 2) % _DAY_S - _DAY_S / 2
            # The date may be that of midnight past or to come, if the two were read on its two sides.
            start -= timedelta(seconds=off_s - around_s)
            yield StatedTime(TimeField.TIME_REFERENCE, start, accuracy_s=1e-6)
    if made is not None:
        yield StatedTime(TimeField.ORIGINATION, made)


def movie_times(stated: MovieStart) -> Iterator[StatedTime]:
    """Yield the times of an MP4 or QuickTime file."""
    if stated.creation_date is not None:
        yield _of_date(TimeField.CREATION_DATE, stated.creation_date)
    if stated.created_utc is not None:
        yield StatedTime(TimeField.MOVIE_HEADER, stated.created_utc, is_utc=True)


def tag_times(path: Path) -> Iterator[StatedTime]:
    """Yield the times in the ID3 tag of a file."""
    dates = read_recorded(path)
    for name, field in (("TDRC", TimeField.RECORDED_TAG), ("TDEN", TimeField.ENCODED_TAG)):
        if name in dates:
            yield _of_date(field, dates[name])


def file_time(changed_s: float, duration_s: float) -> StatedTime:
    """Return the start according to the date of a file: it was changed last when its recording ended."""
    moment = datetime(1970, 1, 1)
    with suppress(OverflowError, OSError, ValueError):
        moment = datetime.fromtimestamp(changed_s, UTC).replace(tzinfo=None)
        moment -= timedelta(seconds=duration_s)
    return StatedTime(TimeField.FILE_DATE, moment, is_utc=True, accuracy_s=2.0)


def with_doubts(stated: StatedTime, now: datetime) -> StatedTime:
    """Return a time with the doubts that its date raises.

    Parameters
    ----------
    now : in UTC; no recording is of a later day
    """
    found = list(stated.doubts)
    start = stated.start
    is_first_day = (start.month, start.day) == (1, 1) and start.hour < _RESET_HOURS
    if start.year < _FIRST_YEAR or is_first_day:
        found.append(Doubt.NEVER_SET)
    if start > now + _SOON:
        found.append(Doubt.IN_THE_FUTURE)
    doubts = tuple(dict.fromkeys(found))
    return replace(stated, doubts=doubts)


def _of_date(field: TimeField, date: StatedDate) -> StatedTime:
    return StatedTime(field, date.moment, date.utc_offset_s == 0, date.utc_offset_s)
