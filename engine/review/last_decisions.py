"""Order of the decisions, from the history."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.core.errors import DocumentError
from engine.document.change import RowChange
from engine.document.decisions import Decision, Verdict
from engine.document.history import StepLabel
from engine.document.state import DocumentState


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
        done = [step for step in steps if not step.undone]
        for step in reversed(done):
            found.update(dict.fromkeys(key for key in self._in_step(step) if key not in found))
        decided = {key for key in state.proposals if state.verdict(key) is not Verdict.UNDECIDED}
        told = tuple(key for key in found if key in decided)
        return told + tuple(key for key in state.proposals if key in decided and key not in found)

    def _in_step(self, step: StepLabel) -> tuple[str, ...]:
        name = (step.number, step.digest)
        if name not in self._answered:
            try:
                changes = self._changes_of(step.number)
            except DocumentError:  # told when somebody wants to undo it
                changes = ()
            self._answered[name] = tuple(change.key for change in changes if _answers(change))
        return self._answered[name]


def _answers(change: RowChange) -> bool:
    after, before = change.after, change.before
    if not isinstance(after, Decision):
        return False
    earlier = before.verdict if isinstance(before, Decision) else Verdict.UNDECIDED
    return after.verdict is not earlier
