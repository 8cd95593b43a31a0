"""Score and reason of a cut after its edges were moved, as if proposed there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from engine.core.latest import found_once_of
from engine.core.progress import SILENT, Progress
from engine.core.spans import inside, united
from engine.document.analysis import Listening, NearestReference, ScoreCurve
from engine.document.proposals import Proposal
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.features.taste.anomaly.threshold import SMOOTHING_S
from engine.features.taste.cuts.dead_air import PAUSES, curve_of_pauses, exact_spans
from engine.features.taste.cuts.profile import OPTIMISED_SMOOTHING_S, smooth
from engine.features.taste.cuts.reasons import Backdrop, backdrop, highest_of, reasons
from engine.recordings.channel_faults import channel_faults, with_channel_faults
from engine.review.said_of_span import SaidOfSpan


@dataclass(frozen=True, slots=True, eq=False)
class MovedRequest:
    """A cut with moved edges, and the analyses of the recording."""

    state: DocumentState
    proposal_id: str
    curve: ScoreCurve | None
    listening: Listening | None
    nearest: NearestReference | None


def said_of_moved(request: MovedRequest, progress: Progress = SILENT) -> SaidOfSpan:
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
    against, highest = _against(request, curve, proposal.maker)
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


def _against(request: MovedRequest, curve: ScoreCurve, maker: str) -> tuple[Backdrop, float]:
    state = request.state
    width_s = _smoothing_s(state.settings, maker)
    nearest = request.nearest if request.nearest is not None and request.nearest.maker == maker else None
    return _backdrop(
        state.proposals,
        maker,
        curve,
        request.listening,
        nearest,
        state.length_samples,
        state.rate_hz,
        width_s,
    )


def _smoothing_s(settings: Mapping[str, object], maker: str) -> float:
    wished = maker != PAUSES and cut_settings(settings).threshold_mode == "keep"
    return OPTIMISED_SMOOTHING_S if wished else SMOOTHING_S


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
    profile = smooth(
        curve,
        length_samples=length_samples,
        rate_hz=rate_hz,
        width_s=width_s,
        sharp=exact_spans(curve, listening),
    )
    middles = (profile.edges_samples[1:] + profile.edges_samples[:-1]) / 2
    kept = ~inside(middles, united(spans))
    highest = highest_of(np.array([one.score for one in made], np.float64))
    return backdrop(kept, profile, listening, rate_hz, nearest, curve), highest
