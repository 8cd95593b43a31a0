"""Names of the songs of a day, by those that the user's library knows; and songs of a day for the library.

Of each song, its three longest takes are compared: one may be broken off, or have another song in it. Two
songs of a day that are the same known song become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.progress import SILENT, Progress
from engine.document.analysis import StoredDay
from engine.document.state import DocumentState
from engine.features.day.day import Day, DaySong, SongTake
from engine.features.day.known.fingerprints import Fingerprint
from engine.features.day.known.library import KnownTake, Library
from engine.features.day.known.matching import KnownSongs, Recognition, agreed, likeliest
from engine.features.takes.features import RATE_HZ, Frames, frames_of
from engine.recordings.detect_sounds import mono
from engine.recordings.track_audio import SpanRequest

_COMPARED = 3


def with_known_names(day: Day, frames: Frames, library: Library, progress: Progress = SILENT) -> Day:
    """Return a day whose songs have the names that the library knows; the day itself without consent.

    Parameters
    ----------
    frames : features of the whole recording

    Raises
    ------
    OffcutError : the library cannot be read
    Cancelled : the user asked for it
    """
    songs = library.known() if library.is_allowed() else ()
    if not songs:
        return day
    known = KnownSongs.of(songs)
    named: dict[str, DaySong] = {}
    for number, song in enumerate(day.songs):
        found = agreed(_recognitions(song, frames, known, progress.step(number, len(day.songs))))
        one = song if found is None else replace(song, name=found.name, is_known=True)
        before = named.get(one.name)
        named[one.name] = one if before is None else replace(before, takes=_in_order(before, one))
    return replace(day, songs=tuple(named.values()))


def _recognitions(
    song: DaySong, frames: Frames, known: KnownSongs, progress: Progress
) -> Iterator[Recognition]:
    """Yield the likeliest known song of each of the longest takes; none for a take that is too short."""
    longest = sorted(song.takes, key=lambda take: take.start_s - take.stop_s)[:_COMPARED]
    for number, take in enumerate(longest):
        query = Fingerprint.of(frames, take.start_s, take.stop_s)
        found = likeliest(query, known, progress.step(number, len(longest)))
        if found is not None:
            yield found


def _in_order(one: DaySong, other: DaySong) -> tuple[SongTake, ...]:
    return tuple(sorted((*one.takes, *other.takes), key=lambda take: take.start_s))


@dataclass(frozen=True, slots=True, eq=False)
class SongRequest:
    """A named song of a document, for the library.

    Attributes
    ----------
    media : where each source is now, by source id
    song : number of the song in the day
    former : its name before, for a song that the library knows by it
    source : name of the document
    date : of the day in ISO 8601; "" if not known
    """

    state: DocumentState
    media: Mapping[str, Path]
    day: StoredDay
    song: int
    former: str
    source: str
    date: str = ""


def remember_song(request: SongRequest, progress: Progress) -> str:
    """Store the takes of a song in the user's library, under its name; return the name.

    Raises
    ------
    UsageError : the user has not allowed it
    SourceError : a recording is missing or cannot be read
    OffcutError : the library cannot be written
    Cancelled : the user asked for it
    """
    day, rate_hz, library = request.day, request.state.rate_hz, Library()
    rows = day.takes_of(request.song).tolist()
    takes = []
    for number, row in enumerate(rows):
        start, stop = day.spans_samples[row].tolist()
        blocks = mono(
            SpanRequest(request.state, request.media),
            (start, stop),
            progress.step(number, len(rows)),
            RATE_HZ,
        )
        found = Fingerprint.of(frames_of(blocks, RATE_HZ))
        is_complete = bool(day.are_complete[row])
        takes.append(KnownTake(found, request.date, request.source, start / rate_hz, is_complete))
    name = day.names[request.song]
    known = {song.name: song.id for song in library.songs()}
    library.add(name, takes, None if name in known else known.get(request.former))
    return name
