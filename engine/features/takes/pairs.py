"""Find passages with the same music: coarsely in all keys, then refined."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.features.takes.features import BROAD_BANDS, FRAMES_PER_S, PITCH_CLASSES, Frames
from engine.features.takes.search import Floats, Paths, Side, search

Spans = NDArray[np.int64]
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
    fine, idle = _joined(frames), _idle(len(frames), spans)
    chance = _chance(fine) + idle
    first = _first_columns(len(frames), spans)
    most = 0.4 if in_all_keys else 1.0
    found = _pairs(
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


def _joined(frames: Frames) -> Floats:
    return np.concatenate([frames.chroma, _BROAD_SHARE * frames.broad], axis=1)


def outline(frames: Frames) -> Floats:
    """Return pitch classes and movement at half of the rate, shape (n // 2, size), each at most 1."""
    return _joined(_halved(frames))


def _halved(frames: Frames) -> Frames:
    whole = len(frames) // _COARSE * _COARSE
    chroma, broad = (
        rows[:whole].reshape(-1, _COARSE, rows.shape[1]).mean(axis=1)
        for rows in (frames.chroma, frames.broad)
    )
    return Frames(chroma, broad, frames.levels_db)


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
    starts = np.concatenate([spans[:, 0], [length]])
    # In a break the performance before it is not over: a path may pass a rest.
    return starts[after]


def _pairs(paths: Paths, scale: int = 1) -> list[Pair]:
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
    for pair in one_to_one(_pairs(in_keys, _COARSE)):
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
    return sorted(_pairs(Paths(shifted, found.scores)), key=lambda one: -one.score)


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
    fine = _joined(frames)
    chance = _chance(fine)
    for number, (rows, columns) in enumerate(asked):
        progress.check_cancelled()
        progress.report(number / len(asked), "Looking for false starts")
        yield from _between(fine, chance, rows, columns, [0], least)[:_MOST_OF_TWO]


def one_to_one(pairs: Iterable[Pair]) -> list[Pair]:
    """Return pairs, the strongest first, without those mostly covered on both sides by a stronger one."""
    kept: list[Pair] = []
    table = np.zeros((0, 4))
    for pair in sorted(pairs, key=lambda one: -one.score):
        if not 1.0 / _FASTEST < pair.speed < _FASTEST:
            continue
        row = np.array([[pair.starts[0], pair.stops[0], pair.starts[1], pair.stops[1]]])
        if len(table) and _is_taken(row[0], table):
            continue
        kept.append(pair)
        table = np.concatenate([table, row])
    return kept


def _is_taken(row: NDArray[np.float64], table: NDArray[np.float64]) -> bool:
    """Return whether a stronger pair is about the same, or another path through the same two."""
    shared = [np.minimum(row[at + 1], table[:, at + 1]) - np.maximum(row[at], table[:, at]) for at in (0, 2)]
    own = [row[1] - row[0], row[3] - row[2]]
    return bool(
        np.any((shared[0] > 0.5 * own[0]) & (shared[1] > 0.0))
        or np.any((shared[1] > 0.5 * own[1]) & (shared[0] > 0.0))
    )
