"""From what was heard to proposals in the document, as one edit. Quick enough to run while a key is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from engine.anomaly.propose import CutPlan, propose_cuts
from engine.document.analysis import BeatGrid, Listening, NearestKept, ScoreCurve
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.edits import replace_proposals
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.settings import cut_settings
from engine.wording import counted


@dataclass(frozen=True, slots=True)
class Proposed:
    """The plan, and the edit that puts it into the document."""

    plan: CutPlan
    edit: Edit


def propose(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    merges_as: str = "",
    nearest: NearestKept | None = None,
) -> Proposed:
    """Propose cuts under the document's settings, changed by `settings`; what was decided stays.

    Raises
    ------
    UsageError : there are no scores yet, or a setting is outside its limits
    """
    if curve is None:
        raise UsageError("There are no scores yet; learn a taste from your edits, or choose one, first.")
    wanted = cut_settings({**state.settings, **settings})
    decided = tuple(
        (*state.span(key), state.verdict(key))
        for key in state.proposals
        if state.verdict(key) is not Verdict.UNDECIDED
    )
    plan = propose_cuts(
        curve,
        listening,
        grid,
        length_samples=state.length_samples,
        rate_hz=state.rate_hz,
        settings=wanted,
        decided=decided,
        nearest=nearest,
    )
    label = f"Proposed {counted(len(plan.proposals), 'cut')}, keeping {plan.kept_share:.0%}"
    stored = {**asdict(wanted), "threshold": plan.threshold}
    return Proposed(plan, replace_proposals(state, plan.proposals, stored, label, merges_as))
