"""What an edit is called wherever it is shown: on its flag, in the queue, on its card."""

from __future__ import annotations

from engine.document.decisions import Decision, edited
from engine.document.kinds import KINDS
from engine.document.kinds.kind import span_words
from engine.document.proposals import BY_HAND, Proposal
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.edl.conflicts import conflicts_of, in_conflict
from engine.errors import DocumentError
from engine.timebase import format_time, samples_to_s

YOURS = "yours"
"""Said of what the user made by hand."""
MOST_NAMED = 3
"""So many of the edits that one cannot hold beside are named; of more it is told how many."""


def flag_words(proposal: Proposal, decision: Decision | None, rate_hz: int) -> tuple[str, ...]:
    """Return what a flag says of a proposal, the longest first: what it does, and whether it is yours."""
    kind, now = KINDS.get(proposal.kind), edited(proposal, decision)
    if kind is None:
        return f"{proposal.kind} {span_words(now, rate_hz)}", proposal.kind
    try:
        whole, brief = kind.label(now, rate_hz), kind.brief(now, rate_hz)
    except (DocumentError, ValueError):  # a payload that is none of its kind: whoever applies it says so
        return (kind.verb,)
    said = [whole, brief, kind.verb]
    if proposal.maker == BY_HAND:
        said = [f"{whole} · {YOURS}", f"{brief} · {YOURS}", brief, kind.verb]
    return tuple(dict.fromkeys(said))


def conflict_names(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    """Return the accepted edits that cannot hold beside an accepted one, such as "move at 0:12.5"."""
    table = table_of(state)
    if not in_conflict(state)[table.made.places[proposal_id]]:
        return ()
    return _names(state, proposal_id)


def conflict_sentence(state: DocumentState, proposal_id: str) -> str:
    """Say what accepted edits cannot hold beside one, accepted or not; empty where all do."""
    if state.proposals[proposal_id].kind not in KINDS:
        return ""
    names = _names(state, proposal_id)
    return f"In conflict with the {' and the '.join(names)}: reject one of them." if names else ""


def _names(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    found = conflicts_of(state, proposal_id)
    most = MOST_NAMED if len(found) <= MOST_NAMED else MOST_NAMED - 1
    starts = [format_time(samples_to_s(state.span(key)[0], state.rate_hz), 1) for key in found[:most]]
    names = [f"{state.proposals[key].kind} at {at}" for key, at in zip(found, starts, strict=False)]
    return (*names, *([f"{len(found) - most} others"] if len(found) > most else []))
