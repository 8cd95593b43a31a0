"""The facts about a recording that its header and its folder state, above all when it was recorded.

Nothing is decoded. The most trustworthy time that is plausible leads: the time reference where all files of a
device have one. Timecode need not be the time of day: it is set by hand, counts from one hour, or runs a
thousandth slow (23.976 frames a second). The origination time, which is that of the recorder's clock, then
differs from it by about the same amount in all files.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from statistics import median

from engine.core.errors import OffcutError
from engine.core.progress import SILENT, Progress
from engine.sound.decoders.libsndfile import ChainedStream
from engine.sound.file_part import ogg_links
from engine.sound.headers.bwf import channel_title
from engine.sound.headers.mp3 import read_recorded
from engine.sound.headers.start_times import (
    BroadcastStart,
    StatedDate,
    read_broadcast_start,
    read_movie_start,
)
from engine.sound.opening import DECODING_ERRORS, address_of, explained, open_unchecked

_FIRST_YEAR = 1995
"""The first Broadcast Wave files are of 1997; earlier dates are those of clocks that were never set."""
_RESET_HOURS = 12
_SOON = timedelta(days=1)
_DAY_S = 86_400
_MOST_DAYS = 2
_REPORT_EVERY = 50
_WITH_TAGS = (".mp3", ".aac")
_SAME_TIME_S = 5.0
_STEADY_S, _SLOW = 15.0, 0.0011
"""How far the difference may vary: clocks are read late, and timecode runs slow."""


class TimeField(StrEnum):
    """Where a time is stated; the most trustworthy field first."""

    TIME_REFERENCE = "bext time reference"
    ORIGINATION = "bext origination time"
    CREATION_DATE = "QuickTime creation date"
    MOVIE_HEADER = "MP4 creation time"
    RECORDED_TAG = "ID3 recording time"
    ENCODED_TAG = "ID3 encoding time"
    FILE_DATE = "file date"


_TAGS = {"TDRC": TimeField.RECORDED_TAG, "TDEN": TimeField.ENCODED_TAG}


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
    found, start = list(stated.doubts), stated.start
    is_first_day = (start.month, start.day) == (1, 1) and start.hour < _RESET_HOURS
    if start.year < _FIRST_YEAR or is_first_day:
        found.append(Doubt.NEVER_SET)
    if start > now + _SOON:
        found.append(Doubt.IN_THE_FUTURE)
    return replace(stated, doubts=tuple(dict.fromkeys(found)))


def _of_date(field: TimeField, date: StatedDate) -> StatedTime:
    return StatedTime(field, date.moment, date.utc_offset_s == 0, date.utc_offset_s)


@dataclass(frozen=True, slots=True)
class FileHead:
    """A recording before it is decoded.

    Attributes
    ----------
    rate_hz, channels, frames : 0 where the header does not state them
    format : container and coding, such as "WAV PCM_24"; files of one device share it
    reference_samples : from midnight to the first sample, at `rate_hz`; None if not stated
    device : the recorder or program that the header names; "" if none
    family : identifier of the files that were recorded together; "" if not stated
    title : name of the channel that the path means; "" for a whole file
    stated : times of the first sample, the most trustworthy field first; the file date is always the last
    """

    path: Path
    rate_hz: int
    channels: int
    frames: int
    size_bytes: int
    format: str
    reference_samples: int | None = None
    device: str = ""
    family: str = ""
    title: str = ""
    stated: tuple[StatedTime, ...] = ()

    @property
    def duration_s(self) -> float:
        """Return the length in seconds; 0.0 if it is not stated."""
        return self.frames / self.rate_hz if self.rate_hz else 0.0

    @property
    def time(self) -> StatedTime | None:
        """Return the most trustworthy plausible time in the header; None without one."""
        return next((one for one in self._of_header if one.is_plausible), None)

    @property
    def unset_time(self) -> StatedTime | None:
        """Return a time of a clock that was never set: it counts, but from another day."""
        return next((one for one in self._of_header if one.doubts == (Doubt.NEVER_SET,)), None)

    @property
    def _of_header(self) -> Iterator[StatedTime]:
        return (one for one in self.stated if one.field is not TimeField.FILE_DATE)

    @property
    def file_time(self) -> StatedTime | None:
        """Return the start according to the date of the file."""
        return next((one for one in self.stated if one.field is TimeField.FILE_DATE), None)


def read_heads(
    paths: Sequence[Path], progress: Progress = SILENT, now: datetime | None = None
) -> tuple[FileHead, ...]:
    """Read the headers of many files.

    Parameters
    ----------
    now : in UTC, to recognise dates in the future; None for that of the clock

    Raises
    ------
    SourceError : a file is missing or may not be read
    Cancelled : the user asked for it
    """
    moment = now or datetime.now(UTC).replace(tzinfo=None)
    found = []
    for number, path in enumerate(paths):
        if not number % _REPORT_EVERY:
            progress.check_cancelled()
            progress.report(number / len(paths), "Reading headers")
        found.append(read_head(path, moment))
    return tuple(found)


def read_head(path: Path, now: datetime) -> FileHead:
    """Read the header of a file; fields that it does not state are empty.

    Raises
    ------
    SourceError : it is missing or may not be read
    """
    named, address = path, address_of(path)
    path, channel = address.file, address.channel
    with explained(path):
        status = os.stat(path)  # noqa: PTH116 - takes what pathlib takes, and is not a method of a copy
    movie = read_movie_start(path)
    broadcast = BroadcastStart()
    if movie is not None:
        rate_hz, frames = movie.rate_hz, round(movie.duration_s * movie.rate_hz)
        head = FileHead(named, rate_hz, movie.channels, frames, 0, f"MP4 {movie.codec}", device=movie.device)
        created = movie.creation_date
        times = [] if created is None else [_of_date(TimeField.CREATION_DATE, created)]
        if movie.created_utc is not None:
            times.append(StatedTime(TimeField.MOVIE_HEADER, movie.created_utc, is_utc=True))
    else:
        head = _of_sound(named, path)
        if head.format.startswith(("WAV", "RF64")):
            broadcast = read_broadcast_start(path)
        times = [*broadcast_times(broadcast, head.rate_hz, file_time(status.st_mtime, 0.0).start)]
        tags = read_recorded(path) if path.suffix.lower() in _WITH_TAGS else {}
        times += [_of_date(field, tags[name]) for name, field in _TAGS.items() if name in tags]
    times.append(file_time(status.st_mtime, head.duration_s))
    return replace(
        head,
        channels=1 if channel else head.channels,
        size_bytes=status.st_size,
        reference_samples=broadcast.reference_samples,
        device=head.device or f"{broadcast.originator} {broadcast.serial}".strip(),
        family=broadcast.family,
        title=channel_title(path, channel) if channel else "",
        stated=tuple(with_doubts(one, now) for one in times),
    )


def _of_sound(named: Path, path: Path) -> FileHead:
    with suppress(*DECODING_ERRORS, OffcutError, TypeError, OSError), open_unchecked(path) as file:
        coding, frames = f"{file.format} {file.subtype}", file.frames
        if file.format == "OGG" and len(links := ogg_links(path)) > 1:
            chained = ChainedStream(path, links)
            frames = chained.frames
            chained.close()
        return FileHead(named, file.samplerate, file.channels, max(0, frames), 0, coding)
    return FileHead(named, 0, 0, 0, 0, path.suffix.lower())


def with_timecode(heads: Sequence[FileHead]) -> tuple[FileHead, ...]:
    """Return headers whose time references are compared with the origination times of their device.

    Where the difference varies, as of timecode that stops between takes, a reference that differs is doubted.
    """
    devices: dict[object, list[FileHead]] = defaultdict(list)
    for head in heads:
        if _times(head) is not None:
            devices[_device(head)].append(head)
    steady = {key: _steady_off_s(files) for key, files in devices.items()}
    return tuple(
        head if (times := _times(head)) is None else _with_off(head, times, steady[_device(head)])
        for head in heads
    )


def _device(head: FileHead) -> tuple[str, int, Path | None]:
    return head.device, head.rate_hz, None if head.device else head.path.parent


def _times(head: FileHead) -> tuple[datetime, datetime] | None:
    """Return the times of the first sample by the time reference and by the origination; None without one."""
    found = {one.field: one.start for one in head.stated}
    times = found.get(TimeField.TIME_REFERENCE), found.get(TimeField.ORIGINATION)
    return None if times[0] is None or times[1] is None else (times[0], times[1])


def _off_s(times: tuple[datetime, datetime]) -> float:
    return (times[1] - times[0]).total_seconds()


def _steady_off_s(files: Sequence[FileHead]) -> float | None:
    """Return how far the time of day is from the timecode of a device; None if that varies.

    Of files with one reference and one length, which were exported one after another, the first one counts.
    """
    found = {(one.reference_samples, one.frames): _times(one) for one in reversed(files)}
    times = [one for one in found.values() if one is not None]
    offs = [_off_s(one) for one in times]
    starts = [one for one, _ in times]
    span_s = (max(starts) - min(starts)).total_seconds()
    return median(offs) if max(offs) - min(offs) <= _STEADY_S + _SLOW * span_s else None


def _with_off(head: FileHead, times: tuple[datetime, datetime], steady_s: float | None) -> FileHead:
    """Return a header whose reference is that far from the time of day, or doubted if that varies."""
    own_s = _off_s(times) if steady_s is None else steady_s
    is_same = abs(own_s) <= _SAME_TIME_S
    is_doubted = steady_s is None and not is_same
    off_s = 0.0 if is_same or is_doubted else own_s

    def of(one: StatedTime) -> StatedTime:
        if one.field is not TimeField.TIME_REFERENCE:
            return one
        others = tuple(doubt for doubt in one.doubts if doubt is not Doubt.FIELDS_DISAGREE)
        doubts = (*others, Doubt.FIELDS_DISAGREE) if is_doubted else others
        return replace(one, doubts=doubts, clock_off_s=off_s)

    return replace(head, stated=tuple(map(of, head.stated)))
