"""The facts about a recording that its header and its folder state; nothing is decoded."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from engine.core.errors import OffcutError
from engine.core.progress import SILENT, Progress
from engine.recordings.stated.stated_times import (
    Doubt,
    StatedTime,
    TimeField,
    broadcast_times,
    file_time,
    movie_times,
    tag_times,
    with_doubts,
)
from engine.sound.decoders.libsndfile import ChainedStream
from engine.sound.decoders.tracks import channel_of, file_and_track
from engine.sound.headers.channel_names import channel_title
from engine.sound.headers.movie_start import MovieStart, read_movie_start
from engine.sound.headers.ogg_links import ogg_links
from engine.sound.headers.time_reference import BroadcastStart, read_broadcast_start
from engine.sound.opening import DECODING_ERRORS, explained, open_unchecked

_REPORT_EVERY = 50
_WITH_TAGS = (".mp3", ".aac")


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
        headers = (one for one in self.stated if one.field is not TimeField.FILE_DATE)
        return next((one for one in headers if one.is_plausible), None)

    @property
    def unset_time(self) -> StatedTime | None:
        """Return a time of a clock that was never set: it counts, but from another day."""
        headers = (one for one in self.stated if one.field is not TimeField.FILE_DATE)
        return next((one for one in headers if one.doubts == (Doubt.NEVER_SET,)), None)

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
    named, channel = path, channel_of(path)
    path, _ = file_and_track(path)
    with explained(path):
        status = os.stat(path)  # noqa: PTH116 - takes what pathlib takes, and is not a method of a copy
    movie = read_movie_start(path)
    head = _of_movie(named, movie) if movie is not None else _of_sound(named, path)
    broadcast = read_broadcast_start(path) if head.format.startswith(("WAV", "RF64")) else BroadcastStart()
    made = (*broadcast_times(broadcast, head.rate_hz, _day(status.st_mtime)), *_tags(path))
    if movie is not None:
        made = tuple(movie_times(movie))
    times = (*made, file_time(status.st_mtime, head.duration_s))
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


def _of_movie(path: Path, movie: MovieStart) -> FileHead:
    frames = round(movie.duration_s * movie.rate_hz)
    return FileHead(path, movie.rate_hz, movie.channels, frames, 0, f"MP4 {movie.codec}", device=movie.device)


def _of_sound(named: Path, path: Path) -> FileHead:
    with suppress(*DECODING_ERRORS, OffcutError, TypeError, OSError), open_unchecked(path) as file:
        coding, frames = f"{file.format} {file.subtype}", file.frames
        if file.format == "OGG" and len(links := ogg_links(path)) > 1:
            chained = ChainedStream(path, links)
            frames = chained.frames
            chained.close()
        return FileHead(named, file.samplerate, file.channels, max(0, frames), 0, coding)
    return FileHead(named, 0, 0, 0, 0, path.suffix.lower())


def _tags(path: Path) -> Iterator[StatedTime]:
    if path.suffix.lower() in _WITH_TAGS:
        yield from tag_times(path)


def _day(changed_s: float) -> datetime:
    return file_time(changed_s, 0.0).start
