"""The review queue: which proposals are in it, in what order, and where a key goes next.

Everything here is a pure function of a `DocumentState`; the queue itself is a tuple of proposal ids.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from engine.document.decisions import Verdict
from engine.document.proposals import Proposal
from engine.document.state import DocumentState

Order = Literal["time", "score", "length"]
"""By start; the highest score first; the longest first (as proposed, so that a nudge moves no row)."""


@dataclass(frozen=True, slots=True)
class QueueFilter:
    """Which proposals the queue shows; an empty set lets everything through.

    Attributes
    ----------
    flagged : True shows the flagged ones only, False the others, None both
    text : words that the reason or the id must hold, whatever their case
    """

    kinds: frozenset[str] = frozenset()
    verdicts: frozenset[Verdict] = frozenset()
    flagged: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Where a key that moves through the queue arrives.

    Attributes
    ----------
    proposal_id : None where there is nowhere to go
    wrapped : the search went past an end of the queue and came in again at the other
    at_end : the move stopped because there is nothing further that way
    """

    proposal_id: str | None
    wrapped: bool = False
    at_end: bool = False


EVERYTHING = QueueFilter()


def queue(state: DocumentState, order: Order = "time", show: QueueFilter = EVERYTHING) -> tuple[str, ...]:
    """Return the ids of the shown proposals in an order."""
    return tuple(proposal.id for proposal in sorted(_shown(state, show), key=_KEYS[order]))


def next_id(
    state: DocumentState,
    ids: tuple[str, ...],
    current: str | None,
    *,
    undecided_only: bool = False,
    order: Order = "time",
) -> Step:
    """Return the proposal after `current` in the queue `ids`, which was made in this `order`.

    The plain move stops at the last proposal and says so; the search for an undecided one goes round and
    finds `current` itself last of all. Where `current` has left the queue (it was decided under a filter),
    the move starts at the place it had. Without a current proposal it starts before the first.
    """
    _, after = _around(state, ids, current, order)
    if not undecided_only:
        return Step(ids[after]) if after < len(ids) else Step(ids[-1] if ids else None, at_end=True)
    return _first_undecided(state, ids, range(after, len(ids)), range(after))


def previous_id(
    state: DocumentState,
    ids: tuple[str, ...],
    current: str | None,
    *,
    undecided_only: bool = False,
    order: Order = "time",
) -> Step:
    """Return the proposal before `current`; the mirror image of `next_id`."""
    before, _ = _around(state, ids, current, order)
    if current is None:
        before = len(ids) - 1
    if not undecided_only:
        return Step(ids[before]) if before >= 0 else Step(ids[0] if ids else None, at_end=True)
    return _first_undecided(state, ids, range(before, -1, -1), range(len(ids) - 1, before, -1))


def at_or_above(state: DocumentState, score: float) -> tuple[str, ...]:
    """Return the undecided proposals that score at least `score`, the highest first."""
    undecided = _shown(state, QueueFilter(verdicts=frozenset({Verdict.UNDECIDED})))
    return tuple(p.id for p in sorted((p for p in undecided if p.score >= score), key=_score_key))


def _shown(state: DocumentState, show: QueueFilter) -> Iterable[Proposal]:
    proposals: Iterable[Proposal] = state.proposals.values()
    if show.kinds:
        proposals = (p for p in proposals if p.kind in show.kinds)
    if show.verdicts:
        proposals = (p for p in proposals if state.verdict(p.id) in show.verdicts)
    if show.flagged is not None:
        flagged = {d.proposal_id for d in state.decisions.values() if d.flagged}
        proposals = (p for p in proposals if (p.id in flagged) is show.flagged)
    words = show.text.casefold().split()
    if words:
        proposals = (p for p in proposals if _holds(p, words))
    return proposals


def _holds(proposal: Proposal, words: list[str]) -> bool:
    text = f"{proposal.reason} {proposal.id}".casefold()
    return all(word in text for word in words)


def _time_key(proposal: Proposal) -> tuple[int, int, str]:
    return proposal.start_samples, proposal.stop_samples, proposal.id


def _score_key(proposal: Proposal) -> tuple[float, int, str]:
    return -proposal.score, proposal.start_samples, proposal.id


def _length_key(proposal: Proposal) -> tuple[int, int, str]:
    return proposal.start_samples - proposal.stop_samples, proposal.start_samples, proposal.id


_KEYS: Mapping[Order, Callable[[Proposal], tuple[float, int, str]]] = MappingProxyType(
    {"time": _time_key, "score": _score_key, "length": _length_key}
)


def _around(state: DocumentState, ids: tuple[str, ...], current: str | None, order: Order) -> tuple[int, int]:
    """Return the places in `ids` just before and just after the current proposal."""
    if current in ids:  # also where the queue is in groups, or in the order of the answers
        place = ids.index(current)
        return place - 1, place + 1
    proposal = None if current is None else state.proposals.get(current)
    if proposal is None:
        return -1, 0
    key = _KEYS[order]

    def rank(proposal_id: str) -> tuple[float, int, str]:
        return key(state.proposals[proposal_id])

    wanted = key(proposal)
    return bisect_left(ids, wanted, key=rank) - 1, bisect_right(ids, wanted, key=rank)


def _first_undecided(state: DocumentState, ids: tuple[str, ...], ahead: range, around: range) -> Step:
    for wrapped, places in ((False, ahead), (True, around)):
        for place in places:
            if state.verdict(ids[place]) is Verdict.UNDECIDED:
                return Step(ids[place], wrapped=wrapped)
    return Step(None, at_end=True)
