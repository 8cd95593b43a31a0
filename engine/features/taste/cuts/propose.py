"""From a score curve to proposed cuts, the way an editor would make them.

Pure and quick (numpy only), since the threshold keys call it while they are held down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from engine.core.timebase import Samples, inside, s_to_samples, united
from engine.document.analysis import NOWHERE, BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.proposals import Alternative, Evidence, Proposal, Verdict, proposal_id
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.threshold import SMOOTHING_S
from engine.features.taste.cuts.default_cuts import (
    ScoredRecording,
    are_weak,
    evident_cuts,
    has_pulse,
    with_own_level,
)
from engine.features.taste.cuts.edges import Neighbours, alternatives, anchors, candidates, snap
from engine.features.taste.cuts.profile import (
    OPTIMISED_SMOOTHING_S,
    ScoreProfile,
    ending_with,
    exact_spans,
    smooth,
)
from engine.features.taste.cuts.reasons import backdrop, nearest_examples, reasons
from engine.features.taste.cuts.regions import (
    LEFTOVER_S,
    MOVED_S,
    ChosenCuts,
    CutRules,
    DecidedSpans,
    cuts_at,
    nearest_crossings,
    remaining_samples,
    scored_accepted,
)
from engine.features.taste.cuts.target_length import cuts_for_target
from engine.features.taste.cuts.unfamiliar import find_unfamiliar, questions

CUT_COST_S = 0.25
"""Minimum gain of a cut: this many seconds of score one standard deviation above the threshold; less is not
worth a seam.
"""

OPTIMISED_CUT_COST_S = 1.0
"""The same where cuts of a wished-for length are searched. Scores that are wrong here and there are then left
alone more often: of planted faults more is found at the same length up to here, and less beyond."""


WITHOUT_PULSE_S = 1.0
"""Shortest piece without beats: a few words."""

_TWO_BARS_BEATS, _TWO_BARS_S = 8, (3.0, 6.0)


@dataclass(frozen=True, slots=True)
class CutPlan:
    """Proposed cuts.

    Attributes
    ----------
    proposals : by start; cuts are disjoint from each other and from every decided span, and may be inside a
        question about a song
    threshold : the active threshold; every proposal scores more, but for the questions
    kept_samples, kept_share : remainder after these and the earlier accepted proposals; questions remain
    questions : number of the proposals that ask about unfamiliar music
    """

    proposals: tuple[Proposal, ...]
    threshold: float
    kept_samples: int
    kept_share: float
    questions: int = 0

    @property
    def questions_text(self) -> str:
        """The number of questions, as words that follow the number of cuts; "" without any."""
        kind = "a question" if self.questions == 1 else "questions"
        return f", {self.questions} of them {kind} about unfamiliar sound" if self.questions else ""


def propose_cuts(
    curve: ScoreCurve,
    listening: Listening | None,
    grid: BeatGrid | None,
    *,
    length_samples: int,
    rate_hz: int,
    settings: CutSettings,
    decided: tuple[tuple[int, int, Verdict], ...] = (),
    nearest: NearestReference | None = None,
    familiar: Samples = NOWHERE,
) -> CutPlan:
    """Propose cuts of a recording of `length_samples` at `rate_hz`.

    Parameters
    ----------
    listening, grid : optional; without them, cuts have fewer anchors and reasons less detail
    decided : accepted and rejected spans [start, stop); none is proposed again, accepted ones count as cut
        and rejected ones stay
    nearest : from the taste that made the curve; that of another one is ignored
    familiar : unfamiliar passages [start, stop), shape (k, 2), that the user keeps: by default, nothing like
        them is proposed, and they are not asked about again

    Returns
    -------
    plan : the same for the same input, with the same ids
    """
    answered = _decided_spans(decided, length_samples)
    if length_samples <= 0 or not len(curve.scores):
        left = max(0, length_samples) - int(np.diff(answered.accepted).sum())
        return CutPlan((), settings.score, left, left / length_samples if length_samples > 0 else 1.0)
    is_default = settings.threshold_mode == "automatic"
    given = ScoredRecording(curve, listening, grid, length_samples, rate_hz)
    if is_default and given.is_place:
        given = replace(given, curve=with_own_level(curve))
    width_s = OPTIMISED_SMOOTHING_S if settings.threshold_mode == "keep" else SMOOTHING_S
    exact = exact_spans(given.curve, listening)
    profile = smooth(
        given.curve, length_samples=length_samples, rate_hz=rate_hz, width_s=width_s, sharp=exact
    )
    unfamiliar = find_unfamiliar(given, profile, answered, familiar, is_default=is_default)
    given = unfamiliar.recording
    walls = replace(answered, rejected=united(np.concatenate([answered.rejected, unfamiliar.asked])))
    rules = _rules(settings, profile, grid, rate_hz)
    chosen, fixed = _choose(given, settings, profile, walls, rules, exact), exact.ravel()
    if is_default:
        chosen, fixed = evident_cuts(given, chosen, exact, rules.minimum_kept)
    spans, others = _snapped(given, settings, profile, walls, rules, fixed, chosen)
    proposals = _proposals(given, settings, nearest, spans, others, profile, walls)
    if settings.threshold_mode != "keep":
        weak = are_weak(spans, given, unfamiliar.passages, is_default)
        proposals = [
            replace(one, evidence=Evidence.WEAK) if is_weak else one
            for one, is_weak in zip(proposals, weak.tolist(), strict=True)
        ]
    gone = united(np.concatenate([spans, answered.accepted]))
    asked = questions(unfamiliar, gone, profile, settings.crossfade_ms) if is_default else []
    rows = tuple(sorted((*proposals, *asked), key=lambda one: (one.start_samples, one.stop_samples)))
    left = remaining_samples(spans, profile, walls)
    return CutPlan(rows, chosen.threshold, left, left / length_samples, len(asked))


def _snapped(
    given: ScoredRecording,
    settings: CutSettings,
    profile: ScoreProfile,
    answered: DecidedSpans,
    rules: CutRules,
    fixed: Samples,
    chosen: ChosenCuts,
) -> tuple[Samples, list[tuple[Alternative, ...]]]:
    """Return the cuts at their places, shape (n, 2), and the alternatives of each; fixed edges stay."""
    grid, rate_hz = given.grid, given.rate_hz
    edges = chosen.scored.T.ravel()
    near = anchors(edges, given.listening, grid, rate_hz).but_not_of(edges, fixed)
    spans = chosen.spans
    if settings.snap and settings.threshold_mode != "keep" and len(spans):
        accepted = scored_accepted(profile, chosen.threshold, answered, rules)
        spans = snap(spans, near, Neighbours(spans, profile, answered, rules, accepted), rules)
    walls = np.concatenate([spans, answered.accepted, answered.rejected])
    limits = _limits(spans, walls, profile.length_samples)
    others = alternatives(
        spans, chosen.scored, near, grid, limits=limits, rate_hz=rate_hz, minimum_cut=rules.minimum_cut
    )
    return spans, others


def _proposals(
    given: ScoredRecording,
    settings: CutSettings,
    nearest: NearestReference | None,
    spans: Samples,
    others: list[tuple[Alternative, ...]],
    profile: ScoreProfile,
    decided: DecidedSpans,
) -> list[Proposal]:
    curve, listening, rate_hz = given.curve, given.listening, given.rate_hz
    nearest = nearest if nearest is not None and nearest.maker == curve.maker else None
    cuts = np.concatenate([spans, decided.accepted])
    middles = (profile.edges_samples[1:] + profile.edges_samples[:-1]) / 2
    remains = ~inside(middles, cuts[np.argsort(cuts[:, 0])])
    scores, _ = profile.peaks(spans[:, 0], spans[:, 1])
    rows = zip(
        spans.tolist(),
        scores.tolist(),
        reasons(spans, backdrop(remains, profile, listening, rate_hz, nearest, curve)),
        others,
        nearest_examples(spans, nearest, rate_hz),
        _crossfades_ms(spans, cuts, profile.length_samples, rate_hz, settings.crossfade_ms),
        strict=True,
    )
    return [
        Proposal(
            id=proposal_id("cut", start, stop, curve.maker),
            kind="cut",
            start_samples=start,
            stop_samples=stop,
            score=score,
            reason=reason,
            maker=curve.maker,
            alternatives=other,
            payload={"crossfade_ms": crossfade_ms},
            nearest_kept=example,
        )
        for (start, stop), score, reason, other, example, crossfade_ms in rows
    ]


def _decided_spans(decided: tuple[tuple[int, int, Verdict], ...], length_samples: int) -> DecidedSpans:
    """Unite decided spans; where an accepted and a rejected one overlap, the accepted one is cut."""
    accepted = _united(decided, Verdict.ACCEPTED, length_samples)
    rejected = _united(decided, Verdict.REJECTED, length_samples)
    borders = np.unique(np.concatenate([accepted.ravel(), rejected.ravel()]))
    pieces = np.stack([borders[:-1], borders[1:]], axis=1)
    middles = pieces.sum(axis=1) / 2
    return DecidedSpans(accepted, pieces[inside(middles, rejected) & ~inside(middles, accepted)])


def _united(decided: tuple[tuple[int, int, Verdict], ...], verdict: Verdict, length_samples: int) -> Samples:
    spans = [(start, stop) for start, stop, answer in decided if answer is verdict]
    return united(np.clip(np.array(spans, np.int64).reshape(-1, 2), 0, length_samples))


def shortest_piece_s(grid: BeatGrid | None) -> float:
    """Return the shortest remaining piece for the material: two bars, or about a phrase of speech."""
    if grid is None or grid.tempo_bpm <= 0.0 or not has_pulse(grid):
        return WITHOUT_PULSE_S
    return float(np.clip(_TWO_BARS_BEATS * 60.0 / grid.tempo_bpm, *_TWO_BARS_S))


def _rules(settings: CutSettings, profile: ScoreProfile, grid: BeatGrid | None, rate_hz: int) -> CutRules:
    cost_s = OPTIMISED_CUT_COST_S if settings.threshold_mode == "keep" else CUT_COST_S
    shortest_s = shortest_piece_s(grid) if settings.minimum_kept_s is None else settings.minimum_kept_s
    return CutRules(
        minimum_kept=s_to_samples(shortest_s, rate_hz),
        minimum_cut=max(1, s_to_samples(settings.minimum_cut_s, rate_hz)),
        leftover=s_to_samples(LEFTOVER_S, rate_hz),
        moved=s_to_samples(MOVED_S, rate_hz),
        cost_per_cut=cost_s * rate_hz * float(profile.scores.std()),
    )


def _choose(
    given: ScoredRecording,
    settings: CutSettings,
    profile: ScoreProfile,
    decided: DecidedSpans,
    rules: CutRules,
    exact: Samples,
) -> ChosenCuts:
    """Return the cuts; for a target share already on beats, for a threshold before snapping."""
    rate_hz = given.rate_hz
    if settings.threshold_mode == "keep":
        length = profile.length_samples
        places = candidates(length, given.listening, given.grid, rate_hz, snap=settings.snap)
        places = np.union1d(places, exact.ravel())
        best = cuts_for_target(profile, settings.keep, decided, rules, places)
        scored = nearest_crossings(profile, best.threshold, best.spans, rules.moved)
        return ChosenCuts(best.spans, scored, best.threshold)
    threshold = given.curve.limit if settings.threshold_mode == "automatic" else settings.score
    if settings.threshold_mode == "percentile":
        threshold = float(np.percentile(profile.scores, settings.percentile))
    spans = ending_with(cuts_at(profile, threshold, decided, rules), exact, rate_hz)
    return ChosenCuts(spans, spans, threshold)


def _crossfades_ms(spans: Samples, cuts: Samples, length: int, rate_hz: int, wish_ms: float) -> list[float]:
    """Return the crossfade of each cut: `wish_ms`, or what the cut and the pieces next to it allow.

    A crossfade takes half of its length from each side of its seam; each remaining piece has two.
    """
    before, after = _limits(spans, cuts, length).T
    beside = np.stack([spans[:, 0] - before, after - spans[:, 1]])
    beside = np.where(beside > 0, beside, length)  # no kept piece there: the other side alone matters
    allowed = np.minimum(beside.min(axis=0), 2 * np.diff(spans)[:, 0])
    clipped: list[float] = np.round(np.minimum(wish_ms, allowed / rate_hz * 1000), 3).tolist()
    return clipped


def _limits(spans: Samples, walls: Samples, length: int) -> Samples:
    """Return where the wall before each span ends and where the one after it begins, shape (n, 2)."""
    ends = np.concatenate([[0], np.sort(walls[:, 1])])
    begins = np.concatenate([np.sort(walls[:, 0]), [length]])
    before = ends[np.searchsorted(ends, spans[:, 0], side="right") - 1]
    after = begins[np.searchsorted(begins, spans[:, 1], side="left")]
    return np.stack([before, after], axis=1)
