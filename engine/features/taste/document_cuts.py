"""From analyses to proposals in the document, as one edit. Quick enough to run while a key is held.

Settings have a forecast that changes nothing. The answer to a question changes at once which other cuts are
proposed. A cut with moved edges has the score and the reason it would have if proposed there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.latest import found_once_of
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time, inside, samples_to_s, united
from engine.core.wording import counted, percent
from engine.document.analysis import (
    NOWHERE,
    BeatGrid,
    Listening,
    NearestReference,
    ScoreCurve,
    require_listening,
)
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.file.storage import apply_rows
from engine.document.kinds.order import CUT, KEEP
from engine.document.proposals import QUESTION, Proposal, Verdict
from engine.document.settings import CutSettings, cut_settings
from engine.document.state import DocumentState, Edit
from engine.features.taste.anomaly.threshold import SMOOTHING_S
from engine.features.taste.cuts.profile import (
    OPTIMISED_SMOOTHING_S,
    PAUSES,
    curve_of_pauses,
    exact_spans,
    smooth,
)
from engine.features.taste.cuts.propose import CutPlan, propose_cuts
from engine.features.taste.cuts.reasons import Backdrop, backdrop, highest_of, reasons
from engine.recordings.channel_faults import (
    ChannelFault,
    channel_fault_rows,
    channel_faults,
    with_channel_faults,
)
from engine.review.evidence import Analyses
from engine.review.overlaps import Recount, proposed_already, recount
from engine.review.wording import SaidOfSpan

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
    known = require_listening(listening)
    wanted = CutSettings(
        threshold_mode="score",
        score=PAUSE_SCORE,
        minimum_kept_s=0.0,
        crossfade_ms=cut_settings(state.settings).crossfade_ms,
    )
    return _proposed(state, curve_of_pauses(known, state.length_samples), None, known, wanted)


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
    planned = _spans((one.start_samples, one.stop_samples) for one in plan.proposals)
    in_queue = planned[np.array([one.id in known for one in plan.proposals], bool)]
    undecided = _spans(
        state.span(key)
        for key, one in state.proposals.items()
        if (one.kind, one.maker) == (CUT.name, curve.maker) and state.verdict(key) is Verdict.UNDECIDED
    )
    cuts = recount(np.concatenate([undecided, in_queue]), planned)
    label = (
        f"Proposed {cuts.sentence}{plan.questions_text}: {percent(plan.kept_share)} of the recording stays"
    )
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


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecast of settings.

    Attributes
    ----------
    threshold : the score that would be active
    cuts : number of proposals, compared with the present ones
    kept_samples : length that would remain after accepting them
    length_samples : the whole recording
    """

    threshold: float
    cuts: Recount
    kept_samples: int
    length_samples: int
    rate_hz: int

    @property
    def sentence(self) -> str:
        """The figures in words."""
        lengths = (self.kept_samples, self.length_samples)
        rest, length = (format_time(samples_to_s(samples, self.rate_hz), 0) for samples in lengths)
        return f"{self.cuts.sentence}, {rest} of {length} remain"


def look_ahead(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    progress: Progress,
) -> Outlook:
    """Forecast the proposals under the document's settings, changed by these.

    Raises
    ------
    UsageError : the document has no scores, or a setting is outside its limits
    """
    progress.check_cancelled()
    made = propose(state, curve, grid, listening, settings)
    return Outlook(
        made.plan.threshold, made.cuts, made.plan.kept_samples, state.length_samples, state.rate_hz
    )


def answer(state: DocumentState, ids: Sequence[str], verdict: Verdict, known: Analyses) -> Edit:
    """Answer proposals, and propose cuts again if a question of the current taste is among them.

    A passage that stays is familiar from then on: cuts and questions like it are withdrawn. Taking the answer
    back proposes them again.
    """
    edit, curve = decide(state, ids, verdict), known.curve
    questions = [key for key in ids if QUESTION in state.proposals[key].payload]
    if curve is None or cut_settings(state.settings).threshold_mode != "automatic":
        return edit
    if not any(state.proposals[key].maker == curve.maker for key in questions):
        return edit
    if Verdict.REJECTED not in (verdict, *map(state.verdict, questions)):
        return edit
    after = apply_rows(state, edit.changes)
    made = propose(after, curve, known.grid, known.listening, {}, nearest=known.nearest)
    proposed = apply_rows(after, made.edit.changes).proposals
    gone, come = after.proposals.keys() - proposed.keys(), proposed.keys() - after.proposals.keys()
    changed = [
        f"{counted(len(keys), 'proposal')} {done}"
        for keys, done in ((gone, "withdrawn"), (come, "added"))
        if keys
    ]
    label = "; ".join([edit.label, *changed])
    return replace(edit, label=label, changes=(*edit.changes, *made.edit.changes))


@dataclass(frozen=True, slots=True, eq=False)
class MovedRequest:
    """A cut with moved edges, and the analyses of the recording."""

    state: DocumentState
    proposal_id: str
    curve: ScoreCurve | None
    listening: Listening | None
    nearest: NearestReference | None


def assess_moved(request: MovedRequest, progress: Progress = SILENT) -> SaidOfSpan:
    """Return the score and reason a cut would have if proposed at its present edges.

    If the active scores are not those it was proposed from, the result has no score and the original reason,
    marked as such.
    """
    progress.check_cancelled()
    state, proposal = request.state, request.state.proposals[request.proposal_id]
    curve = _curve_of(proposal, request)
    start, stop = state.span(proposal.id)
    if curve is None or not len(curve.scores):
        return SaidOfSpan(f"As proposed: {proposal.reason}", None)
    is_of_length = proposal.maker != PAUSES and cut_settings(state.settings).threshold_mode == "keep"
    width_s = OPTIMISED_SMOOTHING_S if is_of_length else SMOOTHING_S
    nearest = request.nearest
    if nearest is not None and nearest.maker != proposal.maker:
        nearest = None
    against, highest = _backdrop(
        state.proposals, proposal.maker, curve, request.listening, nearest, state.length_samples,
        state.rate_hz, width_s,
    )  # fmt: skip
    span = np.array([(start, stop)], np.int64)
    peaks, _ = against.profile.peaks(span[:, 0], span[:, 1])
    (reason,) = reasons(span, against, highest)
    there = replace(proposal, start_samples=start, stop_samples=stop, reason=reason)
    (annotated,) = with_channel_faults([there], channel_faults(request.listening, state))
    return SaidOfSpan(annotated.reason, float(peaks[0]))


def _curve_of(proposal: Proposal, request: MovedRequest) -> ScoreCurve | None:
    """Return the scores a cut was proposed from, None if they are no longer active."""
    if proposal.maker == PAUSES and request.listening is not None:
        return _pauses(request.listening, request.state.length_samples)
    curve = request.curve
    return curve if curve is not None and curve.maker == proposal.maker else None


@found_once_of(1)
def _pauses(listening: Listening, length_samples: int) -> ScoreCurve:
    return curve_of_pauses(listening, length_samples)


@found_once_of(1)
def _backdrop(
    proposals: Mapping[str, Proposal],
    maker: str,
    curve: ScoreCurve,
    listening: Listening | None,
    nearest: NearestReference | None,
    length_samples: int,
    rate_hz: int,
    width_s: float,
) -> tuple[Backdrop, float]:
    """Return the statistics that moved cuts are compared with, and the highest score of the cuts.

    Moments outside all cuts as proposed count as retained, so the comparison is stable while edges and
    answers change.
    """
    made = [one for one in proposals.values() if one.maker == maker]
    spans = np.array([(one.start_samples, one.stop_samples) for one in made], np.int64).reshape(-1, 2)
    sharp = exact_spans(curve, listening)
    profile = smooth(curve, length_samples=length_samples, rate_hz=rate_hz, width_s=width_s, sharp=sharp)
    middles = (profile.edges_samples[1:] + profile.edges_samples[:-1]) / 2
    remains = ~inside(middles, united(spans))
    highest = highest_of(np.array([one.score for one in made], np.float64))
    return backdrop(remains, profile, listening, rate_hz, nearest, curve), highest
