"""Bulk acceptance: proposals with weak evidence are left for the user to answer one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.document.decisions import Verdict
from engine.document.proposals import Evidence
from engine.document.state import DocumentState


@dataclass(frozen=True, slots=True)
class BulkAccept:
    """Proposals divided by what a bulk answer accepts.

    Attributes
    ----------
    ids : those that are accepted, in the order given
    left : those with weak evidence that stay as they are, without those accepted before
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
    """Divide proposals that the user selected; a selection of weak evidence alone is accepted.

    Whoever selects only such proposals means these; a longer selection may include them by accident.
    """
    if all(has_weak_evidence(state, key) for key in ids):
        return BulkAccept(tuple(ids))
    return accept_in_bulk(state, ids)


def has_weak_evidence(state: DocumentState, proposal_id: str) -> bool:
    """Return whether a proposal of the document has weak evidence; False for an unknown id."""
    proposal = state.proposals.get(proposal_id)
    return proposal is not None and proposal.evidence is Evidence.WEAK
