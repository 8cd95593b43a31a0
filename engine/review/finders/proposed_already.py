"""Cuts that another finder proposed at the same place: one row is enough for them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.document.decisions import Verdict
from engine.document.kinds import KINDS
from engine.document.proposals import Evidence, Proposal, only_it_replaces
from engine.document.state import DocumentState

ALIKE_SHARE = 0.95
"""Share of the passage that two cuts remove together, from which on both remove it: above, they are one."""


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
