"""From analyses to proposals in the document, as one edit. Quick enough to run while a key is held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.spans import united
from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import percent
from engine.document.analysis import NOWHERE, BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.change import Edit
from engine.document.decisions import Verdict
from engine.document.edits import replace_proposals
from engine.document.kinds.cut import CUT
from engine.document.kinds.hold import KEEP
from engine.document.proposals import QUESTION
from engine.document.recorded import require_listening
from engine.document.settings import CutSettings, cut_settings
from engine.document.state import DocumentState
from engine.features.taste.cuts.dead_air import PAUSES, curve_of_pauses, exact_spans
from engine.features.taste.cuts.profile import smooth
from engine.features.taste.cuts.propose import CutPlan, propose_cuts
from engine.recordings.channel_faults import (
    ChannelFault,
    channel_fault_rows,
    channel_faults,
    with_channel_faults,
)
from engine.review.finders.proposed_already import proposed_already
from engine.review.recount import Recount, recount

PAUSE_SCORE = 0.5
"""Score threshold for pauses; without a taste only dead air has scores."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """The plan, the edit that adds it to the document, and the changes to earlier undecided cuts.

    Attributes
    ----------
    stored_settings : the settings of the document that led to the plan, which the edit stores
    """

    plan: CutPlan
    edit: Edit
    cuts: Recount
    stored_settings: Mapping[str, object]

    def figures(self, faults: Iterable[ChannelFault], rate_hz: int) -> dict[str, object]:
        """Return the figures of the plan and of faulty channels, as values of JSON."""
        return {
            "threshold": self.plan.threshold,
            "kept_s": samples_to_s(self.plan.kept_samples, rate_hz),
            "kept_share": self.plan.kept_share,
            "questions": self.plan.questions,
            "told": channel_fault_rows(faults, rate_hz),
        }


def propose(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    merges_as: str = "",
    nearest: NearestReference | None = None,
) -> Proposed:
    """Propose cuts under the document's settings, changed by `settings`; decisions stay.

    Raises
    ------
    UsageError : the document has no scores, or a setting is outside its limits
    """
    if curve is None:
        raise UsageError("There are no scores yet; learn a taste from your edits, or choose one, first.")
    wanted = cut_settings({**state.settings, **settings})
    return _proposed(state, curve, grid, listening, wanted, merges_as, nearest)


def propose_pauses(state: DocumentState, listening: Listening | None) -> Proposed:
    """Propose to cut the dead air alone, which needs no taste; decisions stay.

    Raises
    ------
    UsageError : the document was not listened to yet
    """
    heard = require_listening(listening)
    wanted = CutSettings(
        threshold_mode="score",
        score=PAUSE_SCORE,
        minimum_kept_s=0.0,
        crossfade_ms=cut_settings(state.settings).crossfade_ms,
    )
    return _proposed(state, curve_of_pauses(heard, state.length_samples), None, heard, wanted)


def _proposed(
    state: DocumentState,
    curve: ScoreCurve,
    grid: BeatGrid | None,
    listening: Listening | None,
    wanted: CutSettings,
    merges_as: str = "",
    nearest: NearestReference | None = None,
) -> Proposed:
    familiar = familiar_passages(state) if wanted.threshold_mode == "automatic" else NOWHERE
    plan = propose_cuts(
        curve,
        listening,
        grid,
        length_samples=state.length_samples,
        rate_hz=state.rate_hz,
        settings=wanted,
        decided=tuple(_decided(state, familiar)),
        nearest=nearest,
        familiar=familiar,
    )
    plan = replace(plan, proposals=with_channel_faults(plan.proposals, channel_faults(listening, state)))
    known = proposed_already(state, curve.maker, plan.proposals)
    fresh = [one for one in plan.proposals if one.id not in known]
    in_queue = _spans((one.start_samples, one.stop_samples) for one in plan.proposals if one.id in known)
    planned = _spans((one.start_samples, one.stop_samples) for one in plan.proposals)
    cuts = recount(np.concatenate([_undecided(state, curve.maker), in_queue]), planned)
    label = f"Proposed {cuts.sentence}{plan.asked}: {percent(plan.kept_share)} of the recording stays"
    if known:
        label += f"; {len(known):,} {'is' if len(known) == 1 else 'are'} in the queue already"
    # The score settings stay when only pauses are proposed.
    stored = {} if curve.maker == PAUSES else {**asdict(wanted), "threshold": plan.threshold}
    edit = replace_proposals(state, fresh, stored, label, merges_as, (CUT.name,))
    return Proposed(plan, edit, cuts, stored)


def familiar_passages(state: DocumentState) -> NDArray[np.int64]:
    """Return the unfamiliar passages that the user keeps, shape (n, 2), ascending and disjoint."""
    return united(
        [
            state.span(key)
            for key, one in state.proposals.items()
            if QUESTION in one.payload and state.verdict(key) is Verdict.REJECTED
        ]
    )


def _decided(state: DocumentState, familiar: NDArray[np.int64]) -> Iterator[tuple[int, int, Verdict]]:
    """Yield the spans with a decision about being cut; held spans count as rejected cuts.

    An unfamiliar passage that stays is left out: it can have faults as any music.
    """
    for key, one in state.proposals.items():
        verdict = state.verdict(key)
        if len(familiar) and QUESTION in one.payload and verdict is Verdict.REJECTED:
            continue
        if one.kind == CUT.name and verdict is not Verdict.UNDECIDED:
            yield *state.span(key), verdict
        elif one.kind == KEEP.name and verdict is Verdict.ACCEPTED:
            yield *state.span(key), Verdict.REJECTED


def _undecided(state: DocumentState, maker: str) -> NDArray[np.int64]:
    """Return the undecided cuts of a maker as the user has them, shape (n, 2)."""
    return _spans(
        state.span(key)
        for key, one in state.proposals.items()
        if (one.kind, one.maker) == (CUT.name, maker) and state.verdict(key) is Verdict.UNDECIDED
    )


def _spans(spans: Iterable[tuple[int, int]]) -> NDArray[np.int64]:
    return np.array(list(spans), np.int64).reshape(-1, 2)


def stepped_percentile(
    state: DocumentState, curve: ScoreCurve, listening: Listening | None, direction: int
) -> float:
    """Return the percentile one step above (1) or below (-1) the active threshold.

    However that threshold came about, a step up cuts less and a step down cuts more: it leads to the next
    whole percentile whose score is beyond it.
    """
    wanted, threshold = cut_settings(state.settings), state.settings.get("threshold")
    is_scored = len(curve.scores) > 0 and state.length_samples > 0
    if wanted.threshold_mode == "percentile" or not isinstance(threshold, int | float) or not is_scored:
        return float(np.clip(wanted.percentile + direction, 0.0, 100.0))
    sharp = exact_spans(curve, listening)
    profile = smooth(curve, length_samples=state.length_samples, rate_hz=state.rate_hz, sharp=sharp)
    scores = np.percentile(profile.scores, np.arange(101))
    if direction > 0:
        return float(min(100, int(np.searchsorted(scores, threshold, side="right"))))
    return float(max(0, int(np.searchsorted(scores, threshold, side="left")) - 1))


def share_of_minutes(minutes: float, length_s: float) -> float:
    """Return the share of a recording that these minutes are.

    Raises
    ------
    UsageError : the minutes are not above 0, or more than the recording has
    """
    if minutes <= 0.0:
        raise UsageError(f"Cannot keep {minutes:g} minutes: give a number above 0.")
    if minutes * 60.0 > length_s:
        raise UsageError(
            f"Cannot keep {minutes:g} minutes: the recording lasts {format_time(length_s, 0)}; give less."
        )
    return minutes * 60.0 / length_s
