"""Bulk acceptance: proposals with weak evidence are left for the user to answer one by one (decision 102)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.core.wording import counted
from engine.document.change import Edit, merged
from engine.document.decisions import Verdict
from engine.document.edits import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Evidence, Proposal
from engine.document.state import DocumentState


@dataclass(frozen=True, slots=True)
class BulkAccept:
    """Proposals split for a bulk decision.

    Attributes
    ----------
    ids : those that are accepted, in the order given
    left : those with weak evidence that stay undecided, without those accepted before
    """

    ids: tuple[str, ...]
    left: tuple[str, ...] = ()

    @property
    def left_words(self) -> str:
        """Return how many are left, such as "3 with weak evidence are left for you"; empty for none."""
        count = len(self.left)
        return f"{count:,} with weak evidence {'is' if count == 1 else 'are'} left for you" if count else ""

    def after(self, sentence: str) -> str:
        """Return a sentence followed by how many are left."""
        return f"{sentence}; {self.left_words}" if self.left else sentence


def accept_in_bulk(state: DocumentState, ids: Sequence[str]) -> BulkAccept:
    """Divide proposals by their evidence."""
    weak = [key for key in ids if has_weak_evidence(state, key)]
    left = tuple(key for key in weak if state.verdict(key) is not Verdict.ACCEPTED)
    away = frozenset(left)
    return BulkAccept(tuple(key for key in ids if key not in away), left)


def accept_selected(state: DocumentState, ids: Sequence[str]) -> BulkAccept:
    """Split proposals that the user selected; a selection of weak evidence alone is accepted.

    Selecting only such proposals is deliberate; a longer selection may include them by accident.
    """
    if all(has_weak_evidence(state, key) for key in ids):
        return BulkAccept(tuple(ids))
    return accept_in_bulk(state, ids)


def has_weak_evidence(state: DocumentState, proposal_id: str) -> bool:
    """Return whether a proposal of the document has weak evidence; False for an unknown id."""
    proposal = state.proposals.get(proposal_id)
    return proposal is not None and proposal.evidence is Evidence.WEAK


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document with proposals accepted.

    Attributes
    ----------
    edit : puts the proposals into the document, and accepts them
    weak_left : proposals with weak evidence, which are not accepted
    """

    edit: Edit
    state: DocumentState
    weak_left: tuple[Proposal, ...] = ()


def accept_all(
    state: DocumentState, edit: Edit, proposals: Iterable[Proposal], label: str = "Accepted"
) -> Accepted:
    """Accept the undecided ones of some proposals as a bulk answer does; nothing is written.

    Parameters
    ----------
    edit : puts the proposals into the document
    label : the step in the history, without the number of edits
    """
    after = apply_rows(state, edit.changes)
    undecided = [one.id for one in proposals if after.verdict(one.id) is Verdict.UNDECIDED]
    bulk = accept_in_bulk(after, undecided)
    changes = merged(edit.changes, decide(after, bulk.ids, Verdict.ACCEPTED).changes)
    accepting = Edit(bulk.after(f"{label} {counted(len(bulk.ids), 'edit')}"), changes)
    return Accepted(accepting, apply_rows(state, changes), tuple(after.proposals[key] for key in bulk.left))


def weak_left_sentence(left: tuple[Proposal, ...]) -> str:
    """Report which proposals with weak evidence were not accepted; empty where all were."""
    if not left:
        return ""
    stay = "is" if len(left) == 1 else "are"
    reasons = " ".join(dict.fromkeys(one.reason for one in left))
    return f"{counted(len(left), 'proposal')} with weak evidence {stay} not accepted: {reasons}"
