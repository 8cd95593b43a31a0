"""The edits after which a document plays given spans of its timeline, in a given order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.document.kinds.ordering import RANK, TIMES, TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS
from engine.spans import united

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Played:
    """A span [start, stop) of the timeline that is to be heard, and the crossfade before it.

    Where it meets what is played before it, both edges lie in the middle of the crossfade.
    """

    start_samples: int
    stop_samples: int
    crossfade_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """An edit to be made: its kind, its span and what the kind needs beside it."""

    kind: str
    start_samples: int
    stop_samples: int
    payload: dict[str, object]


def edits_that_play(played: Sequence[Played], length_samples: int) -> tuple[Wanted, ...]:
    """Return the edits after which just these spans are heard, in their order.

    As much as can stays where it is (`standing`); what is heard elsewhere is moved there, what is heard again
    repeated, and what is heard nowhere cut. The crossfade of what is moved or repeated is the same at both of
    its ends, since such edits have but one: the one before it.
    """
    played, stands = _parted(played)
    laid = tuple(_gathered(_laid(played, stands, length_samples)))
    return tuple(_cuts(played, stands, length_samples)) + laid


def _parted(played: Sequence[Played]) -> tuple[tuple[Played, ...], tuple[bool, ...]]:
    """Return what is played, and what of it stands: where only a part of a span can, it is parted there."""
    edges = np.unique([edge for one in played for edge in (one.start_samples, one.stop_samples)])
    parts = [
        (number, Played(start, stop, one.crossfade_ms if start == one.start_samples else 0.0))
        for number, one in enumerate(played)
        for start, stop in _parts(one, edges)
    ]
    joined: list[tuple[int, bool, Played]] = []
    for (number, part), stays in zip(parts, standing([part for _, part in parts]), strict=True):
        if joined and joined[-1][:2] == (number, stays):
            before = joined[-1][2]
            joined[-1] = (number, stays, replace(before, stop_samples=part.stop_samples))
        else:
            joined.append((number, stays, part))
    return tuple(one for *_, one in joined), tuple(stays for _, stays, _ in joined)


def standing(played: Sequence[Played]) -> tuple[bool, ...]:
    """Tell which spans can stay where they are: of those that follow each other, the longest in all."""
    starts = np.array([one.start_samples for one in played], np.int64)
    stops = np.array([one.stop_samples for one in played], np.int64)
    best = stops - starts
    before = np.full(len(played), -1)
    for number in range(1, len(played)):
        fits = np.flatnonzero(stops[:number] <= starts[number])
        if len(fits):
            before[number] = fits[int(np.argmax(best[fits]))]
            best[number] += best[before[number]]
    chosen = [False] * len(played)
    at = int(np.argmax(best)) if len(played) else -1
    while at >= 0:
        chosen[at], at = True, int(before[at])
    return tuple(chosen)


def _laid(played: Sequence[Played], stands: Sequence[bool], length_samples: int) -> Iterator[Wanted]:
    """Yield moves and repeats, each before what stands next."""
    edges = np.unique([edge for one in played for edge in (one.start_samples, one.stop_samples)])
    taken = {part for one, stays in zip(played, stands, strict=True) if stays for part in _parts(one, edges)}
    target, rank = length_samples, 0
    targets = []
    for one, stays in zip(reversed(played), reversed(stands), strict=True):
        target = one.start_samples if stays else target
        targets.append(target)
    for one, stays, to in zip(played, stands, reversed(targets), strict=True):
        if stays:
            rank = 0
            continue
        fade_ms = one.crossfade_ms
        for again, start, stop in _runs(_parts(one, edges), taken):
            rank += 1
            place: dict[str, object] = {TO_SAMPLES: to, RANK: rank, CROSSFADE_MS: fade_ms}
            yield Wanted("repeat" if again else "move", start, stop, place | {TIMES: 2} if again else place)
            fade_ms = 0.0
        taken.update(_parts(one, edges))


def _gathered(laid: Iterable[Wanted]) -> Iterator[Wanted]:
    """Yield repeats of the same span that follow each other as one that is heard so often."""
    before: Wanted | None = None
    for one in laid:
        if before is not None and _is_once_more(before, one):
            before = replace(before, payload=before.payload | {TIMES: int(str(before.payload[TIMES])) + 1})
            continue
        if before is not None:
            yield before
        before = one
    if before is not None:
        yield before


def _is_once_more(before: Wanted, one: Wanted) -> bool:
    same = [(each.kind, each.start_samples, each.stop_samples) for each in (before, one)]
    where = [(each.payload[TO_SAMPLES], each.payload[CROSSFADE_MS]) for each in (before, one)]
    return one.kind == "repeat" and same[0] == same[1] and where[0] == where[1]


def _parts(one: Played, edges: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Span, ...]:
    """Return a span parted at all edges of any of them, so that parts are the same or apart."""
    within = edges[(edges >= one.start_samples) & (edges <= one.stop_samples)].tolist()
    return tuple(pairwise(within))


def _runs(parts: Sequence[Span], taken: set[Span]) -> Iterator[tuple[bool, int, int]]:
    """Yield parts in a row that are all heard before, or all not, as one."""
    run: tuple[bool, int, int] | None = None
    for start, stop in parts:
        again = (start, stop) in taken
        if run is not None and run[0] == again:
            run = (again, run[1], stop)
            continue
        if run is not None:
            yield run
        run = (again, start, stop)
    if run is not None:
        yield run


def _cuts(played: Sequence[Played], stands: Sequence[bool], length_samples: int) -> Iterator[Wanted]:
    """Yield what is heard nowhere; its crossfade is that of what stands next, where that follows at once."""
    fades_ms = {
        one.start_samples: one.crossfade_ms
        for number, one in enumerate(played)
        if stands[number] and number and stands[number - 1]
    }
    heard = united([(one.start_samples, one.stop_samples) for one in played]) if played else ()
    edges = [0, *(edge for span in heard for edge in map(int, span)), length_samples]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if start < stop:
            yield Wanted("cut", start, stop, {CROSSFADE_MS: fades_ms.get(stop, 0.0)})
