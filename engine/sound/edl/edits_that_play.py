"""The edits after which a document plays given spans of its timeline, in a given order.

Such edits take the place of those that a document had accepted (`accept_instead`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import numpy as np

from engine.core.timebase import united
from engine.core.wording import counted
from engine.document.kinds import KINDS, noun_of
from engine.document.kinds.kind import CROSSFADE_MS
from engine.document.kinds.operations import Operation
from engine.document.kinds.order import LENGTH_SAMPLES, RANK, TIMES, TO_SAMPLES
from engine.document.proposals import Decision, Proposal, Verdict, edited
from engine.document.state import DocumentState, Row, RowChange, row_changes
from engine.sound.edl.edit_list import INSERTED_FROM

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Played:
    """A span [start, stop) of the timeline that is played, and the crossfade before it.

    At a seam with the previous span, both edges are in the middle of the crossfade. Spans from
    `INSERTED_FROM` on are inserted silence.
    """

    start_samples: int
    stop_samples: int
    crossfade_ms: float = 0.0

    @property
    def is_inserted(self) -> bool:
        """Whether it is silence that the timeline does not have."""
        return self.start_samples >= INSERTED_FROM


@dataclass(frozen=True, slots=True)
class Wanted:
    """An edit to make: its kind, its span and the payload of the kind."""

    kind: str
    start_samples: int
    stop_samples: int
    payload: dict[str, object]


def edits_that_play(played: Sequence[Played], length_samples: int) -> tuple[Wanted, ...]:
    """Return the edits whose result plays exactly these spans, in their order.

    The longest possible part stays in place; spans played elsewhere are moved there, repeated spans are
    repeated, and all others are cut. Moved and repeated spans have the same crossfade at both ends, since
    such an edit has one crossfade: the one before it.
    """
    played, stands = _parted(played)
    laid = tuple(_gathered(_laid(played, stands, length_samples)))
    return tuple(_cuts(played, stands, length_samples)) + laid


def _parted(played: Sequence[Played]) -> tuple[tuple[Played, ...], tuple[bool, ...]]:
    """Return the played spans, split where only a part can stay in place, and whether each part stays."""
    edges = _edges(played)
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
    """Return whether each span can stay in place: the longest ascending subsequence by total length."""
    starts = np.array([one.start_samples for one in played], np.int64)
    stops = np.array([one.stop_samples for one in played], np.int64)
    is_inserted = np.array([one.is_inserted for one in played], bool)
    best = np.where(is_inserted, -1, stops - starts)
    before = np.full(len(played), -1)
    for number in range(1, len(played)):
        fits = np.flatnonzero((stops[:number] <= starts[number]) & ~is_inserted[:number])
        if len(fits) and not is_inserted[number]:
            before[number] = fits[int(np.argmax(best[fits]))]
            best[number] += best[before[number]]
    chosen = [False] * len(played)
    at = int(np.argmax(best)) if len(played) and not is_inserted.all() else -1
    while at >= 0:
        chosen[at], at = True, int(before[at])
    return tuple(chosen)


def _laid(played: Sequence[Played], stands: Sequence[bool], length_samples: int) -> Iterator[Wanted]:
    """Yield moves and repeats, each before the next span that stays in place."""
    edges = _edges(played)
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
        if one.is_inserted:
            rank += 1
            length = one.stop_samples - one.start_samples
            yield Wanted("insert", to, to, {LENGTH_SAMPLES: length, RANK: rank, CROSSFADE_MS: fade_ms})
            continue
        for again, run in groupby(_parts(one, edges), taken.__contains__):
            spans = list(run)
            start, stop = spans[0][0], spans[-1][1]
            rank += 1
            place: dict[str, object] = {TO_SAMPLES: to, RANK: rank, CROSSFADE_MS: fade_ms}
            yield Wanted("repeat" if again else "move", start, stop, place | {TIMES: 2} if again else place)
            fade_ms = 0.0
        taken.update(_parts(one, edges))


def _gathered(laid: Iterable[Wanted]) -> Iterator[Wanted]:
    """Merge consecutive repeats of the same span into one with their total count."""

    def form(one: Wanted) -> tuple[object, ...]:
        where = one.payload.get(TO_SAMPLES), one.payload.get(CROSSFADE_MS)
        return one.kind, one.start_samples, one.stop_samples, *where

    for (kind, *_), alike in groupby(laid, form):
        first, *others = alike
        if kind == "repeat":
            yield replace(first, payload=first.payload | {TIMES: 2 + len(others)})
        else:
            yield from (first, *others)


def _edges(played: Sequence[Played]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the edges of all spans of the timeline, ascending."""
    edges = [edge for one in played for edge in (one.start_samples, one.stop_samples) if not one.is_inserted]
    return np.unique(np.array(edges, np.int64))


def _parts(one: Played, edges: np.ndarray[tuple[int], np.dtype[np.int64]]) -> tuple[Span, ...]:
    """Return a span parted at all edges of any of them, so that parts are the same or apart.

    Inserted silence has no part but itself.
    """
    if one.is_inserted:
        return ((one.start_samples, one.stop_samples),)
    within = edges[(edges >= one.start_samples) & (edges <= one.stop_samples)].tolist()
    return tuple(pairwise(within))


def _cuts(played: Sequence[Played], stands: Sequence[bool], length_samples: int) -> Iterator[Wanted]:
    """Yield cuts of unplayed spans, with the crossfade of the next unmoved span if it follows at once."""
    fades_ms = {
        one.start_samples: one.crossfade_ms
        for number, one in enumerate(played)
        if stands[number] and number and stands[number - 1]
    }
    spans = [(one.start_samples, one.stop_samples) for one in played if not one.is_inserted]
    played_spans = united(spans) if spans else ()
    edges = [0, *(edge for span in played_spans for edge in map(int, span)), length_samples]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if start < stop:
            yield Wanted("cut", start, stop, {CROSSFADE_MS: fades_ms.get(stop, 0.0)})


def accept_instead(
    state: DocumentState,
    proposals: Iterable[Proposal],
    decided: Mapping[str, Decision],
    maker: str,
    gives_way: Callable[[tuple[Operation, ...]], bool] = bool,
    stays: Collection[str] = (),
) -> tuple[RowChange, ...]:
    """Return the changes that accept proposals, and undo accepted ones that they replace.

    Former proposals of the same maker are removed; all others stay in the queue, undecided. Decisions made
    since `decided` are retained.

    Parameters
    ----------
    decided : the decisions of the document when the proposals were made
    gives_way : whether an accepted proposal is undone, from its operations; by default any with operations
    stays : ids of proposals that are left as they are
    """
    fresh = {one.id: one for one in proposals}
    rows: list[tuple[Row | None, Row | None]] = []
    for key, proposal in state.proposals.items():
        decision = state.decisions.get(key)
        if key in stays:
            continue
        if proposal.maker == maker and key not in fresh:
            rows += [(proposal, None), (decision, None)]
        elif decision != decided.get(key):
            fresh.pop(key, None)
        elif key not in fresh and decision is not None and gives_way(accepted_effect(proposal, decision)):
            rows.append((decision, replace(decision, verdict=Verdict.UNDECIDED)))
    for key, proposal in fresh.items():
        rows += [
            (state.proposals.get(key), proposal),
            (state.decisions.get(key), Decision(key, Verdict.ACCEPTED)),
        ]
    return row_changes(rows)


def counted_kinds(proposals: Iterable[Proposal]) -> list[str]:
    """Return how many proposals there are of each kind, in words."""
    counts = Counter(one.kind for one in proposals)
    return [counted(number, noun_of(kind)) for kind, number in counts.items()]


def accepted_effect(proposal: Proposal, decision: Decision | None) -> tuple[Operation, ...]:
    """Return the operations of a proposal; none unless it is accepted and of a known kind."""
    if decision is None or decision.verdict is not Verdict.ACCEPTED or proposal.kind not in KINDS:
        return ()
    return KINDS[proposal.kind].effect(edited(proposal, decision))
