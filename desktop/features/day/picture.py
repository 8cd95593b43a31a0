"""The overview of a day as plain values: songs as rows, takes as cells, and the spans between them."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

from engine.core.timebase import format_time, samples_to_s, samples_to_s_array
from engine.core.wording import counted, percent
from engine.document.analysis import StoredDay
from engine.document.proposals import BY_DAY
from engine.features.day.choices import PASSED_OVER, RETAINED
from engine.features.day.day import DayKind
from engine.features.day.figures import (
    StoredResults,
    a4_hz,
    faults_of_takes,
    matched_gains_db,
    tempi_bpm,
    tuning_differences_cents,
)
from engine.features.day.suggest import suggestions

_SPEED = 0.02
"""A take that is less faster or slower than the first is as fast."""
_LEAST_CENTS = 5
"""Takes in one tuning differ by less: 4 cents in a made day of 28 takes."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A take.

    Attributes
    ----------
    row : of the take in the stored day
    number : of the take in its song, from 1
    words : its differences from the other takes, for a line of text
    short : the same in a word each, for the cell, the most important first
    gain_db : matches its level to the other takes; None if that is unknown
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
    short: tuple[str, ...]
    gain_db: float | None = None
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


def picture_of(day: StoredDay, results: StoredResults) -> Picture:
    """Return the overview of a stored day, with figures from stored analyses.

    The music of an interview is not a song.
    """
    kind, state, rate_hz = DayKind(day.kind), results.state, results.state.rate_hz
    best = {one.row: one.words for one in suggestions(day, results)}
    figures = _figures(day, results)
    gains_db = [None if isnan(gain_db) else gain_db for gain_db in matched_gains_db(day, results.listening)]
    spans_s = samples_to_s_array(day.spans_samples, rate_hz).tolist()
    songs = []
    for song, name in enumerate(day.names if kind is not DayKind.INTERVIEW else ()):
        cells = tuple(
            Cell(
                row,
                number,
                name,
                spans_s[row][0],
                spans_s[row][1],
                int(day.stars[row]),
                bool(day.are_complete[row]),
                int(day.retained[row]) == RETAINED,
                int(day.retained[row]) == PASSED_OVER,
                ", ".join(words for words, _ in figures[row]),
                tuple(short for _, short in figures[row] if short),
                gains_db[row],
                best.get(row, ""),
            )
            for number, row in enumerate(day.takes_of(song).tolist(), 1)
        )
        songs.append(SongRow(name, bool(day.are_known[song]), cells))
    talk_s, idle_s = (
        tuple((start, stop) for start, stop in samples_to_s_array(spans, rate_hz).tolist())
        for spans in (day.talk_samples, day.idle_samples)
    )
    length_s = samples_to_s(state.length_samples, max(rate_hz, 1))
    proposed = sum(one.maker == BY_DAY for one in state.proposals.values())
    return Picture(kind, length_s, tuple(songs), talk_s, idle_s, proposed)


def _figures(day: StoredDay, results: StoredResults) -> list[list[tuple[str, str]]]:
    """Return the figures of each take in words, and in short for its cell."""
    rate_hz = results.state.rate_hz
    off_cents, faults = tuning_differences_cents(day), faults_of_takes(day, results)
    tempi = tempi_bpm(day, results.grid, rate_hz)
    takes = []
    for row, (start, stop) in enumerate(day.spans_samples.tolist()):
        semitones, speed = int(day.semitones[row]), float(day.speeds[row])
        found = [(format_time(samples_to_s(stop - start, rate_hz), 0), "")]
        if semitones:
            higher = "higher" if semitones > 0 else "lower"
            found.append(
                (f"{counted(abs(semitones), 'semitone')} {higher}", f"{semitones:+d} st".replace("-", "−"))
            )
        found += [(words, words) for words in faults[row].words]
        if not isnan(tempi[row]):
            found.append((f"{tempi[row]:.0f} BPM", f"{tempi[row]:.0f}"))
        if abs(speed - 1.0) >= _SPEED:
            found.append((f"{percent(abs(speed - 1.0))} {'faster' if speed > 1.0 else 'slower'}", ""))
        if not isnan(day.tunings_cents[row]):
            found.append((f"A4 at {a4_hz(day.tunings_cents[row]):.0f} Hz", ""))
        if abs(off_cents[row]) >= _LEAST_CENTS:
            cents = counted(round(abs(off_cents[row])), "cent")
            than = f"{'above' if off_cents[row] > 0 else 'below'} take 1"
            found.append((f"{cents} {than}", f"{off_cents[row]:+.0f} ct".replace("-", "−")))
        found.append(("complete" if day.are_complete[row] else "broken off or a part", ""))
        takes.append(found)
    return takes
