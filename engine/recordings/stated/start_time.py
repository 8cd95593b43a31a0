"""The time of day of the timeline's start, by the stated times of the files placed on it.

The start of a take is by the clock of its device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.files.safe_write import shown
from engine.document.settings import TimeOfDay
from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead, StatedTime, TimeField, with_timecode
from engine.recordings.stated.placements import Basis, Mode, Objection, Placement, Placements, Reason

EPOCH = datetime(2000, 1, 1)

_UNSET = "never set"
_AGREE_S = 2.5
"""Seconds are stated whole, and devices take a moment to begin."""
_UNRELATED = (Reason.CHOSEN, Reason.NOTHING_KNOWN, Reason.AFTER_OTHERS)
_FIELDS = tuple(TimeField)

Clock = tuple[str, bool]
"""Device, and whether it states UTC."""


@dataclass(frozen=True, slots=True)
class TakeTime:
    """Stated start of a take.

    Attributes
    ----------
    start_s : since 2000; local time, or UTC if the clock states it
    head : of the file that states it
    to_file_date_s : from the stated start to that according to the date of the file
    states_end : whether the field turned out to state the end, so that the length was subtracted
    """

    start_s: float
    clock: Clock
    stated: StatedTime
    head: FileHead
    to_file_date_s: float
    states_end: bool = False

    @property
    def basis(self) -> Basis:
        """Return the evidence that a place by this time has."""
        is_exact = self.stated.field is TimeField.TIME_REFERENCE
        return Basis.TIME_REFERENCE if is_exact else Basis.STATED_TIME

    @property
    def was_set(self) -> bool:
        """Return whether the clock shows the time of day."""
        return self.stated.is_plausible

    def from_end(self, length_s: float) -> TakeTime:
        """Return the start of a take whose stated time is that of its end."""
        return replace(self, start_s=self.start_s - length_s, states_end=True)


def take_times(takes: Sequence[Take], heads: Sequence[FileHead]) -> dict[int, TakeTime]:
    """Return the stated starts of the takes that have a plausible one, by their numbers."""
    zone_s = stated_zone_s(heads)
    times = ((number, _take_time(take, heads, zone_s)) for number, take in enumerate(takes))
    return {number: time for number, time in times if time is not None}


def take_length_s(take: Take, heads: Sequence[FileHead]) -> float:
    """Return the time from the first sample of a take to its last one."""
    rate_hz = take.rate_hz or 1
    starts = zip(take.files, take.starts_samples, strict=True)
    return max(start / rate_hz + heads[index].duration_s for index, start in starts)


def _take_time(take: Take, heads: Sequence[FileHead], zone_s: int | None) -> TakeTime | None:
    """Return the stated start of a take: that of its first file with a plausible time."""
    for index, offset in zip(take.files, take.starts_samples, strict=True):
        head = heads[index]
        stated, dated = head.time or head.unset_time, head.file_time
        if stated is None or dated is None:
            continue
        is_utc = stated.is_utc and zone_s is None
        device = take.device if stated.is_plausible else f"{take.device}|{_UNSET}"
        start = stated.start + timedelta(seconds=zone_s or 0) if stated.is_utc else stated.start
        to_file_date_s = (dated.start - stated.start).total_seconds() - stated.clock_off_s
        start_s = (start - EPOCH) / timedelta(seconds=1) + stated.clock_off_s - offset / (take.rate_hz or 1)
        return TakeTime(start_s, (device, is_utc), stated, head, to_file_date_s)
    return None


def stated_zone_s(heads: Sequence[FileHead]) -> int | None:
    """Return the seconds from UTC to local time that most files with a zone state; None without one."""
    stated = Counter(
        one.utc_offset_s for head in heads for one in head.stated if one.utc_offset_s not in (None, 0)
    )
    return stated.most_common(1)[0][0] if stated else None


@dataclass(frozen=True, slots=True)
class StartTime:
    """Time of day of the timeline's start, and the statement that it follows from.

    Attributes
    ----------
    is_converted : whether the file states UTC, converted to the time zone of this computer
    """

    at: TimeOfDay
    field: TimeField
    path: Path
    is_converted: bool

    @property
    def sentence(self) -> str:
        """Return the time with its source, for the user."""
        zone = ", converted to the time zone of this computer" if self.is_converted else ""
        return f"The start is at {self.at}, by the {self.field.value} of {shown(self.path.name)}{zone}."


@dataclass(frozen=True, slots=True)
class _Statement:
    """Local time of the timeline's start according to one file."""

    start: datetime
    stated: StatedTime
    path: Path
    is_converted: bool
    is_certain: bool
    place_s: float

    @property
    def trust(self) -> tuple[bool, int, float]:
        """Return a key that sorts statements, the most trustworthy first."""
        return not self.is_certain, _FIELDS.index(self.stated.field), self.place_s


def start_time(heads: Sequence[FileHead], places: Placements | None) -> StartTime | None:
    """Return the time of day of the timeline's start; None if no place rests on a stated time.

    Files whose place follows from evidence state it; where they differ, most of them decide. Where places are
    chosen, all files have to agree. The date of a file counts only if a place rests on it and no header
    states a time.

    Parameters
    ----------
    places : None if all files begin at the start
    """
    heads = with_timecode(heads)
    every = () if places is None else places.files
    related = [one for one in every if one.reason not in _UNRELATED]
    is_chosen = not related or (places is not None and places.mode in (Mode.ZERO, Mode.AFTER))
    rate_hz = 1 if places is None else places.rate_hz
    used = {one.path: one for one in (every if is_chosen else related)}
    found = list(_statements(heads, used, rate_hz))
    if not found and any(one.basis is Basis.FILE_DATE for one in related):
        found = list(_statements(heads, used, rate_hz, by_date=True))
    found = [one for one in found if not one.is_converted] or found
    agreeing = (
        [other for other in found if abs((other.start - one.start).total_seconds()) <= _AGREE_S]
        for one in found
    )
    best = max(agreeing, key=len, default=[])
    if not best or (is_chosen and len(best) < len(found)):
        return None
    first = min(best, key=lambda one: one.trust)
    return StartTime(TimeOfDay.of(first.start), first.stated.field, first.path, first.is_converted)


def _statements(
    heads: Sequence[FileHead], used: Mapping[Path, Placement], rate_hz: int, *, by_date: bool = False
) -> Iterator[_Statement]:
    """Yield the local time of the start by each file that states one; without places, all begin at it."""
    zone_s = stated_zone_s(heads)
    for head in heads:
        stated = head.file_time if by_date else head.time
        if stated is None or not stated.is_plausible or (used and head.path not in used):
            continue
        place = used.get(head.path)
        place_s, ends_s = 0.0, 0.0
        if place is not None:
            # A file that states its end does so its length after its start.
            ends = (one for one in place.contradictions if one.code is Objection.STATES_THE_END)
            place_s, ends_s = place.start_samples / rate_hz, sum(one.difference_s for one in ends)
        start = _local(stated, zone_s) - timedelta(seconds=place_s + ends_s)
        is_certain = place is None or place.is_certain
        yield _Statement(start, stated, head.path, stated.is_utc and zone_s is None, is_certain, place_s)


def _local(stated: StatedTime, zone_s: int | None) -> datetime:
    """Return a stated time as local time, by the zone that files state, else that of this computer."""
    start = stated.start
    if stated.is_utc and zone_s is None:
        start = start.replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
    elif stated.is_utc:
        start += timedelta(seconds=zone_s or 0)
    return start
