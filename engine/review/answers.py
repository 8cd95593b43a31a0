"""Answers of a review: its figures, the order of its decisions, and bulk acceptance.

Bulk acceptance leaves proposals with weak evidence for the user to answer one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.core.errors import DocumentError
from engine.core.latest import found_once
from engine.core.wording import counted
from engine.document.edits.proposals import decide
from engine.document.file.history import StepLabel
from engine.document.file.storage import apply_rows
from engine.document.proposals import QUESTION, Decision, Evidence, Proposal, Verdict
from engine.document.state import DocumentState, Edit, RowChange, merged
from engine.document.table import table_of
from engine.review.overlaps import cut_away
from engine.sound.edl.build import played_samples, played_samples_of_all_but


@dataclass(frozen=True, slots=True)
class ReviewStatistics:
    """The figures of a review.

    Attributes
    ----------
    cut_away : number of undecided ones that need no decision, see `engine.review.overlaps`
    result_samples : length after accepted proposals
    result_if_all_accepted_samples : length if the undecided ones were accepted as well
    length_samples : the whole recording
    accepted_score, rejected_score : their mean scores, None without any
    """

    total: int
    decided: int
    cut_away: int
    accepted: int
    rejected: int
    flagged: int
    result_samples: int
    result_if_all_accepted_samples: int
    length_samples: int
    accepted_score: float | None
    rejected_score: float | None

    @property
    def undecided(self) -> int:
        """Number that still need a decision."""
        return self.total - self.decided - self.cut_away


@found_once
def statistics(state: DocumentState) -> ReviewStatistics:
    """Return the present figures of the review."""
    table = table_of(state)
    accepted, rejected = table.are(Verdict.ACCEPTED), table.are(Verdict.REJECTED)
    chosen = (table.made.scores[one] for one in (accepted, rejected))
    accepted_score, rejected_score = (float(one.mean()) if len(one) else None for one in chosen)
    return ReviewStatistics(
        total=len(accepted),
        decided=int(np.count_nonzero(accepted | rejected)),
        cut_away=int(np.count_nonzero(cut_away(state))),
        accepted=int(np.count_nonzero(accepted)),
        rejected=int(np.count_nonzero(rejected)),
        flagged=int(np.count_nonzero(table.flagged)),
        result_samples=played_samples(state),
        result_if_all_accepted_samples=played_samples_of_all_but(state, rejected),
        length_samples=state.length_samples,
        accepted_score=accepted_score,
        rejected_score=rejected_score,
    )


@found_once
def without_questions(state: DocumentState) -> DocumentState:
    """Return the document without its undecided questions: they propose no cuts."""
    rest = {
        key: one
        for key, one in state.proposals.items()
        if QUESTION not in one.payload or state.verdict(key) is not Verdict.UNDECIDED
    }
    return state if len(rest) == len(state.proposals) else replace(state, proposals=rest)


class LastDecisions:
    """Reads each step of a history once; the content of a step never changes.

    Parameters
    ----------
    changes_of : returns the changes of decisions in a step, by its number
    """

    def __init__(self, changes_of: Callable[[int], tuple[RowChange, ...]]) -> None:
        self._changes_of = changes_of
        self._answered: dict[tuple[int, int], tuple[str, ...]] = {}

    def newest_first(self, state: DocumentState, steps: Iterable[StepLabel]) -> tuple[str, ...]:
        """Return the decided proposals, the latest decision first.

        Those without a readable step (it may be damaged) come last, in the order of the recording.
        """
        found: dict[str, None] = {}
        for step in reversed([step for step in steps if not step.undone]):
            found |= dict.fromkeys(key for key in self._in_step(step) if key not in found)
        decided = {key for key in state.proposals if state.verdict(key) is not Verdict.UNDECIDED}
        others = (key for key in state.proposals if key not in found)
        return tuple(key for key in (*found, *others) if key in decided)

    def _in_step(self, step: StepLabel) -> tuple[str, ...]:
        name = (step.number, step.digest)
        if name not in self._answered:
            try:
                changes = self._changes_of(step.number)
            except DocumentError:  # reported once the user undoes it
                changes = ()
            self._answered[name] = tuple(change.key for change in changes if _answers(change))
        return self._answered[name]


def _answers(change: RowChange) -> bool:
    after, before = change.after, change.before
    if not isinstance(after, Decision):
        return False
    earlier = before.verdict if isinstance(before, Decision) else Verdict.UNDECIDED
    return after.verdict is not earlier


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
    weak = weak_ids(state.proposals)
    left = tuple(key for key in ids if key in weak and state.verdict(key) is not Verdict.ACCEPTED)
    away = frozenset(left)
    return BulkAccept(tuple(key for key in ids if key not in away), left)


def accept_selected(state: DocumentState, ids: Sequence[str]) -> BulkAccept:
    """Split proposals that the user selected; a selection of weak evidence alone is accepted.

    Selecting only such proposals is deliberate; a longer selection may include them by accident.
    """
    if weak_ids(state.proposals).issuperset(ids):
        return BulkAccept(tuple(ids))
    return accept_in_bulk(state, ids)


@found_once
def weak_ids(proposals: Mapping[str, Proposal]) -> frozenset[str]:
    """Return the ids of the proposals with weak evidence; the queue divides its rows at every key."""
    return frozenset(key for key, one in proposals.items() if one.evidence is Evidence.WEAK)


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
