"""Accept what was proposed as a whole, as aligned files are written; weak evidence is left (decision 14)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.edits import decide
from engine.document.file.storage import apply_rows
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.review.bulk import accept_in_bulk
from engine.wording import counted


@dataclass(frozen=True, slots=True)
class Accepted:
    """A document with proposals accepted.

    Attributes
    ----------
    weak_left : proposals with weak evidence, which are not accepted
    """

    state: DocumentState
    weak_left: tuple[Proposal, ...] = ()


def accept_all(state: DocumentState, edit: Edit, proposals: Iterable[Proposal]) -> Accepted:
    """Accept the undecided ones of some proposals as a bulk answer does; nothing is written.

    Parameters
    ----------
    edit : puts the proposals into the document
    """
    after = apply_rows(state, edit.changes)
    undecided = [one.id for one in proposals if after.verdict(one.id) is Verdict.UNDECIDED]
    bulk = accept_in_bulk(after, undecided)
    changes = decide(after, bulk.ids, Verdict.ACCEPTED).changes if bulk.ids else ()
    return Accepted(apply_rows(after, changes), tuple(after.proposals[key] for key in bulk.left))


def weak_left_sentence(left: tuple[Proposal, ...]) -> str:
    """Report which proposals with weak evidence were not accepted; empty where all were."""
    if not left:
        return ""
    stay = "is" if len(left) == 1 else "are"
    reasons = " ".join(dict.fromkeys(one.reason for one in left))
    return f"{counted(len(left), 'proposal')} with weak evidence {stay} not accepted: {reasons}"
