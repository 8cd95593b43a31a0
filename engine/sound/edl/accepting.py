"""Edits that come from elsewhere, put into a document in the place of those that it had accepted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace

from engine.core.wording import counted
from engine.document.change import Row, RowChange, row_changes
from engine.document.decisions import Decision, Verdict, edited
from engine.document.kinds import KINDS, noun_of
from engine.document.kinds.operations import Operation
from engine.document.proposals import Proposal
from engine.document.state import DocumentState


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
