"""From what was heard to proposals in the document, as one edit. Quick enough to run while a key is held."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from engine.anomaly.dead_air import PAUSES, curve_of_pauses
from engine.anomaly.propose import CutPlan, propose_cuts
from engine.document.analysis import BeatGrid, Listening, NearestKept, ScoreCurve
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.edits import replace_proposals
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.jobs.told import telling, told_of
from engine.settings import CutSettings, cut_settings
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
    return _proposed(state, curve, grid, listening, wanted, merges_as, nearest)


def propose_pauses(state: DocumentState, listening: Listening | None) -> Proposed:
    """Propose to cut the dead air alone, which needs no taste; what was decided stays.

    Raises
    ------
    UsageError : the document was not listened to yet
    """
    if listening is None:
        raise UsageError(
            "Nobody has listened to these recordings yet: wait for it, then look for pauses again."
        )
    wanted = CutSettings(
        threshold_mode="score",
        score=0.5,
        minimum_kept_s=0.0,
        crossfade_ms=cut_settings(state.settings).crossfade_ms,
    )
    return _proposed(state, curve_of_pauses(listening, state.length_samples), None, listening, wanted)


def _proposed(
    state: DocumentState,
    curve: ScoreCurve,
    grid: BeatGrid | None,
    listening: Listening | None,
    wanted: CutSettings,
    merges_as: str = "",
    nearest: NearestKept | None = None,
) -> Proposed:
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
    plan = replace(plan, proposals=telling(plan.proposals, told_of(listening, state)))
    label = f"Proposed {counted(len(plan.proposals), 'cut')}, keeping {plan.kept_share:.0%}"
    # What was asked of the score stays asked for when only pauses are proposed.
    stored = {} if curve.maker == PAUSES else {**asdict(wanted), "threshold": plan.threshold}
    return Proposed(plan, replace_proposals(state, plan.proposals, stored, label, merges_as))
