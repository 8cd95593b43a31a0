"""Texts of the queue and of the open proposal as plain values, without painting or Qt."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import cast

import numpy as np
from numpy.typing import NDArray

from engine.core.timebase import format_time, samples_to_s
from engine.core.wording import begun, listed
from engine.document.analysis import BeatGrid, DetectedSounds, ScoreCurve
from engine.document.edits.by_hand import fade_ms_of
from engine.document.kinds import KINDS, not_available, noun_of
from engine.document.kinds.kind import length_words
from engine.document.kinds.spectra import SPECTRA_DB
from engine.document.proposals import (
    BY_HAND,
    QUESTION,
    SEPARATION_MAKER,
    UNSCORED,
    WEAK_EVIDENCE,
    Evidence,
    Proposal,
    Verdict,
    edited,
    only_it_replaces,
)
from engine.document.pulse import beat_at, steady_beats
from engine.document.state import DocumentState
from engine.document.table import table_of
from engine.review.answers import ReviewStatistics
from engine.review.overlaps import is_cut_away
from engine.review.queue import Learned, Standing
from engine.review.wording import SpanReason, part_wording, sounds_in_cut, sounds_sentence
from widgets.edit_words import (
    YOURS,
    conflict_names,
    conflict_sentence,
    held_sentence,
    taken_in_sentence,
)

MOST_PARTS = 3
FULL_DEVIATIONS = 6.0
"""Deviation from typical values at which a bar is full."""

_LEAST_DEVIATIONS = 0.5


@dataclass(frozen=True, slots=True)
class ScorePart:
    """One part of a score.

    Attributes
    ----------
    name : in words
    deviations : above typical values of the references, in standard deviations
    """

    name: str
    deviations: float

    @property
    def share(self) -> float:
        """Fill of its bar, 0 to 1."""
        return min(1.0, max(0.0, self.deviations / FULL_DEVIATIONS))

    @property
    def spoken(self) -> str:
        """The part as text for screen readers."""
        return f"{self.name}, {self.deviations:+.1f} standard deviations".replace("-", "−")


def leading_parts(curve: ScoreCurve | None, start_samples: int, stop_samples: int) -> tuple[ScorePart, ...]:
    """Return the highest parts in a span, strongest first; empty if the recipe has none.

    A part is ranked by its mean over the span, so that sustained deviations outrank short ones.
    """
    if curve is None or not len(curve.part_names) or not len(curve.times_samples):
        return ()
    times = curve.times_samples
    first = min(int(np.searchsorted(times, start_samples)), len(times) - 1)
    last = max(int(np.searchsorted(times, stop_samples)), first + 1)
    means = curve.parts[first:last].mean(axis=0, dtype=np.float64)
    order = np.argsort(-means, kind="stable")[:MOST_PARTS].tolist()
    return tuple(
        ScorePart(part_wording(curve.part_names[place]), float(means[place]))
        for place in order
        if means[place] >= _LEAST_DEVIATIONS
    )


Positions = Sequence[int] | NDArray[np.int64]
"""Ascending positions in document samples."""

ON_IT_S = 0.008
"""Maximum distance of an edge to the beat or onset under it: cuts are placed 5 ms ahead of them."""

HIGHEST_TOP = 0.5
"""Ranks below this share of the proposals are not written."""

ANY_KIND_ICON, CONFLICT_ICON, WEAK_ICON = "asterisk", "conflict", "weak"
CUT_ALREADY, WEAK, ASKS = "cut already", "weak", "question"
_WEAK = "Weak evidence: bulk answers skip this proposal. Play it first."
_ASKS = "Bulk answers skip this question."
_NEEDS_NO_ANSWER = "An accepted cut already removes this: no decision needed."
VERDICT_ICONS = {Verdict.ACCEPTED: "check", Verdict.REJECTED: "x", Verdict.UNDECIDED: "circle-dot"}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One line of the queue.

    Attributes
    ----------
    length : its effect in words, or the length of its span
    chance : probability of acceptance, None if unknown
    bar : rank by confidence, 0 to 1; None if unknown
    top_share : share of proposals with the same or a higher rank; None for manual edits
    heard : name of the longest, most likely sound in a removed span; "" without one
    is_yours : whether the user made it by hand, or asked for it alone
    is_scored : whether its score is valid
    conflicts : the accepted edits in conflict with it, in words
    is_cut_away : whether it needs no answer, see `engine.review.overlaps`
    is_weak : whether its evidence is weak, see `engine.review.answers`
    is_question : whether it asks about a passage
    """

    id: str
    icon: str
    kind: str
    time: str
    until: str
    length: str
    score: float
    verdict: Verdict
    flagged: bool
    chance: float | None = None
    is_yours: bool = False
    is_scored: bool = True
    conflicts: tuple[str, ...] = ()
    bar: float | None = None
    top_share: float | None = None
    heard: str = ""
    is_cut_away: bool = False
    is_weak: bool = False
    is_question: bool = False

    @property
    def hint(self) -> str:
        """Explanation of the bar, as tooltip."""
        detected = f"\nDetected: {self.heard}" if self.heard else ""
        if self.is_cut_away:
            return f"{_NEEDS_NO_ANSWER}{detected}"
        if not self.is_scored:
            made = "You made this edit" if self.is_yours else "This edit was imported from a file"
            return f"{made}; it has no score.{detected}"
        chance = "" if self.chance is None else f"\nFrom your decisions: {chance_text(self.chance)}"
        score = " ".join(filter(None, (f"Score {self.score:.2f}", top_text(self.top_share))))
        weak = f"{_ASKS if self.is_question else _WEAK}\n" if self.is_weak else ""
        return f"{weak}{score}\nThe bar shows the rank among all proposals.{chance}{detected}"

    @property
    def spoken(self) -> str:
        """The row as text for screen readers."""
        flag = ", flagged" if self.flagged else ""
        span = f"{begun(noun_of(self.kind))} {self.time} – {self.until}"
        chance = "" if self.chance is None else f", cut probability {chance_text(self.chance)}"
        score = YOURS if self.is_yours else f"score {self.score:.2f}" if self.is_scored else "imported"
        clash = f", in conflict with the {' and the '.join(self.conflicts)}" if self.conflicts else ""
        detected = f", {self.heard} detected" if self.heard else ""
        answer = CUT_ALREADY if self.is_cut_away else self.verdict.value
        weak = f", {ASKS if self.is_question else WEAK_EVIDENCE}" if self.is_weak else ""
        return f"{span}, {self.length}, {score}{chance}, {answer}{flag}{weak}{detected}{clash}"


@dataclass(frozen=True, slots=True, eq=False)
class Surroundings:
    """Context of edges: grid, onsets, scores and detected sounds."""

    grid: BeatGrid | None = None
    onsets_samples: Positions = ()
    curve: ScoreCurve | None = None
    sounds: DetectedSounds | None = None


@dataclass(frozen=True, slots=True)
class CardText:
    """Texts of the open proposal; `kept` and `kept_at` are empty without a reference.

    `score`, `top` and `chance` are empty without a score, `chance` also without learned decisions,
    `left` and `right` for a slice, `crossfade` without fades. `parts` are the highest parts of a taste's
    score; `top` is the rank among all proposals, in the upper half. `spectra_db` has the levels before
    and after a repair, see `engine.document.kinds.spectra`.
    """

    title: str
    length: str
    reason: str
    score: str
    left: str
    left_sits: str
    right: str
    right_sits: str
    crossfade: str
    verdict: Verdict
    flagged: bool
    alternative: int
    alternatives: int
    kept: str
    kept_at: str
    chance: str = ""
    verb: str = ""
    parts: tuple[ScorePart, ...] = ()
    note: str = ""
    top: str = ""
    spectra_db: tuple[tuple[float, ...], ...] = ()


def length_text(samples: int, rate_hz: int) -> str:
    """Write a length as flags and the history do: ``40 ms``, ``8.8 s``, past a minute ``12:04``."""
    return length_words(samples_to_s(samples, rate_hz))


def chance_text(chance: float) -> str:
    """Write how likely the user would accept a proposal; nothing is ever certain."""
    return f"{min(99, max(1, round(100 * chance)))} %"


def top_text(share: float | None) -> str:
    """Write the rank of a proposal as ``(top 3 %)``; empty in the lower half, and without a rank."""
    return "" if share is None or share > HIGHEST_TOP else f"(top {max(1, round(100 * share))} %)"


def chance_of(state: DocumentState, proposal_id: str, learned: Learned | None) -> float | None:
    """Return the probability of acceptance of an undecided proposal; None if unknown."""
    if learned is None or learned.chances is None or state.verdict(proposal_id) is not Verdict.UNDECIDED:
        return None
    return float(learned.chances[table_of(state).made.places[proposal_id]])


def row_of(
    state: DocumentState,
    proposal_id: str,
    learned: Learned | None = None,
    standing: Standing | None = None,
    sounds: DetectedSounds | None = None,
) -> QueueRow:
    """Return the row of a proposal as the user has it now."""
    proposal = state.proposals[proposal_id]
    start, stop = state.span(proposal_id)
    decision = state.decisions.get(proposal_id)
    kind, table = KINDS.get(proposal.kind), table_of(state)
    ranks = standing if _is_scored(proposal) else None
    return QueueRow(
        id=proposal_id,
        icon=ANY_KIND_ICON if kind is None else kind.icon,
        kind=proposal.kind,
        time=format_time(samples_to_s(start, state.rate_hz), 1),
        until=format_time(samples_to_s(stop, state.rate_hz), 1),
        length=_amount(state, proposal_id, is_brief=True),
        score=proposal.score,
        verdict=state.verdict(proposal_id),
        flagged=decision is not None and decision.flagged,
        chance=chance_of(state, proposal_id, learned),
        is_yours=proposal.maker == BY_HAND or _is_requested(proposal),
        is_scored=_is_scored(proposal),
        conflicts=conflict_names(state, proposal_id),
        bar=None if ranks is None else ranks.bar(table, proposal_id),
        top_share=None if ranks is None else ranks.top_share(table, proposal_id),
        is_cut_away=is_cut_away(state, proposal_id),
        is_weak=proposal.evidence is Evidence.WEAK,
        is_question=QUESTION in proposal.payload,
        heard=next((one.text for one in sounds_in_cut(state, proposal_id, sounds)), ""),
    )


def _amount(state: DocumentState, proposal_id: str, *, is_brief: bool = False) -> str:
    """Return the amount of a proposal, also in a few letters: its number, or the length of its span."""
    proposal = state.proposals[proposal_id]
    start, stop = state.span(proposal_id)
    kind, length = KINDS.get(proposal.kind), length_text(stop - start, state.rate_hz)
    if kind is None or kind.drops_span:
        return length
    now = edited(proposal, state.decisions.get(proposal_id))
    return kind.how_much(now, state.rate_hz) or length if is_brief else kind.words(now, state.rate_hz)


def _others(state: DocumentState, proposal_id: str) -> int:
    """Return 0 without an alternative, 1 if the alternative is active, 2 if it is available."""
    proposal = state.proposals[proposal_id]
    kind = KINDS.get(proposal.kind)
    if kind is None or proposal.alternatives:
        return 0
    made, now = (kind.other(edited(proposal, answer)) for answer in (None, state.decisions.get(proposal_id)))
    return 0 if now is None else 1 if made is not None and made != now else 2


def card_of(
    state: DocumentState,
    proposal_id: str,
    around: Surroundings,
    learned: Learned | None = None,
    moved: SpanReason | None = None,
    standing: Standing | None = None,
) -> CardText:
    """Return the words of the open proposal.

    Parameters
    ----------
    moved : description with moved edges; None without moved edges, or if unknown
    standing : rank by confidence
    """
    proposal = state.proposals[proposal_id]
    decision = state.decisions.get(proposal_id)
    start, stop = state.span(proposal_id)
    rate_hz = state.rate_hz
    alternative = decision.alternative if decision is not None else 0
    made = proposal.alternatives[alternative - 1] if alternative else proposal
    reference = proposal.nearest_kept
    chance = chance_of(state, proposal_id, learned)
    times = [format_time(samples_to_s(edge, rate_hz), 1) for edge in (start, stop)]
    others = _others(state, proposal_id)
    kind = KINDS.get(proposal.kind)
    is_scored = _is_scored(proposal)
    has_edges = kind is None or kind.has_edges  # those of a slice follow from the hits around it
    is_point, fade_ms = start == stop, fade_ms_of(state, proposal_id)
    return CardText(
        title=f"{begun(noun_of(proposal.kind))} {times[0] if is_point else ' – '.join(times)}",
        length=_amount(state, proposal_id),
        reason=_sentences(state, proposal, alternative, moved, around.sounds),
        score=_score_text(proposal, moved) if is_scored else "",
        top=top_text(standing.top_share(table_of(state), proposal_id) if is_scored and standing else None),
        left=format_time(samples_to_s(start, rate_hz)) if has_edges else "",
        left_sits=sits_on(start, rate_hz, around) + _moved(start - made.start_samples, rate_hz),
        right=format_time(samples_to_s(stop, rate_hz)) if has_edges and not is_point else "",
        right_sits=sits_on(stop, rate_hz, around) + _moved(stop - made.stop_samples, rate_hz),
        crossfade="" if fade_ms is None else f"{fade_ms:g} ms",
        verdict=state.verdict(proposal_id),
        flagged=decision is not None and decision.flagged,
        alternative=alternative + 1 + (others == 1),
        alternatives=len(proposal.alternatives) + 1 + bool(others),
        kept="" if reference is None else PurePath(reference.path).stem,
        kept_at="" if reference is None else format_time(reference.start_s, 0),
        chance="" if chance is None or not is_scored else chance_text(chance),
        verb=proposal.kind if kind is None else kind.verb,
        parts=leading_parts(around.curve, start, stop) if is_scored and _is_of_taste(proposal) else (),
        note="" if decision is None else decision.note,
        spectra_db=_spectra_of(proposal),
    )


def _spectra_of(proposal: Proposal) -> tuple[tuple[float, ...], ...]:
    """Return the levels in bands before and after, () of an edit without them."""
    rows = cast(list[list[float]], proposal.payload.get(SPECTRA_DB, ()))
    return tuple(tuple(map(float, row)) for row in rows)


def _sentences(
    state: DocumentState,
    proposal: Proposal,
    alternative: int,
    moved: SpanReason | None,
    sounds: DetectedSounds | None,
) -> str:
    """Return the chosen alternative, reason, detected sound, overlapped proposals and conflicts."""
    taken = proposal.alternatives[alternative - 1] if alternative else None
    why = proposal.reason if moved is None else moved.reason
    way = ""
    if taken is not None and taken.payload:
        way = f"{taken.label}."
        why = f"As proposed: {why}" if moved is None else why
    weak = _ASKS if QUESTION in proposal.payload else _WEAK
    others = (
        sounds_sentence(sounds_in_cut(state, proposal.id, sounds)),
        _tracks_sentence(state, proposal),
        "" if proposal.evidence is Evidence.STRONG else weak,
        "" if proposal.kind in KINDS else not_available(proposal.kind),
        _NEEDS_NO_ANSWER if is_cut_away(state, proposal.id) else "",
        taken_in_sentence(state, proposal.id),
        conflict_sentence(state, proposal.id),
        held_sentence(state, proposal.id),
    )
    return " ".join(filter(None, (way, why, *others)))


def _tracks_sentence(state: DocumentState, proposal: Proposal) -> str:
    """Return the tracks of an own or imported edit of some; reasons of finders name theirs."""
    names = [track.name for track in state.tracks if track.id in proposal.tracks]
    if proposal.maker not in UNSCORED or not names:
        return ""
    return f"{'Tracks' if names[1:] else 'Track'}: {listed(names)}."


def _is_scored(proposal: Proposal) -> bool:
    """Return whether the score of a proposal is valid."""
    return proposal.maker not in UNSCORED and not _is_requested(proposal)


def _is_requested(proposal: Proposal) -> bool:
    """Return whether the user requested this single repair: its score is 1, not a probability."""
    return proposal.maker.startswith(SEPARATION_MAKER) and proposal.score == 1.0


def _is_of_taste(proposal: Proposal) -> bool:
    """Return whether a proposal comes from the scores of a taste, whose parts explain it."""
    kind = KINDS.get(proposal.kind)
    return kind is not None and kind.is_learned and not only_it_replaces(proposal.maker)


def _score_text(proposal: Proposal, moved: SpanReason | None) -> str:
    if moved is None:
        return f"{proposal.score:.2f}"
    return f"{proposal.score:.2f} as proposed" if moved.score is None else f"{moved.score:.2f}"


def sits_on(position_samples: int, rate_hz: int, around: Surroundings) -> str:
    """Describe the position of an edge: ``downbeat 97``, ``beat 97 | 3``, ``onset`` or ``between beats``."""
    reach = ON_IT_S * rate_hz
    grid = around.grid
    if grid is not None and len(grid.beats_samples):
        nearest = _nearest(grid.beats_samples, position_samples)
        is_near = abs(int(grid.beats_samples[nearest]) - position_samples) <= reach
        if is_near and steady_beats(grid)[nearest]:
            bar = grid.bar_of(nearest)
            beat = int(grid.bar_positions[nearest])
            return f"downbeat {bar}" if beat == 1 else f"beat {bar} | {beat}"
    onsets = around.onsets_samples
    if len(onsets) and abs(int(onsets[_nearest(onsets, position_samples)]) - position_samples) <= reach:
        return "onset"
    return "" if beat_at(grid, position_samples) is None else "between beats"


def _nearest(ascending: Positions, position: int) -> int:
    after = bisect_left(ascending, position)
    around = [index for index in (after - 1, after) if 0 <= index < len(ascending)]
    return min(around, key=lambda index: abs(int(ascending[index]) - position))


def _moved(by_samples: int, rate_hz: int) -> str:
    if not by_samples:
        return ""
    by_s = samples_to_s(by_samples, rate_hz)
    if abs(by_s) >= 1:
        amount = f"{by_s:+.1f} s"
    elif abs(by_s) >= 0.001:
        amount = f"{1000 * by_s:+.0f} ms"
    else:
        amount = f"{by_samples:+d} sample{'s'[: abs(by_samples) != 1]}"
    return f" · moved {amount}".replace("-", "−")


def header_text(statistics: ReviewStatistics, rate_hz: int) -> str:
    """Write ``12 of 38 decided, 5 cut already · result 4:57 (46 %)``: one line in the narrowest queue.

    It is empty where there is nothing to decide.
    """
    if not statistics.total or not rate_hz or not statistics.length_samples:
        return ""
    result = format_time(samples_to_s(statistics.result_samples, rate_hz), 0)
    share = round(100 * statistics.result_samples / statistics.length_samples)
    decided = f"{statistics.decided:,} of {statistics.total:,} decided"
    done = f", {statistics.cut_away:,} {CUT_ALREADY}" if statistics.cut_away else ""
    return f"{decided}{done} · result {result} ({share} %)"


def figures(statistics: ReviewStatistics, rate_hz: int) -> tuple[tuple[str, str], ...]:
    """Return the statistics of a review as names and values; empty without proposals."""
    if not statistics.total or not rate_hz or not statistics.length_samples:
        return ()
    answers = (
        ("accepted", statistics.accepted, statistics.accepted_score),
        ("rejected", statistics.rejected, statistics.rejected_score),
    )
    rest = statistics.result_if_all_accepted_samples
    share = round(100 * rest / statistics.length_samples)
    return (
        *((name, _answers_text(count, statistics.decided, score)) for name, count, score in answers),
        ("flagged", f"{statistics.flagged:,}" if statistics.flagged else "none"),
        ("if all are accepted", f"{format_time(samples_to_s(rest, rate_hz), 0)} ({share} %) remain"),
    )


def _answers_text(count: int, decided: int, mean_score: float | None) -> str:
    if mean_score is None:
        return "none"
    return f"{count:,} ({round(100 * count / decided)} %) · mean score {mean_score:.2f}"
