"""Find passages with the same music: coarsely in all keys, then refined.

The recording is aligned locally with itself (T. F. Smith and M. S. Waterman, "Identification of common
molecular subsequences", J. Mol. Biol. 147, 1981), with paths up to twice as fast on one side (J. Serrà, X.
Serra and R. G. Andrzejak, "Cross recurrence quantification for cover song identification", New J. Phys. 11,
2009). Two rows and the beginning of every path are held: memory grows with the length, not with its square.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.takes.features import BROAD_BANDS, FRAMES_PER_S, PITCH_CLASSES, Frames

Floats = NDArray[np.float32]
Spans = NDArray[np.int64]


_ROWS, _SORTED_AT_ONCE = 64, 1 << 18
_BENT = 0.35
"""Cost of a step off the diagonal: a steady 8 % bends a path once in twelve steps."""
MOST = 40.0
"""Highest score of a path while it grows, so that none bridges long stretches that are not alike."""


@dataclass(frozen=True, slots=True, eq=False)
class Paths:
    """Paths through the self-similarity, a row each.

    Attributes
    ----------
    cells : int64, shape (n, 5): rotation, first frame and last frame of the earlier stretch, and of the later
    scores : shape (n,)
    """

    cells: NDArray[np.int64]
    scores: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One side of a comparison: one frame a row or column.

    Attributes
    ----------
    frames : shape (n, size); of rows shape (rotations, n, size)
    chance : how alike each is to others by chance, shape (n,)
    """

    frames: Floats
    chance: Floats


def search(
    earlier: Side,
    later: Side,
    first_columns: NDArray[np.int64],
    least: float,
    progress: Progress = SILENT,
    *,
    most: float = MOST,
) -> Paths:
    """Return every path of at least some score, of each beginning the best, in the order of beginnings.

    Parameters
    ----------
    earlier, later : rows and columns
    first_columns : of every row the first column it may be compared with, shape (rows,), never falling; as
        many as there are columns for none
    most : highest score of a path while it grows; with less, it ends sooner where the recordings differ, so
        that another one can begin there

    Raises
    ------
    Cancelled : the user asked for it
    """
    (rotations, length, _), columns = earlier.frames.shape, len(later.frames)
    shape = (rotations, columns + 3)  # two columns on the left that no path comes from, one behind the last
    past, before, now = (_Row.empty(shape) for _ in range(3))
    ends, numbers = _Ends(least), np.arange(rotations * shape[1]).reshape(shape)
    done = np.cumsum(np.maximum(columns - first_columns[:length], 0))  # a row has its own number of cells
    for begin in range(0, length, _ROWS):
        progress.check_cancelled()
        progress.report(done[begin] / max(done[-1], 1), "Comparing passages")
        stop, low = min(begin + _ROWS, length), int(first_columns[begin])
        if low >= columns:
            break
        alike = np.matmul(earlier.frames[:, begin:stop], later.frames[low:].T)
        alike -= 0.5 * (earlier.chance[None, begin:stop, None] + later.chance[None, None, low:])
        for row in range(begin, stop):
            column = int(first_columns[row])
            if column >= columns:
                break
            own = alike[:, row - begin, column - low :]
            _step(own, past, before, now, numbers[:, column:-3] + row * numbers.size, column, most)
            ends.note(past, now)
            ends.rise(own, now, row, column)
            past, before, now = now, past, before
    ends.note(past, now)
    progress.report(1.0, "Comparing passages")
    return ends.paths(shape)


@dataclass(slots=True, eq=False)
class _Row:
    """Of every cell of a row, shape (rotations, width).

    Attributes
    ----------
    worth : of the best path that ends there, at most `MOST`
    sums : the same without that limit
    begun : where it began: the number of the cell, row by row
    has_paths : whether any worth is above 0; if not, sums and beginnings are void
    """

    worth: Floats
    sums: Floats
    begun: NDArray[np.int64]
    has_paths: bool = False

    @classmethod
    def empty(cls, shape: tuple[int, int]) -> _Row:
        return cls(np.zeros(shape, np.float32), np.zeros(shape, np.float32), np.full(shape, -1, np.int64))


def _step(
    alike: Floats,
    past: _Row,
    before: _Row,
    now: _Row,
    beginnings: NDArray[np.int64],
    column: int,
    most: float,
) -> None:
    """Compute the next row in place of an older one; `beginnings` are those of its cells."""
    if not past.has_paths and not before.has_paths and alike.max() <= 0.0:
        if now.has_paths:
            now.worth[:], now.has_paths = 0.0, False
        return
    straight, wide, here = slice(column + 1, -2), slice(column, -3), slice(column + 2, -1)
    bent = np.float32(_BENT)
    best = past.worth[:, wide] - bent
    is_wide = best > past.worth[:, straight]
    np.maximum(best, past.worth[:, straight], out=best)
    steep = before.worth[:, straight] - bent
    is_steep = steep > best
    np.maximum(best, steep, out=best)
    begins = best <= 0.0
    sums = np.where(is_wide, past.sums[:, wide] - bent, past.sums[:, straight])
    sums = np.where(is_steep, before.sums[:, straight] - bent, sums)
    np.add(np.where(begins, np.float32(0.0), sums), alike, out=now.sums[:, here])
    begun = np.where(is_wide, past.begun[:, wide], past.begun[:, straight])
    begun = np.where(is_steep, before.begun[:, straight], begun)
    now.begun[:, here] = np.where(begins, beginnings, begun)
    np.maximum(best, 0.0, out=best)
    best += alike
    np.minimum(best, np.float32(most), out=best)
    now.worth[:, column : column + 2] = 0.0
    np.maximum(best, 0.0, out=now.worth[:, here])
    now.has_paths = bool(best.max() > 0.0)


class _Ends:
    """The best end of every beginning, of at least some worth."""

    def __init__(self, least: float) -> None:
        self._least, self._row, self._rising = least, 0, np.zeros(0, np.int64)
        self._noted: list[tuple[NDArray[np.int64], Floats, NDArray[np.int64], NDArray[np.int64]]] = []
        self._unsorted = 0

    def rise(self, alike: Floats, now: _Row, row: int, column: int) -> None:
        """Take the cells of a row that add to their path; no other has the highest sum of its path."""
        self._row, self._rising = row, self._rising[:0]
        if now.has_paths:
            rising = (now.worth[:, column + 2 : -1] > self._least) & (alike > 0.0)
            rotation, place = np.divmod(np.flatnonzero(rising), rising.shape[1])
            self._rising = rotation * now.worth.shape[1] + place + (column + 2)

    def note(self, past: _Row, now: _Row) -> None:
        """Note the cells taken last from which no path goes on straight to a higher sum.

        Parameters
        ----------
        past, now : their row, and the next
        """
        at = self._rising
        if not len(at):
            return
        begun, sums = past.begun.ravel()[at], past.sums.ravel()[at]
        goes_on = (now.worth.ravel()[at + 1] > 0.0) & (now.begun.ravel()[at + 1] == begun)
        is_end = ~(goes_on & (now.sums.ravel()[at + 1] > sums))
        at = at[is_end]
        self._noted.append((begun[is_end], sums[is_end], np.full(len(at), self._row), at))
        self._unsorted += len(at)
        if self._unsorted > _SORTED_AT_ONCE:
            self.sort_out()

    def sort_out(self) -> None:
        """Retain of each beginning the highest sum, and of equal ones the first row and its last column."""
        self._unsorted = 0
        if not self._noted:
            return
        begun, sums, rows, at = (np.concatenate(each) for each in zip(*self._noted, strict=True))
        order = np.lexsort((at, -rows, sums, begun))
        last = order[np.diff(begun[order], append=-1) != 0]
        self._noted = [(begun[last], sums[last], rows[last], at[last])]

    def paths(self, shape: tuple[int, int]) -> Paths:
        """Return the paths in the order of their beginnings, of rows of a shape."""
        self.sort_out()
        if not self._noted:
            return Paths(np.zeros((0, 5), np.int64), np.zeros(0, np.float32))
        (begun, sums, rows, at), (rotations, width) = self._noted[0], shape
        firsts, turns = np.divmod(begun // width, rotations)
        return Paths(np.stack([turns, firsts, rows, begun % width, at % width - 2], axis=1), sums)


Range = tuple[int, int]

LEAST = 4.0
"""No path of less is looked at; a second that is just alike is worth about three."""
_BROAD_SHARE = np.float32(0.8)
OUTLINE_SIZE = PITCH_CLASSES + BROAD_BANDS
_DRAWN = 512
_BY_CHANCE = 0.9
_LEAST_CHANCE = 0.4
_COARSE = 2
_AROUND_S = 3.0
_MOST_OF_TWO = 8
_FASTEST = 1.25
_REST_S = 1.2
"""A shorter rest is part of the playing; see `_idle`."""
_IN_A_REST, _IN_A_BREAK = 0.4, 200.0
"""Added to the chance in pauses: a path may pass a short rest, and no break."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two passages of the same music, the earlier first.

    Attributes
    ----------
    starts, stops : in frames of `FRAMES_PER_S`, of the earlier and of the later
    semitones : how much higher the later one is
    score : the score of the path between them
    speed : how much faster the later one is, 1 for as fast
    """

    starts: tuple[float, float]
    stops: tuple[float, float]
    semitones: int
    score: float
    speed: float = 1.0

    def sides(self) -> Iterator[tuple[float, float]]:
        """Yield the frames [start, stop) of the earlier and of the later."""
        yield from zip(self.starts, self.stops, strict=True)

    def length(self, side: int) -> float:
        """Return how long it is on one side."""
        return self.stops[side] - self.starts[side]

    def other(self, side: int, place: float) -> float:
        """Return where a place on one side is on the other."""
        share = (place - self.starts[side]) / max(self.length(side), 1e-6)
        return self.starts[1 - side] + share * self.length(1 - side)


def find_pairs(
    frames: Frames, spans: Spans, progress: Progress = SILENT, *, in_all_keys: bool = True
) -> list[Pair]:
    """Return the similar passages of different performances, strongest first, each moment of two used once.

    Parameters
    ----------
    spans : where something is played, frames [start, stop), shape (k, 2)
    in_all_keys : also find passages that are repeated in another key, which takes three times as long

    Raises
    ------
    Cancelled : the user asked for it
    """
    if len(spans) < 2:
        return []
    fine, idle = joined(frames), _idle(len(frames), spans)
    chance = _chance(fine) + idle
    first = _first_columns(len(frames), spans)
    most = 0.4 if in_all_keys else 1.0
    found = pairs_of(
        search(Side(turned(fine, [0]), chance), Side(fine, chance), first, LEAST, progress.part(0.0, most))
    )
    if in_all_keys:
        found += _refined(fine, chance, _in_other_keys(frames, idle, first, progress.part(most, 1.0)))
    return one_to_one(found)


def _in_other_keys(frames: Frames, idle: Floats, first: NDArray[np.int64], progress: Progress) -> Paths:
    """Return the matches in the eleven other keys, at half of the rate."""
    coarse = outline(frames)
    few = _chance(coarse) + idle[: len(coarse) * _COARSE].reshape(-1, _COARSE).max(axis=1)
    halves = np.minimum((first[::_COARSE][: len(coarse)] + _COARSE - 1) // _COARSE, len(coarse))
    return search(
        Side(turned(coarse, range(1, PITCH_CLASSES)), few),
        Side(coarse, few),
        halves,
        LEAST / _COARSE * 1.5,
        progress,
    )


def _idle(length: int, spans: Spans) -> Floats:
    """Return the addition to the chance of frames without playing, shape (length,)."""
    idle = np.zeros(length, np.float32)
    starts, stops = np.append(spans[:, 0], length).tolist(), np.insert(spans[:, 1], 0, 0).tolist()
    for stop, start in zip(stops, starts, strict=True):
        is_rest = start - stop < _REST_S * FRAMES_PER_S
        idle[stop:start] = _IN_A_REST if is_rest else _IN_A_BREAK
    return idle


def joined(frames: Frames) -> Floats:
    """Return pitch classes and movement as rows that are compared, shape (n, OUTLINE_SIZE)."""
    return np.concatenate([frames.chroma, _BROAD_SHARE * frames.broad], axis=1)


def outline(frames: Frames) -> Floats:
    """Return pitch classes and movement at half of the rate, shape (n // 2, size), each at most 1."""
    whole = len(frames) // _COARSE * _COARSE
    chroma, broad = (
        rows[:whole].reshape(-1, _COARSE, rows.shape[1]).mean(axis=1)
        for rows in (frames.chroma, frames.broad)
    )
    return joined(Frames(chroma, broad, frames.levels_db))


def turned(joined: Floats, rotations: Iterable[int]) -> Floats:
    """Return frames transposed by some numbers of semitones, shape (rotations, n, size)."""
    each = [
        np.concatenate([np.roll(joined[:, :PITCH_CLASSES], turn, axis=1), joined[:, PITCH_CLASSES:]], axis=1)
        for turn in rotations
    ]
    return np.stack(each)


def _chance(joined: Floats) -> Floats:
    return chance_of(joined, drawn_from(joined))


def drawn_from(joined: Floats) -> Floats:
    """Return frames drawn from all, shape (k, size)."""
    return joined[np.random.default_rng(0).integers(0, len(joined), _DRAWN)]


def chance_of(joined: Floats, drawn: Floats) -> Floats:
    """Return how alike each frame is to one drawn frame in ten, shape (n,)."""
    others = drawn.T
    quantiles = [
        np.quantile(joined[begin : begin + 4096] @ others, _BY_CHANCE, axis=1)
        for begin in range(0, len(joined), 4096)
    ]
    chance: Floats = np.maximum(np.concatenate(quantiles), _LEAST_CHANCE).astype(np.float32)
    return chance


def _first_columns(length: int, spans: Spans) -> NDArray[np.int64]:
    """Return for every frame where the next performance begins."""
    after = np.searchsorted(spans[:, 0], np.arange(length), side="right")
    # In a break the performance before it is not over: a path may pass a rest.
    return np.concatenate([spans[:, 0], [length]])[after]


def pairs_of(paths: Paths, scale: int = 1) -> list[Pair]:
    """Return paths as pairs; `scale` is the number of frames in a row or column."""
    made = []
    for (turn, start, stop, other_start, other_stop), score in zip(
        paths.cells.tolist(), paths.scores.tolist(), strict=True
    ):
        semitones = (turn + 5) % PITCH_CLASSES - 5
        speed = (stop + 1 - start) / (other_stop + 1 - other_start)
        starts, stops = (start * scale, other_start * scale), ((stop + 1) * scale, (other_stop + 1) * scale)
        made.append(Pair(starts, stops, semitones, score * scale, speed))
    return made


def _refined(fine: Floats, chance: Floats, paths: Paths) -> list[Pair]:
    """Return the matches in other keys, refined."""
    in_keys = Paths(paths.cells + np.array([1, 0, 0, 0, 0]), paths.scores)
    around = round(_AROUND_S * FRAMES_PER_S)
    made: list[Pair] = []
    for pair in one_to_one(pairs_of(in_keys, _COARSE)):
        rows, columns = (
            (max(0, int(pair.starts[side]) - around), min(len(fine), int(pair.stops[side]) + around))
            for side in (0, 1)
        )
        closer = _between(fine, chance, rows, columns, [pair.semitones], LEAST)
        made += closer[:1]
    return made


def _between(
    fine: Floats, chance: Floats, rows: Range, columns: Range, rotations: Sequence[int], least: float
) -> list[Pair]:
    """Return the common parts of two segments, frames [start, stop), the strongest first."""
    found = search(
        Side(turned(fine[slice(*rows)], rotations), chance[slice(*rows)]),
        Side(fine[slice(*columns)], chance[slice(*columns)]),
        np.zeros(rows[1] - rows[0], np.int64),
        least,
    )
    by = np.array([0, rows[0], rows[0], columns[0], columns[0]])
    turns = np.array(rotations)[found.cells[:, :1]] - found.cells[:, :1]
    shifted = found.cells + by
    shifted[:, :1] += turns
    return sorted(pairs_of(Paths(shifted, found.scores)), key=lambda one: -one.score)


def pairs_between(
    frames: Frames, asked: Sequence[tuple[Range, Range]], least: float, progress: Progress = SILENT
) -> Iterator[Pair]:
    """Yield the strongest common parts of each two segments, frames [start, stop), in one key.

    Raises
    ------
    Cancelled : the user asked for it
    """
    if not asked:
        return
    fine = joined(frames)
    chance = _chance(fine)
    for number, (rows, columns) in enumerate(asked):
        progress.check_cancelled()
        progress.report(number / len(asked), "Looking for false starts")
        yield from _between(fine, chance, rows, columns, [0], least)[:_MOST_OF_TWO]


def one_to_one(pairs: Iterable[Pair]) -> list[Pair]:
    """Return pairs, the strongest first, without those mostly covered on both sides by a stronger one."""
    retained: list[Pair] = []
    table = np.zeros((0, 4))
    for pair in sorted(pairs, key=lambda one: -one.score):
        if not 1.0 / _FASTEST < pair.speed < _FASTEST:
            continue
        row = np.array([[pair.starts[0], pair.stops[0], pair.starts[1], pair.stops[1]]])
        if len(table) and _is_taken(row[0], table):
            continue
        retained.append(pair)
        table = np.concatenate([table, row])
    return retained


def _is_taken(row: NDArray[np.float64], table: NDArray[np.float64]) -> bool:
    """Return whether a stronger pair is about the same, or another path through the same two."""
    shared = [np.minimum(row[at + 1], table[:, at + 1]) - np.maximum(row[at], table[:, at]) for at in (0, 2)]
    own = [row[1] - row[0], row[3] - row[2]]
    return bool(
        np.any((shared[0] > 0.5 * own[0]) & (shared[1] > 0.0))
        or np.any((shared[1] > 0.5 * own[1]) & (shared[0] > 0.0))
    )
