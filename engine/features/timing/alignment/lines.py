"""Lines of a beat grid with divided beats, their names, and the hits that belong to them.

Positions are counted in beats, and in samples: time is divided evenly between two beats, into plain notes,
triplets or swing. A groove template moves each line of a bar from the grid, as another performance is played.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from engine.core.errors import UsageError
from engine.core.wording import listed, quoted
from engine.document.analysis import BeatGrid, Hits, Role
from engine.document.grid_edits import beats_in_bar


def positions_at(grid: BeatGrid, beats: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return the samples of positions in beats from the first beat, shape (n,).

    Before the first beat and after the last one the tempo is constant.
    """
    wanted = np.asarray(beats, np.float64)
    samples, periods = _beats_and_periods(grid, rate_hz)
    if not len(samples):
        return np.zeros(0)
    beat = np.clip(np.floor(wanted), 0, len(samples) - 1).astype(np.int64)
    return samples[beat] + (wanted - beat) * periods[beat]


def beats_at(grid: BeatGrid, samples: ArrayLike, rate_hz: int) -> NDArray[np.float64]:
    """Return positions in samples, shape (n,), counted in beats from the first; undoes `positions_at`."""
    wanted = np.asarray(samples, np.float64)
    starts, periods = _beats_and_periods(grid, rate_hz)
    if not len(starts):
        return np.zeros(0)
    beat = np.clip(np.searchsorted(starts, wanted, side="right") - 1, 0, len(starts) - 1)
    return beat + (wanted - starts[beat]) / periods[beat]


def _beats_and_periods(grid: BeatGrid, rate_hz: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where beats are and how long each is, both of shape (n,), in samples."""
    samples = grid.beats_samples.astype(np.float64)
    if len(samples) > 1:
        gaps = np.diff(samples)
        return samples, np.append(gaps, gaps[-1])
    usual = 60.0 * rate_hz / grid.tempo_bpm if grid.tempo_bpm > 0 else float(rate_hz)
    return samples, np.full(len(samples), usual)


STRAIGHT_PERCENT, MOST_SWING_PERCENT = 50.0, 75.0

PARTS: Mapping[str, int] = MappingProxyType({"1/4": 1, "1/8": 2, "1/16": 4, "1/32": 8, "1/8t": 3, "1/16t": 6})
"""Into how many parts each division cuts a beat, which counts as a quarter note."""

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_NOTES = MappingProxyType(
    {"1/8": "eighth", "1/16": "sixteenth", "1/32": "thirty-second", "1/8t": "triplet", "1/16t": "sextuplet"}
)
_WRITTEN = re.compile(r"(?P<name>1/\d+t?)(?:\s+swing\s+(?P<swing>\d+(?:[.,]\d+)?)\s*%?)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Division:
    """Division of each beat.

    Attributes
    ----------
    name : one of `PARTS`
    swing_percent : where in a pair of divisions the second one falls: 50 is straight, 66.7 a triplet

    Raises
    ------
    UsageError : the division does not exist, or its swing is out of range
    """

    name: str = "1/16"
    swing_percent: float = STRAIGHT_PERCENT

    def __post_init__(self) -> None:
        if self.name not in PARTS:
            raise UsageError(
                f"{quoted(self.name)} is not a division of the beat: give {listed(tuple(PARTS), 'or')}."
            )
        if not STRAIGHT_PERCENT <= self.swing_percent <= MOST_SWING_PERCENT:
            raise UsageError(
                f"A swing of {self.swing_percent:g} % is not possible: give {STRAIGHT_PERCENT:.0f}, which is "
                f"straight, to {MOST_SWING_PERCENT:.0f}."
            )
        if self.is_swung and self.parts % 2:
            raise UsageError(f"{self.name} cannot swing, since it has no pairs: give 1/8, 1/16 or 1/32.")

    @property
    def parts(self) -> int:
        """How many there are to a beat."""
        return PARTS[self.name]

    @property
    def is_swung(self) -> bool:
        """Whether the second of a pair comes late."""
        return self.swing_percent > STRAIGHT_PERCENT

    @property
    def words(self) -> str:
        """Such as "1/8t" or "1/16 swing 58 %"; `read_division` reads it."""
        return f"{self.name} swing {self.swing_percent:g} %" if self.is_swung else self.name

    @property
    def shares(self) -> NDArray[np.float64]:
        """Where they fall in a beat, shape (parts,), from 0 to below 1."""
        places = np.arange(self.parts, dtype=np.float64)
        if self.is_swung:
            places[1::2] += self.swing_percent / STRAIGHT_PERCENT - 1.0
        return places / self.parts

    def place_words(self, part: int) -> str:
        """Name a part of a beat, from 0, such as "the third sixteenth of "; nothing for the beat itself."""
        return f"the {_ORDINALS[part]} {_NOTES[self.name]} of " if part else ""


def read_division(text: str) -> Division:
    """Read such as "1/16", "1/8t" or "1/16 swing 58 %".

    Raises
    ------
    UsageError : the text is not a known division
    """
    found = _WRITTEN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{quoted(text)} is not a division of the beat: give {listed(tuple(PARTS), 'or')}.")
    swing = found["swing"]
    swing_percent = STRAIGHT_PERCENT if swing is None else float(swing.replace(",", "."))
    return Division(found["name"].lower(), swing_percent)


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """The lines of a grid that hits are moved to.

    Attributes
    ----------
    positions_samples : float64, shape (m,), ascending
    beats : float64, shape (m,), the same counted in beats from the first beat of the grid
    levels : int8, shape (m,), 0 for a downbeat, 1 for a beat, 2 for a division of one
    rate_hz : of the positions
    """

    positions_samples: NDArray[np.float64]
    beats: NDArray[np.float64]
    levels: NDArray[np.int8]
    rate_hz: int


@dataclass(frozen=True, slots=True, eq=False)
class Placement:
    """Where each hit goes, a row for each row of `Hits`.

    Attributes
    ----------
    lines : int64, shape (n,), the line that its stroke belongs to; -1 where it belongs to none
    targets_samples : float64, shape (n,), where it is moved to; its onset where it stays
    flams_samples : float64, shape (n,), how late this voice is within its stroke where that is judged a
        fault, else NaN; the stroke is moved as a whole, and the voice by this much more
    confidences : float64, shape (n,), 0 to 1, that this is where it belongs
    """

    lines: NDArray[np.int64]
    targets_samples: NDArray[np.float64]
    flams_samples: NDArray[np.float64]
    confidences: NDArray[np.float64]


def staying(placement: Placement, hits: Hits, stays: NDArray[np.bool_]) -> Placement:
    """Return a placement in which some hits, shape (n,), belong to no line and stay."""
    return Placement(
        np.where(stays, -1, placement.lines),
        np.where(stays, hits.onsets_samples, placement.targets_samples),
        np.where(stays, np.nan, placement.flams_samples),
        placement.confidences,
    )


Aligner = Callable[[Hits, Lines], Placement]
"""Places hits on lines."""


_FEWEST_HITS = 4
_FARTHEST_SHARE = 0.499
"""Of a division, that a line is moved at the most: two never change places."""


@dataclass(frozen=True, slots=True, eq=False)
class Groove:
    """The feel of a performance.

    Attributes
    ----------
    offsets_beats : float64, shape (beats in the bar x parts,), how much later than an even division each line
        of a bar is played
    parts : how many lines there are to a beat
    drums_ms : how much later than their line strokes belong that a drum carries
    is_edited : whether it is the feel of an edit, which the playing need not have before it
    """

    offsets_beats: NDArray[np.float64]
    parts: int
    drums_ms: Mapping[Role, float] = field(default_factory=dict)
    is_edited: bool = False


def groove_of_hits(
    onsets_samples: NDArray[np.float64], grid: BeatGrid, division: Division, rate_hz: int
) -> Groove:
    """Take the feel of hits that were played to a grid, by its bars; see `groove_of`.

    Parameters
    ----------
    onsets_samples : shape (n,); hits before the grid or after it do not count

    Raises
    ------
    UsageError : the groove has too few hits
    """
    beats = beats_at(grid, onsets_samples, rate_hz)
    beats = beats[(beats >= 0.0) & (beats < len(grid.beats_samples))]
    whole = np.floor(beats).astype(np.int64)
    return groove_of(grid.bar_positions[whole] - 1 + beats - whole, beats_in_bar(grid), division)


def groove_of(beats_in_bar: NDArray[np.float64], bar_length: int, division: Division) -> Groove:
    """Compute the feel of hits: the median deviation from each line of the bar.

    A line without hits is interpolated between its neighbours.

    Parameters
    ----------
    beats_in_bar : shape (n,), positions of the hits in their bars, in beats from the downbeat
    bar_length : in beats

    Raises
    ------
    UsageError : the groove has too few hits
    """
    parts = division.parts
    nearest = np.rint(beats_in_bar * parts)
    offsets = beats_in_bar - nearest / parts
    slots = nearest.astype(np.int64) % (bar_length * parts)
    if len(slots) < _FEWEST_HITS:
        raise UsageError("The groove has too few hits to take a feel from: choose one of a bar or more.")
    found = np.unique(slots)
    medians = np.array([np.median(offsets[slots == slot]) for slot in found])
    return groove_of_lines(found, medians, bar_length * parts, parts)


def groove_of_lines(
    lines: NDArray[np.int64], offsets_beats: NDArray[np.float64], lines_in_bar: int, parts: int
) -> Groove:
    """Return the feel of known lines of the bar, ascending; the others are interpolated between them."""
    every = np.interp(np.arange(lines_in_bar), lines, offsets_beats, period=lines_in_bar)
    limit = _FARTHEST_SHARE / parts
    return Groove(np.clip(every, -limit, limit), parts)


DOWNBEAT, BEAT, PART = 0, 1, 2
"""The levels of lines."""


def lines_of(grid: BeatGrid, division: Division, rate_hz: int, groove: Groove | None = None) -> Lines:
    """Return the lines of a grid: from the parts that lead into its first beat to those of its last one.

    Between two beats time is divided evenly, so that lines follow a tempo that changes. The last beat is as
    long as the one before it; the upbeat has the tempo of the first.

    Parameters
    ----------
    groove : how much each line of a bar is moved

    Raises
    ------
    UsageError : the groove was taken with another division, or the division swings by itself
    """
    count, parts = len(grid.beats_samples), division.parts
    beats = np.arange(-1 if count else 0, count)[:, None]
    nominal, swung = (beats + np.arange(parts) / parts).ravel(), (beats + division.shares).ravel()
    there = (nominal >= 0) | ((nominal > -1) & (positions_at(grid, swung, rate_hz) >= 0))
    in_bar = np.append(grid.bar_positions[:1] - 1, grid.bar_positions)[:, None]
    if groove is not None:
        if groove.parts != division.parts:
            raise UsageError(
                f"The groove was extracted with {groove.parts} lines to a beat, and {division.words} has "
                f"{division.parts}: extract it again with this division."
            )
        if division.is_swung:
            raise UsageError("A groove already sets each line: leave out the swing.")
        places = ((in_bar - 1) * parts + np.arange(parts)).ravel()
        swung = swung + groove.offsets_beats[places % len(groove.offsets_beats)]
    levels = np.full((len(beats), parts), PART, np.int8)
    levels[:, :1] = np.where(in_bar == 1, DOWNBEAT, BEAT)
    positions = np.maximum(positions_at(grid, swung, rate_hz), 0.0)
    return Lines(positions[there], nominal[there], levels.ravel()[there], rate_hz)


def line_words(grid: BeatGrid, division: Division, beats: float) -> str:
    """Name a line by its place in beats, such as "beat 3 of bar 12" or "the second sixteenth of beat 1 …"."""
    beat, part = divmod(round(beats * division.parts), division.parts)
    if beat < 0:
        return f"{division.place_words(part)}the beat before {line_words(grid, division, 0.0)}"
    bar, position = grid.bar_of(beat), int(grid.bar_positions[beat])
    where = f"bar {bar}" if bar else "the upbeat"
    return f"{division.place_words(part)}beat {position} of {where}"
