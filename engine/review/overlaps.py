"""Proposals that overlap others: inside accepted cuts, inside a span whose edges moved, or found twice.

Two sets of cuts are compared by cuts that were split, merged, removed and added: a higher threshold cuts less
of the sound, and yet may propose more cuts, since a long one splits around the remaining parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.latest import found_once
from engine.core.wording import counted
from engine.document.kinds import KINDS
from engine.document.proposals import BY_HAND, Evidence, Proposal, Verdict, only_it_replaces
from engine.document.state import DocumentState
from engine.document.table import Mask, table_of
from engine.sound.edl.build import dropped
from engine.sound.edl.gathered import Gathered, changes_only, gathered, gathered_accepted

Spans = NDArray[np.int64]

ALIKE_SHARE = 0.95
"""Share of the passage that two cuts remove together, from which on both remove it: above, they are one."""


@found_once
def cut_away(state: DocumentState) -> Mask:
    """Return which undecided proposals would have no effect on the result, shape (n,).

    They need a decision again once the cut around them is undone.
    """
    return _cut_away_by(state, gathered_accepted(state))


def cut_away_with(state: DocumentState, proposal_id: str) -> Mask:
    """Return the same mask as if this proposal were accepted as well, shape (n,)."""
    table = table_of(state)
    place = table.made.places[proposal_id]
    if not table.made.drops[place]:
        return cut_away(state)
    chosen = table.are(Verdict.ACCEPTED)
    chosen[place] = True
    return _cut_away_by(state, gathered(state, chosen))


def _cut_away_by(state: DocumentState, done: Gathered) -> Mask:
    return table_of(state).are(Verdict.UNDECIDED) & changes_only(state, dropped(state, done))


def is_cut_away(state: DocumentState, proposal_id: str) -> bool:
    """Return whether a proposal needs no decision, since its span is already cut."""
    return bool(cut_away(state)[table_of(state).made.places[proposal_id]])


@dataclass(frozen=True, slots=True)
class TakenIn:
    """Ids of proposals entirely inside a span, and of those partly inside, by their starts."""

    wholly: tuple[str, ...] = ()
    partly: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them."""
        return self.wholly + self.partly


def taken_in(state: DocumentState, proposal_id: str) -> TakenIn:
    """Return the proposals that a proposal covers after its edges moved, but not as made.

    For an edit by hand that is everything it covers: its span was the user's from the start.
    """
    proposal, table = state.proposals[proposal_id], table_of(state)
    start, stop = state.span(proposal_id)
    starts, stops = table.starts_samples, table.stops_samples
    covered = (starts < stop) & (start < stops)
    if proposal.maker != BY_HAND:
        covered &= ~((starts < proposal.stop_samples) & (proposal.start_samples < stops))
    covered[table.made.places[proposal_id]] = False
    wholly = covered & (start <= starts) & (stops <= stop)
    places = (np.flatnonzero(some).tolist() for some in (wholly, covered & ~wholly))
    return TakenIn(*(tuple(table.made.ids[place] for place in some) for some in places))


def proposed_already(
    state: DocumentState, maker: str, fresh: Sequence[Proposal], *, adds: bool = False
) -> frozenset[str]:
    """Return the ids of fresh cuts whose span another cut has, up to small differences, and is not rejected.

    A cut with alternatives that the other one lacks is never among them. Nor is a cut with strong evidence if
    the other one is weak or a question, and not accepted: bulk answers would leave the place alone.

    Parameters
    ----------
    maker : of the fresh ones, which replace its earlier ones
    adds : whether they replace nothing
    """
    cuts = [one for one in fresh if _is_cut(one)]
    is_apart = adds or only_it_replaces(maker)
    keys = [
        key
        for key, one in state.proposals.items()
        if cuts and one.maker != maker and _is_cut(one)
        if is_apart or only_it_replaces(one.maker)
        if state.verdict(key) is not Verdict.REJECTED
    ]
    if not keys:
        return frozenset()
    starts, stops = np.array([state.span(key) for key in keys], np.int64).T
    found = set()
    for one in cuts:
        both = np.minimum(stops, one.stop_samples) - np.maximum(starts, one.start_samples)
        either = np.maximum(stops, one.stop_samples) - np.minimum(starts, one.start_samples)
        alike = np.flatnonzero(both >= ALIKE_SHARE * either).tolist()
        for known in (state.proposals[keys[place]] for place in alike):
            is_known = state.verdict(known.id) is Verdict.ACCEPTED or known.evidence is Evidence.STRONG
            if _offers(known, one) and (is_known or one.evidence is Evidence.WEAK):
                found.add(one.id)
    return frozenset(found)


def _offers(one: Proposal, other: Proposal) -> bool:
    """Return whether a proposal has all alternatives of another."""
    own, others = (
        [(each.start_samples, each.stop_samples, dict(each.payload)) for each in some.alternatives]
        for some in (one, other)
    )
    return all(way in own for way in others)


def _is_cut(one: Proposal) -> bool:
    kind = KINDS.get(one.kind)
    return kind is not None and kind.drops_span


@dataclass(frozen=True, slots=True)
class Recount:
    """Two sets of cuts side by side; ``after == before + pieces_more - joined_fewer - gone + come``.

    Attributes
    ----------
    before, after : number of cuts
    broke_up : old cuts replaced by several
    pieces_more : additional cuts from these
    joined_fewer : reduction by merged cuts
    gone : old cuts without a successor
    come : new cuts without a predecessor
    """

    before: int
    after: int
    broke_up: int = 0
    pieces_more: int = 0
    joined_fewer: int = 0
    gone: int = 0
    come: int = 0

    @property
    def sentence(self) -> str:
        """The new cuts counted and, where they are more because long ones broke up, that they did."""
        count = counted(self.after, "cut")
        if self.after <= self.before or not self.broke_up:
            return count
        why = f"{counted(self.broke_up, 'long cut')} broke up"
        if self.come:
            why += f", {self.come:,} {'is' if self.come == 1 else 'are'} new"
        return f"{count} ({self.after - self.before:,} more: {why})"


def recount(before: Spans, after: Spans) -> Recount:
    """Compare two sets of cuts.

    Parameters
    ----------
    before, after : spans [start, stop) that are not empty, shapes (n, 2) and (m, 2), in any order
    """
    into, come_of = _touched(before, after), _touched(after, before)
    return Recount(
        before=len(before),
        after=len(after),
        broke_up=int(np.count_nonzero(into > 1)),
        pieces_more=int(np.maximum(into - 1, 0).sum()),
        joined_fewer=int(np.maximum(come_of - 1, 0).sum()),
        gone=int(np.count_nonzero(into == 0)),
        come=int(np.count_nonzero(come_of == 0)),
    )


def _touched(spans: Spans, others: Spans) -> NDArray[np.int64]:
    """Return how many of the others each span overlaps, shape (n,)."""
    begun = np.searchsorted(np.sort(others[:, 0]), spans[:, 1], side="left")
    ended = np.searchsorted(np.sort(others[:, 1]), spans[:, 0], side="right")
    touched: NDArray[np.int64] = begun - ended
    return touched
