"""Words for edits on flags, in the queue and on the card."""

from __future__ import annotations

from functools import partial

import numpy as np

from engine.core.errors import DocumentError
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import begun, counted
from engine.document.file.stored_audio import keys_of
from engine.document.kinds import KINDS, noun_of
from engine.document.kinds.kind import span_words
from engine.document.kinds.order import KEEP
from engine.document.kinds.sounding import keys_under
from engine.document.proposals import BY_HAND, Decision, Proposal, Verdict, edited
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.overlaps import TakenIn, taken_in
from engine.sound.edl.conflicts import conflicts_of, in_conflict

YOURS = "yours"
"""Label of manual edits."""
MOST_NAMED = 3
"""Maximum number of conflicting edits that are named; beyond it, only their number."""


def flag_words(proposal: Proposal, decision: Decision | None, rate_hz: int) -> tuple[str, ...]:
    """Return the texts for a flag, longest first: the effect, and whether the edit is manual."""
    kind, now = KINDS.get(proposal.kind), edited(proposal, decision)
    if kind is None:
        return f"{proposal.kind} {span_words(now, rate_hz)}", proposal.kind
    try:
        whole, brief = kind.label(now, rate_hz), kind.brief(now, rate_hz)
    except (DocumentError, ValueError):  # a payload of another kind: the caller that applies it reports it
        return (kind.verb,)
    parts = [whole, brief, kind.verb]
    if proposal.maker == BY_HAND:
        parts = [f"{whole} · {YOURS}", f"{brief} · {YOURS}", brief, kind.verb]
    return tuple(dict.fromkeys(parts))


def conflict_names(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    """Return the accepted edits in conflict with an accepted one, such as "move at 0:12.5"."""
    table = table_of(state)
    if not in_conflict(state)[table.made.places[proposal_id]]:
        return ()
    return _names(state, proposal_id)


def conflict_sentence(state: DocumentState, proposal_id: str) -> str:
    """Return the message about accepted edits in conflict with one; empty without a conflict."""
    if state.proposals[proposal_id].kind not in KINDS:
        return ""
    names = _names(state, proposal_id)
    return f"In conflict with the {' and the '.join(names)}: reject one of them." if names else ""


def taken_in_sentence(state: DocumentState, proposal_id: str) -> str:
    """Return the message about proposals that a cut or a keep overlaps, and their state; else empty."""
    kind = KINDS.get(state.proposals[proposal_id].kind)
    if kind is None or (kind is not KEEP and not kind.drops_span):
        return ""
    found = taken_in(state, proposal_id)
    cuts = TakenIn(*(tuple(filter(partial(_drops, state), ids)) for ids in (found.wholly, found.partly)))
    if kind is KEEP:
        return f"Protects spans of {_counted_cuts(cuts)}." if cuts.ids else ""
    parts = []
    if cuts.ids:
        goes = "it is" if len(cuts.ids) == 1 else "they are"
        parts.append(f"Overlaps {_counted_cuts(cuts)}; {goes} cut with this one.")

    def of(ids: tuple[str, ...], verdict: Verdict) -> tuple[str, ...]:
        return tuple(key for key in ids if state.verdict(key) is verdict)

    if rejected := of(cuts.ids, Verdict.REJECTED):
        parts.append(f"{_listed(state, rejected, 'rejected ')} would be cut, too.")
    if accepted := of(cuts.ids, Verdict.ACCEPTED):
        parts.append(f"{_listed(state, accepted)} {'is' if len(accepted) == 1 else 'are'} already accepted.")
    others = of(found.ids, Verdict.ACCEPTED)
    if keeps := tuple(key for key in others if state.proposals[key].kind == KEEP.name):
        parts.append(f"{_listed(state, keeps)} {'stays' if len(keeps) == 1 else 'stay'}.")
    if edited_sound := tuple(key for key in others if _is_of_sound(state, key)):
        parts.append(f"{_listed(state, edited_sound)} would be cut, too.")
    return " ".join(parts)


def held_sentence(state: DocumentState, proposal_id: str) -> str:
    """Return the message about accepted repairs made on top of one; empty without any."""
    table = table_of(state)
    keys = set(keys_of(state.proposals[proposal_id].payload))
    if not keys:
        return ""
    start, stop = state.span(proposal_id)
    near = table.are(Verdict.ACCEPTED) & (table.starts_samples < stop) & (start < table.stops_samples)
    ids = tuple(table.made.ids[place] for place in np.flatnonzero(near).tolist())
    holding = tuple(one for one in ids if keys & set(keys_under(state.proposals[one].payload)))
    if not holding:
        return ""
    which = " and the ".join(_named(state, holding))
    was, holds, them = ("was", "contains", "it") if len(holding) == 1 else ("were", "contain", "them")
    return f"The {which} {was} made on top of this one and {holds} its effect: reject {them} to remove both."


def _counted_cuts(cuts: TakenIn) -> str:
    """Format counts such as "another proposal" or "2 other proposals and part of another"."""
    whole, part = len(cuts.wholly), len(cuts.partly)
    parts = [] if not whole else ["another proposal" if whole == 1 else f"{whole:,} other proposals"]
    if part:
        parts.append("part of another" if part == 1 else f"part of {part:,} others")
    if part and not whole:
        parts = ["part of another proposal" if part == 1 else f"part of {part:,} other proposals"]
    return " and ".join(parts)


def _drops(state: DocumentState, proposal_id: str) -> bool:
    kind = KINDS.get(state.proposals[proposal_id].kind)
    return kind is not None and kind.drops_span


def _is_of_sound(state: DocumentState, proposal_id: str) -> bool:
    kind = KINDS.get(state.proposals[proposal_id].kind)
    return kind is not None and kind.is_of_tracks


def _listed(state: DocumentState, ids: tuple[str, ...], how: str = "") -> str:
    """Format the list, such as "The rejected cut at 0:12.5 and the cut at 0:20.0"."""
    return begun(f"the {how}{f' and the {how}'.join(_named(state, ids))}")


def _names(state: DocumentState, proposal_id: str) -> tuple[str, ...]:
    return _named(state, conflicts_of(state, proposal_id))


def _named(state: DocumentState, found: tuple[str, ...]) -> tuple[str, ...]:
    most = MOST_NAMED if len(found) <= MOST_NAMED else MOST_NAMED - 1
    starts = [format_time(samples_to_s(state.span(key)[0], state.rate_hz), 1) for key in found[:most]]
    names = [f"{noun_of(state.proposals[key].kind)} at {at}" for key, at in zip(found, starts, strict=False)]
    return (*names, *([counted(len(found) - most, "other")] if len(found) > most else []))
