"""Other ways to count the same music, such as half or three for two, and the grid as the user decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.document.analysis import HAND, Analysis, BeatGrid
from engine.document.grid_edits import (
    FASTEST_BPM,
    USUAL_BEATS_IN_BAR,
    DecidedTempo,
    beats_in_bar,
    decided_tempi,
    doubled,
    halved,
    tempo_text,
    with_beats_in_bar,
    with_downbeat,
)
from engine.document.kinds.timing import HEARD, OFF_BEAT, READINGS
from engine.document.state import DocumentState


def respaced(grid: BeatGrid, beats: int, of: int) -> BeatGrid:
    """Replace every `of` beats by `beats` evenly spaced ones; the first downbeat stays one.

    Bars stay if they then hold a whole number of beats; else they count as many as before.

    Raises
    ------
    UsageError : beats would come closer than `FASTEST_BPM`
    """
    before, counts = grid.beats_samples, grid.bar_positions
    if len(before) < 2:
        return grid
    tempo_bpm = grid.tempo_bpm * beats / of
    if tempo_bpm > FASTEST_BPM or int(np.diff(before).min()) * of < 2 * beats:
        raise UsageError(f"{tempo_text(grid)} cannot get a faster tempo: {FASTEST_BPM:.0f} BPM is the limit.")
    first = int(np.argmax(counts == 1))
    # Places between the beats before, in parts of a beat: whole numbers, so that nothing is rounded yet.
    later = np.arange(-(first * beats // of), (len(before) - 1 - first) * beats // of + 1)
    parts = later * of + first * beats
    placed = np.interp(parts / beats, np.arange(len(before)), before)
    starts = np.flatnonzero(counts == 1)
    if len(starts) > 1 and np.all(np.diff(starts) * beats % of == 0):
        bar = np.clip(np.searchsorted(starts * beats, parts, "right") - 1, 0, None)
        since = (parts - starts[bar] * beats) // of
        numbers = np.where(since < 0, since % (beats_in_bar(grid) * beats // of), since) + 1
    else:
        numbers = (np.arange(len(parts)) - np.argmax(parts == first * beats)) % beats_in_bar(grid) + 1
    beats_samples, free = np.rint(placed).astype(np.int64), grid.free_samples
    return BeatGrid(beats_samples, numbers, tempo_bpm, grid.confidence, HAND, free_samples=free)


@dataclass(frozen=True, slots=True)
class Level:
    """A tempo hypothesis.

    Attributes
    ----------
    label : its name in the window
    ratio : number of beats per beat of the grid
    """

    label: str
    ratio: Fraction
    count: Callable[[BeatGrid], BeatGrid]


def _respaced(name: str, beats: int, of: int) -> Level:
    return Level(READINGS[name], Fraction(beats, of), partial(respaced, beats=beats, of=of))


LEVELS: Mapping[str, Level] = MappingProxyType(
    {
        "half": Level(READINGS["half"], Fraction(1, 2), halved),
        "double": Level(READINGS["double"], Fraction(2), doubled),
        "3/2": _respaced("3/2", 3, 2),
        "2/3": _respaced("2/3", 2, 3),
        "triple": _respaced("triple", 3, 1),
        "third": _respaced("third", 1, 3),
        "4/3": _respaced("4/3", 4, 3),
        "3/4": _respaced("3/4", 3, 4),
    }
)
"""From the most frequent error of beat trackers to the least."""
HALF_LATER = "half-later"
"""The name of half the tempo on the beats that `halved` leaves out."""
_USUAL_BARS = range(3, 8)
OFFERED_FROM = 0.02
"""A tempo hypothesis less likely than this is not proposed."""


def halved_later(grid: BeatGrid) -> BeatGrid:
    """Return the beats that `halved` leaves out, with bars that begin a beat later."""
    first = int(np.argmax(grid.bar_positions == 1)) if len(grid.beats_samples) else 0
    if first + 1 >= len(grid.beats_samples):
        return grid
    return halved(with_downbeat(grid, int(grid.beats_samples[first + 1])))


_OFFERED: Mapping[str, Level] = MappingProxyType(
    {**LEVELS, HALF_LATER: Level(f"{READINGS['half']}, on the other beats", Fraction(1, 2), halved_later)}
)


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """A tempo hypothesis: name, grid and confidence (None: not ranked)."""

    label: str
    grid: BeatGrid
    confidence: float | None


def readings_of(grid: BeatGrid) -> list[Counted]:
    """Return the ways to count the music of a grid: as it is, then the others, the most probable first.

    Where they were not weighed, those are half, double and three for two, if there are such. Bars that would
    count fewer than three or more than seven beats count four: most of the bars that are played do.
    """
    likely = dict(zip(grid.readings, grid.reading_confidences.tolist(), strict=True))
    names = [name for name in likely if name in _OFFERED and likely[name] >= OFFERED_FROM]
    plain = replace(grid, readings=(), reading_confidences=np.zeros(0))
    found = [Counted(READINGS[HEARD], grid, grid.confidence if likely else None)]
    for name in names or ("half", "double", "3/2"):
        try:
            counted = _in_usual_bars(_OFFERED[name].count(plain))
        except UsageError:
            continue
        if len(counted.beats_samples) > 1:
            found.append(Counted(_OFFERED[name].label, counted, likely.get(name)))
    return found


def _in_usual_bars(grid: BeatGrid) -> BeatGrid:
    if beats_in_bar(grid) in _USUAL_BARS or not len(grid.downbeats_samples):
        return grid
    return with_beats_in_bar(grid, USUAL_BEATS_IN_BAR, int(grid.downbeats_samples[0]))


def next_reading(base: BeatGrid, current: BeatGrid) -> Counted | None:
    """Return the tempo hypothesis of `base` after `current`; None if `current` is not one of them."""
    readings = readings_of(base)
    for place, reading in enumerate(readings):
        if np.array_equal(reading.grid.beats_samples, current.beats_samples):
            return readings[(place + 1) % len(readings)]
    return None


Positions = NDArray[np.int64]

_latest: tuple[BeatGrid, tuple[DecidedTempo, ...], BeatGrid] | None = None
"""The latest question and answer: views detect a new grid by its identity."""


def grid_in_force(state: DocumentState, stored: Analysis | None) -> BeatGrid | None:
    """Return the grid of a document: the current stored one, with the tempo decisions on it.

    The order of decisions does not matter: each refers to the stored grid, and of two that overlap the one
    that begins earlier applies.

    Parameters
    ----------
    stored : the current analysis "beats"
    """
    global _latest
    if not isinstance(stored, BeatGrid):
        return None
    decided = decided_tempi(state)
    if not decided:
        return stored
    known = _latest
    if known is None or known[0] is not stored or known[1] != decided:
        _latest = known = stored, decided, recounted(stored, decided)
    return known[2]


def recounted(grid: BeatGrid, decided: tuple[DecidedTempo, ...]) -> BeatGrid:
    """Return a grid with each span, in the order of time, counted as was decided; beats elsewhere stay."""
    pieces: list[tuple[Positions, Positions]] = []
    reached, place = 0, 0
    for one in decided:
        start = max(one.start_samples, reached)
        first, last = np.searchsorted(grid.beats_samples, [start, one.stop_samples]).tolist()
        if start >= one.stop_samples or first >= last:
            continue
        pieces += [(grid.beats_samples[place:first], grid.bar_positions[place:first])]
        pieces += [counted_in(grid, replace(one, start_samples=start))]
        reached, place = one.stop_samples, last
    pieces += [(grid.beats_samples[place:], grid.bar_positions[place:])]
    beats, numbers = (np.concatenate(column) for column in zip(*pieces, strict=True))
    if np.array_equal(beats, grid.beats_samples) and np.array_equal(numbers, grid.bar_positions):
        return grid
    tempo_bpm = grid.tempo_bpm * _ratio(grid.beats_samples, beats)
    return BeatGrid(beats, numbers, tempo_bpm, grid.confidence, HAND, free_samples=grid.free_samples)


def counted_in(grid: BeatGrid, one: DecidedTempo) -> tuple[Positions, Positions]:
    """Return the beats of a span, shape (n,), and their position in the bar, after a tempo decision.

    A span stays unchanged if its beats would be too close, or none would remain.
    """
    beats = grid.beats_samples
    first, last = np.searchsorted(beats, [one.start_samples, one.stop_samples]).tolist()
    as_is = beats[first:last], grid.bar_positions[first:last]
    # With the beat after it, so that what lies between the last beat of the span and that one is counted.
    part = slice(first, last + 1)
    tempo_bpm = grid.tempo_bpm * _ratio(beats, beats[part])
    found = _read(BeatGrid(beats[part], grid.bar_positions[part], tempo_bpm, 1.0, HAND), one.reading)
    inside = (found.beats_samples >= one.start_samples) & (found.beats_samples < one.stop_samples)
    if not inside.any():
        return as_is
    numbers = found.bar_positions
    if one.bars_later_beats:
        begins = int(np.argmax(numbers == 1)) + one.bars_later_beats
        numbers = (np.arange(len(numbers)) - begins) % beats_in_bar(found) + 1
    return found.beats_samples[inside], numbers[inside]


def _read(part: BeatGrid, reading: str) -> BeatGrid:
    if reading == HEARD or len(part.beats_samples) < 2:
        return part
    if reading == OFF_BEAT:
        beats = part.beats_samples
        gaps = np.diff(beats)
        return replace(part, beats_samples=beats + np.append(gaps, gaps[-1]) // 2)
    try:
        return LEVELS[reading].count(part)
    except UsageError:
        return part


def _ratio(before: Positions, after: Positions) -> float:
    """Return the tempo of the second beats relative to the first, by the median."""
    if len(before) < 2 or len(after) < 2:
        return 1.0
    return float(np.median(np.diff(before)) / np.median(np.diff(after)))
