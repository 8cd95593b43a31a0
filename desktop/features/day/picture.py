"""The overview of a day as plain values: songs as rows, takes as cells, and the spans between them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.core.timebase import format_time, samples_to_s, samples_to_s_array
from engine.core.wording import counted, percent
from engine.document.analysis import BeatGrid, StoredDay
from engine.document.proposals import BY_DAY
from engine.document.state import DocumentState
from engine.features.day.choices import PASSED_OVER, RETAINED
from engine.features.day.day import DayKind
from engine.features.day.suggest import Suggestion, suggestions

_SPEED = 0.02
"""A take that is less faster or slower than the first is as fast."""
_FEWEST_BEATS = 8


@dataclass(frozen=True, slots=True)
class Cell:
    """A take.

    Attributes
    ----------
    row : of the take in the stored day
    number : of the take in its song, from 1
    words : its differences from the other takes, for a line of text
    short : the same in a word or two, for the cell; empty for none
    why_best : reasons to choose it; empty unless it is suggested
    """

    row: int
    number: int
    name: str
    start_s: float
    stop_s: float
    stars: int
    is_complete: bool
    is_retained: bool
    is_passed_over: bool
    words: str
    short: str
    why_best: str = ""

    @property
    def length_s(self) -> float:
        """Duration."""
        return self.stop_s - self.start_s


@dataclass(frozen=True, slots=True)
class SongRow:
    """A song with its takes in the order they were played."""

    name: str
    is_known: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the overview shows.

    Attributes
    ----------
    talk_s, idle_s : spans in seconds
    proposed : number of proposals that the kind of the day led to
    """

    kind: DayKind = DayKind.REHEARSAL
    length_s: float = 0.0
    songs: tuple[SongRow, ...] = ()
    talk_s: tuple[tuple[float, float], ...] = ()
    idle_s: tuple[tuple[float, float], ...] = ()
    proposed: int = 0

    @property
    def cells(self) -> tuple[Cell, ...]:
        """The takes in the order of their songs."""
        return tuple(cell for song in self.songs for cell in song.cells)

    @property
    def summary(self) -> str:
        """Return the contents in one line."""
        talk_s, idle_s = (sum(stop - start for start, stop in one) for one in (self.talk_s, self.idle_s))
        found = [counted(len(self.songs), "song"), counted(len(self.cells), "take")] if self.songs else []
        found += [f"{format_time(talk_s, 0)} talk"] if talk_s else []
        found += [f"{format_time(idle_s, 0)} idle"] if idle_s else []
        return " · ".join(found)


def picture_of(day: StoredDay, state: DocumentState, grid: BeatGrid | None) -> Picture:
    """Return the overview of the stored day of a document; the music of an interview is not a song."""
    kind, rate_hz = DayKind(day.kind), state.rate_hz
    best = {one.row: one for one in suggestions(day, grid)}
    spans_s = samples_to_s_array(day.spans_samples, rate_hz).tolist()
    songs = []
    for song, name in enumerate(day.names if kind is not DayKind.INTERVIEW else ()):
        rows = day.takes_of(song).tolist()
        cells = tuple(
            _cell(day, row, number, spans_s[row], _tempo(grid, day, row, rate_hz), best.get(row))
            for number, row in enumerate(rows, 1)
        )
        songs.append(SongRow(name, bool(day.are_known[song]), cells))
    talk_s, idle_s = (
        tuple((start, stop) for start, stop in samples_to_s_array(spans, rate_hz).tolist())
        for spans in (day.talk_samples, day.idle_samples)
    )
    length_s = samples_to_s(state.length_samples, max(rate_hz, 1))
    proposed = sum(one.maker == BY_DAY for one in state.proposals.values())
    return Picture(kind, length_s, tuple(songs), talk_s, idle_s, proposed)


def _cell(
    day: StoredDay, row: int, number: int, span_s: list[float], tempo: str, best: Suggestion | None
) -> Cell:
    semitones, speed = int(day.semitones[row]), float(day.speeds[row])
    words, short = [format_time(span_s[1] - span_s[0], 0)], []
    words += [tempo] if tempo else []
    if semitones:
        words.append(f"{counted(abs(semitones), 'semitone')} {'higher' if semitones > 0 else 'lower'}")
        short.append(f"{semitones:+d}")
    if abs(speed - 1.0) >= _SPEED:
        words.append(f"{percent(abs(speed - 1.0))} {'faster' if speed > 1.0 else 'slower'}")
    is_complete = bool(day.are_complete[row])
    words.append("complete" if is_complete else "broken off or a part")
    return Cell(
        row,
        number,
        day.names[int(day.songs[row])],
        span_s[0],
        span_s[1],
        int(day.stars[row]),
        is_complete,
        int(day.retained[row]) == RETAINED,
        int(day.retained[row]) == PASSED_OVER,
        ", ".join(words),
        " ".join([*short, *([tempo.split(" ")[0]] if tempo else [])]),
        "" if best is None else best.words,
    )


def _tempo(grid: BeatGrid | None, day: StoredDay, row: int, rate_hz: int) -> str:
    """Return the tempo of a take, such as "121 BPM"; empty without a pulse."""
    if grid is None:
        return ""
    first, last = np.searchsorted(grid.beats_samples, day.spans_samples[row])
    gaps = np.diff(grid.beats_samples[first:last])
    return f"{60.0 * rate_hz / float(np.median(gaps)):.0f} BPM" if len(gaps) >= _FEWEST_BEATS else ""
