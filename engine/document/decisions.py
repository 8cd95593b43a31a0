"""Decisions of the user."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.document.proposals import Proposal


class Verdict(StrEnum):
    """The user's answer to a proposal."""

    UNDECIDED = "undecided"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to one proposal, with the edges the user moved.

    Attributes
    ----------
    alternative : 0 is the proposal as made, n the n-th of its alternatives
    start_samples, stop_samples : the nudged edges, or None if unchanged
    flagged : marked for later
    payload : the user's changes of the payload, such as the slip of a slice; None without changes
    note : the user's note
    """

    proposal_id: str
    verdict: Verdict = Verdict.UNDECIDED
    alternative: int = 0
    start_samples: int | None = None
    stop_samples: int | None = None
    flagged: bool = False
    payload: dict[str, object] | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """An edit with the user's changes: a proposal with its chosen alternative, edges and payload.

    Attributes
    ----------
    tracks : ids of the affected ones; empty for all
    """

    start_samples: int
    stop_samples: int
    payload: Mapping[str, object]
    tracks: tuple[str, ...] = ()


def decided_span(proposal: Proposal, decision: Decision | None) -> tuple[int, int]:
    """Return the span [start, stop) that holds once the decision's alternative and nudges are applied."""
    start, stop = proposal.start_samples, proposal.stop_samples
    if decision is None:
        return start, stop
    if decision.alternative:
        chosen = proposal.alternatives[decision.alternative - 1]
        start, stop = chosen.start_samples, chosen.stop_samples
    return (
        start if decision.start_samples is None else decision.start_samples,
        stop if decision.stop_samples is None else decision.stop_samples,
    )


def edited(proposal: Proposal, decision: Decision | None) -> Edited:
    """Return the edit that holds once the decision's alternative, nudges and changes are applied."""
    start, stop = decided_span(proposal, decision)
    payload = proposal.payload
    if decision is not None:
        chosen = proposal.alternatives[decision.alternative - 1].payload if decision.alternative else {}
        if chosen or decision.payload:
            payload = {**payload, **chosen, **(decision.payload or {})}
    return Edited(start, stop, payload, proposal.tracks)
