"""From a score curve to proposed cuts, the way an editor would make them.

Pure and quick (numpy only), since the threshold keys call it while they are held down.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import Samples, inside, s_to_samples, united
from engine.document.analysis import APART_BEATS, NOWHERE, BeatGrid, Listening, NearestReference, ScoreCurve
from engine.document.proposals import (
    QUESTION,
    UNFAMILIAR,
    Alternative,
    Evidence,
    Proposal,
    Verdict,
    proposal_id,
)
from engine.document.pulse import has_music
from engine.document.settings import CutSettings
from engine.features.taste.anomaly.threshold import SMOOTHING_S
from engine.features.taste.cuts.default_cuts import (
    are_certain,
    are_faults,
    are_foreign,
    are_unlike_rest,
    are_usual,
    evident_phrases,
    phrases_in,
    share_in,
    sharpened,
    with_own_level,
    without_plain_music,
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
    CutRules,
    DecidedSpans,
    cuts_at,
    nearest_crossings,
    remaining_samples,
    scored_accepted,
)
from engine.features.taste.cuts.target_length import cuts_for_target
from engine.features.taste.cuts.unfamiliar import (
    Sounds,
    familiar_songs,
    question,
    unfamiliar_passages,
    unfamiliar_songs,
    unlike_from,
    with_familiar,
    without_songs,
)

CUT_COST_S = 0.25
"""Minimum gain of a cut: this many seconds of score one standard deviation above the threshold; less is not
worth a seam.
"""

OPTIMISED_CUT_COST_S = 1.0
"""The same where cuts of a wished-for length are searched. Scores that are wrong here and there are then left
alone more often: of planted faults more is found at the same length up to here, and less beyond."""


WITHOUT_PULSE_S = 1.0
"""Shortest piece without beats: a few words."""

LEAST_STRONG_S = 5.0
"""A shorter cut by the score alone has weak evidence: most false cuts of music are short."""

_MOSTLY = 0.5
_OF_PHRASES = 1.25
"""Sentences differ more than ten seconds of music: more evidence is asked of them."""
_PULSE_BEATS = 48
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
    curve = (given := _Given(curve, listening, grid, rate_hz, settings, nearest).levelled(is_default)).curve
    width_s = OPTIMISED_SMOOTHING_S if settings.threshold_mode == "keep" else SMOOTHING_S
    exact = exact_spans(curve, listening)
    profile = smooth(curve, length_samples=length_samples, rate_hz=rate_hz, width_s=width_s, sharp=exact)
    found = given.found_by_rules()
    unfamiliar = _unfamiliar(given, profile, found, unlike_from(curve.limit))
    if is_default and len(taught := _taught(curve, unfamiliar, familiar)):
        given = replace(given, curve=(curve := with_familiar(curve, taught, rate_hz)))
        unfamiliar = _unfamiliar(given, profile, found, curve.limit)
    stays = united(np.concatenate([answered.rejected, familiar, familiar_songs(curve, familiar)]))
    passages = _open_passages(given, unfamiliar, united(np.concatenate([answered.accepted, stays])))
    walls = replace(answered, rejected=united(np.concatenate([answered.rejected, passages])))
    rules = _rules(settings, profile, grid, rate_hz)
    chosen = _choose(given, profile, walls, rules, exact)
    chosen, fixed = _evident(given, chosen, found, exact, rules) if is_default else (chosen, exact.ravel())
    spans, others = _snapped(given, profile, walls, rules, fixed, chosen)
    proposals = _proposals(given, spans, others, profile, walls)
    if settings.threshold_mode != "keep":
        proposals = _with_evidence(given, proposals, unfamiliar, found)
    songs = unfamiliar[:0]
    if is_default:
        sounds = Sounds(curve, listening, grid, length_samples, rate_hz)
        songs = unfamiliar_songs(sounds, united(np.concatenate([spans, answered.accepted])), stays)
    questions = _questions(given, without_songs(passages, songs, rate_hz), songs, profile)
    rows = tuple(sorted((*proposals, *questions), key=lambda one: (one.start_samples, one.stop_samples)))
    left = remaining_samples(spans, profile, walls)
    return CutPlan(rows, chosen.threshold, left, left / length_samples, len(questions))


def _taught(curve: ScoreCurve, unfamiliar: Samples, familiar: Samples) -> Samples:
    """Return the passages that the user keeps and that score high throughout, shape (k, 2).

    The others are songs that only their notes make unfamiliar: their highest scores can be faults.
    """
    is_song = share_in(familiar, curve.unfamiliar_samples) >= _MOSTLY
    is_high = share_in(familiar, unfamiliar) >= _MOSTLY
    is_familiar = share_in(unfamiliar, familiar[~is_song | is_high]) >= _MOSTLY
    return united(np.concatenate([familiar[~is_song], unfamiliar[is_familiar]]))


@dataclass(frozen=True, slots=True, eq=False)
class _Given:
    """The input of a plan, see `propose_cuts`."""

    curve: ScoreCurve
    listening: Listening | None
    grid: BeatGrid | None
    rate_hz: int
    settings: CutSettings
    nearest: NearestReference | None

    @property
    def dead_air(self) -> Samples:
        """Return the dead air, shape (k, 2)."""
        return NOWHERE if self.listening is None else self.listening.dead_air_samples

    @property
    def phrases(self) -> Samples:
        """Return the phrases of speech, shape (k, 2)."""
        return NOWHERE if self.has_pulse else phrases_in(self.listening, self.rate_hz)

    def levelled(self, is_default: bool) -> _Given:
        """Return it with the limits of the recording if it is of a place."""
        return replace(self, curve=with_own_level(self.curve)) if is_default and self.is_place else self

    def are_evident(self, spans: Samples, found: Samples, least: float = 1.0) -> NDArray[np.bool_]:
        """Return whether spans, shape (n, 2), are faults; at a place, sound unlike the rest is one."""
        evident = are_faults(spans, self.curve, found, self.rate_hz, least)
        return evident | are_unlike_rest(spans, self.curve, self.rate_hz) if self.is_place else evident

    @property
    def is_place(self) -> bool:
        """Whether the recording is neither music with a pulse nor speech."""
        return self.listening is not None and not self.has_pulse and not len(self.phrases)

    @property
    def has_pulse(self) -> bool:
        """Whether the recording is music with a pulse."""
        return self.grid is not None and _has_pulse(self.grid)

    def found_by_rules(self) -> Samples:
        """Return dead air and faults found by rules, shape (k, 2): evidence even in unfamiliar music."""
        starts, faults = self.curve.false_starts_samples[:, :2], self.curve.faults_samples
        return united(np.concatenate([self.dead_air, starts, faults]))


def _evident(
    given: _Given, chosen: _Chosen, found: Samples, exact: Samples, rules: CutRules
) -> tuple[_Chosen, Samples]:
    """Return the user's sort of cuts with evidence, and edges that stay; of speech, phrases that have it."""
    curve, rate_hz, fixed = given.curve, given.rate_hz, exact.ravel()
    chosen = chosen.where(are_usual(chosen.spans, curve, given.grid, given.listening, rate_hz))
    phrases = given.phrases
    if not len(phrases):
        if given.is_place:
            spans = sharpened(chosen.spans, exact, curve)
        else:
            spans = without_plain_music(chosen.spans, curve, found, rate_hz)
        if not np.array_equal(spans, chosen.spans):
            chosen = replace(chosen, spans=spans, scored=spans)
        return chosen.where(given.are_evident(chosen.spans, found)), fixed
    spans = evident_phrases(
        chosen.spans,
        phrases,
        exact,
        rules.minimum_kept,
        lambda some: given.are_evident(some, found, _OF_PHRASES) | are_foreign(some, curve),
    )
    return replace(chosen, spans=spans, scored=spans), np.append(fixed, np.setdiff1d(spans, chosen.spans))


def _unfamiliar(given: _Given, profile: ScoreProfile, found: Samples, line: float) -> Samples:
    """Return the unfamiliar passages, shape (k, 2), without those that have evidence of faults."""
    curve, rate_hz = given.curve, given.rate_hz
    passages = unfamiliar_passages(profile, found, line, rate_hz, given.grid, given.listening)
    return passages[~given.are_evident(passages, found)] if len(curve.part_limits) else passages


def _snapped(
    given: _Given,
    profile: ScoreProfile,
    answered: DecidedSpans,
    rules: CutRules,
    fixed: Samples,
    chosen: _Chosen,
) -> tuple[Samples, list[tuple[Alternative, ...]]]:
    """Return the cuts at their places, shape (n, 2), and the alternatives of each; fixed edges stay."""
    settings, grid, rate_hz = given.settings, given.grid, given.rate_hz
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


def _open_passages(given: _Given, passages: Samples, answers: Samples) -> Samples:
    """Return the passages without a decided span and music of the edits: only the default has questions."""
    if given.settings.threshold_mode != "automatic":
        return passages[:0]
    if given.curve.knows_music and has_music(given.grid):
        passages = passages[share_in(passages, given.curve.unfamiliar_samples) >= _MOSTLY]
    first = np.searchsorted(answers[:, 1], passages[:, 0], side="right")
    last = np.searchsorted(answers[:, 0], passages[:, 1], side="left")
    return passages[first >= last]


def _with_evidence(
    given: _Given, cuts: tuple[Proposal, ...], unfamiliar: Samples, found: Samples
) -> tuple[Proposal, ...]:
    """Mark cuts as weak that are mostly unfamiliar music, or short, unless rules found most of them.

    By default, those without certain evidence are weak, too.
    """
    spans = np.array([(one.start_samples, one.stop_samples) for one in cuts], np.int64).reshape(-1, 2)
    is_short = np.diff(spans)[:, 0] < LEAST_STRONG_S * given.rate_hz
    is_weak = (is_short | (share_in(spans, unfamiliar) >= _MOSTLY)) & (share_in(spans, found) < _MOSTLY)
    if given.settings.threshold_mode == "automatic":
        is_weak |= ~are_certain(spans, given.curve, given.dead_air, given.rate_hz)
    return tuple(
        replace(one, evidence=Evidence.WEAK) if weak else one
        for one, weak in zip(cuts, is_weak.tolist(), strict=True)
    )


def _questions(
    given: _Given, passages: Samples, songs: Samples, profile: ScoreProfile
) -> tuple[Proposal, ...]:
    """Return a weak cut for each unfamiliar passage and song, so that no bulk answer cuts it."""
    maker, every = given.curve.maker, np.concatenate([passages, songs])
    scores, _ = profile.peaks(every[:, 0], every[:, 1])
    return tuple(
        Proposal(
            id=proposal_id("cut", start, stop, maker),
            kind="cut",
            start_samples=start,
            stop_samples=stop,
            score=score,
            reason=question(start, stop, given.grid, given.rate_hz, is_song=number >= len(passages)),
            maker=maker,
            payload={"crossfade_ms": given.settings.crossfade_ms, QUESTION: UNFAMILIAR},
            evidence=Evidence.WEAK,
        )
        for number, ((start, stop), score) in enumerate(zip(every.tolist(), scores.tolist(), strict=True))
    )


def _proposals(
    given: _Given,
    spans: Samples,
    others: list[tuple[Alternative, ...]],
    profile: ScoreProfile,
    decided: DecidedSpans,
) -> tuple[Proposal, ...]:
    curve, listening, rate_hz = given.curve, given.listening, given.rate_hz
    nearest = given.nearest if given.nearest is not None and given.nearest.maker == curve.maker else None
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
        _crossfades_ms(spans, cuts, profile.length_samples, rate_hz, given.settings.crossfade_ms),
        strict=True,
    )
    return tuple(
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
    )


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
    if grid is None or grid.tempo_bpm <= 0.0 or not _has_pulse(grid):
        return WITHOUT_PULSE_S
    return float(np.clip(_TWO_BARS_BEATS * 60.0 / grid.tempo_bpm, *_TWO_BARS_S))


def _has_pulse(grid: BeatGrid) -> bool:
    """Return whether a run of beats is long enough for music: a few follow each other in speech too."""
    between = np.diff(grid.beats_samples)
    breaks = np.flatnonzero(between > APART_BEATS * np.median(between)) if len(between) else between
    return bool(np.diff(np.concatenate([[-1], breaks, [len(between)]])).max() >= _PULSE_BEATS)


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


@dataclass(frozen=True, slots=True, eq=False)
class _Chosen:
    """Spans to cut, shape (n, 2), the same where the score alone would put their edges, and the threshold."""

    spans: Samples
    scored: Samples
    threshold: float

    def where(self, chosen: NDArray[np.bool_]) -> _Chosen:
        """Return some of the cuts."""
        return replace(self, spans=self.spans[chosen], scored=self.scored[chosen])


def _choose(
    given: _Given, profile: ScoreProfile, decided: DecidedSpans, rules: CutRules, exact: Samples
) -> _Chosen:
    """Return the cuts; for a target share already on beats, for a threshold before snapping."""
    settings, rate_hz = given.settings, given.rate_hz
    if settings.threshold_mode == "keep":
        length = profile.length_samples
        places = candidates(length, given.listening, given.grid, rate_hz, snap=settings.snap)
        places = np.union1d(places, exact.ravel())
        best = cuts_for_target(profile, settings.keep, decided, rules, places)
        scored = nearest_crossings(profile, best.threshold, best.spans, rules.moved)
        return _Chosen(best.spans, scored, best.threshold)
    threshold = given.curve.limit if settings.threshold_mode == "automatic" else settings.score
    if settings.threshold_mode == "percentile":
        threshold = float(np.percentile(profile.scores, settings.percentile))
    spans = ending_with(cuts_at(profile, threshold, decided, rules), exact, rate_hz)
    return _Chosen(spans, spans, threshold)


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
