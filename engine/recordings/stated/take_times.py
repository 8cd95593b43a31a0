"""Stated starts of takes, each by the clock of its device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from engine.recordings.stated.continuations import Take
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.placements import Basis
from engine.recordings.stated.stated_times import StatedTime, TimeField

EPOCH = datetime(2000, 1, 1)

_UNSET = "never set"

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
    times = {number: _take_time(take, heads, zone_s) for number, take in enumerate(takes)}
    return {number: time for number, time in times.items() if time is not None}


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
