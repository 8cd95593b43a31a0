"""A day of playing: its songs with their takes, the talk between them, and idle time.

Times are seconds from the start of the recording. All values are frozen.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

Span = tuple[float, float]
"""Start and stop in seconds, half-open."""


IMPORTED = 0.08
"""Share of an import in the work of preparing a day; its analysis is the rest."""


class DayKind(StrEnum):
    """Kinds of days, in the order in which one key goes through them."""

    REHEARSAL = "rehearsal"
    INTERVIEW = "interview"
    DRUMS = "drums"

    @property
    def noun(self) -> str:
        """Its name in sentences."""
        return "drum session" if self is DayKind.DRUMS else str(self)

    @property
    def after(self) -> DayKind:
        """The kind after it, in a circle."""
        kinds = tuple(DayKind)
        return kinds[(kinds.index(self) + 1) % len(kinds)]


@dataclass(frozen=True, slots=True)
class SongTake:
    """One time that a song was played, whole or in part.

    Attributes
    ----------
    is_complete : whether it plays the song from its start to its end
    semitones : how much higher it is than the first complete take of the song
    speed : how much faster, 1 for as fast
    tuning_cents : deviation from A4 = 440 Hz, -50 to 50; None without pitch
    """

    start_s: float
    stop_s: float
    is_complete: bool = True
    semitones: int = 0
    speed: float = 1.0
    tuning_cents: float | None = None


@dataclass(frozen=True, slots=True)
class DaySong:
    """A song and its takes, one or more, in the order they were played.

    Attributes
    ----------
    is_known : whether the song was recognised from an earlier day; its name is from there
    """

    name: str
    takes: tuple[SongTake, ...]
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """The contents of a day.

    Attributes
    ----------
    songs : in the order of their first takes
    talk : spans of talk outside songs, ascending and apart
    idle : spans with neither songs nor talk: noodling, tuning, pauses; ascending and apart
    """

    kind: DayKind
    songs: tuple[DaySong, ...]
    talk: tuple[Span, ...] = ()
    idle: tuple[Span, ...] = ()


def numbered(song: str, number: int, takes: int) -> str:
    """Return the name of a take; that of its song alone where it was played once."""
    return f"{song} – take {number}" if takes > 1 else song
