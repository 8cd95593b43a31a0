"""Passages played more than once in a document: one take of each stays, others are proposed as cuts.

Each listed take has facts: its differences from the others, and its verdict.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.analysis.found_takes import FalseStart, FoundTakes, Take, TakeGroup
from engine.core.progress import Progress
from engine.core.timebase import format_time, s_to_samples
from engine.core.wording import begun, counted, listed, percent
from engine.document.analysis import TAKES, ScoreCurve, require_recording
from engine.document.edits.analyses import takes_id
from engine.document.edits.proposals import is_held
from engine.document.kinds import KINDS
from engine.document.kinds.kind import CROSSFADE_MS
from engine.document.kinds.order import CUT, KEEP
from engine.document.proposals import BY_TAKES, Alternative, Decision, Proposal, Verdict, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState, Edit, Row, row_changes
from engine.features.takes.find import find_takes
from engine.features.takes.finders.takes_that_play import do_play, span_of, stored_takes, without_answers_to
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.listen import mono_blocks

_OF_A_PASSAGE = 0.6
"""Score of a cut of the poorer take, if no taste gives one."""
_SAME_S, _BOTH = 0.5, 2
_MOSTLY = 0.5
_LONGEST_PAUSE_S = 60.0
_CLEARLY = 0.02
"""Mean scores nearer than that are the same."""


@dataclass(frozen=True, slots=True)
class ProposedTakes:
    """Proposed cuts, and the takes they come from."""

    proposals: tuple[Proposal, ...]
    found: FoundTakes

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        groups, starts = len(self.found.groups), len(self.found.likely_false_starts())
        if not groups and not starts:
            return "No repeated takes."
        several = f"{counted(groups, 'passage')} played more than once"
        found_text = listed(
            [*([several] if groups else []), *([counted(starts, "false start")] if starts else [])]
        )
        return f"{begun(found_text)}; {counted(len(self.proposals), 'cut')} proposed."


def takes_in_document(request: AnalysisRequest, progress: Progress) -> FoundTakes:
    """Find passages played more than once in the unedited mix.

    Raises
    ------
    SourceError : a recording cannot be read
    UsageError : the document has no recording
    Cancelled : the user asked for it
    """
    state = request.state
    require_recording(state, "analyse")
    return find_takes(mono_blocks(state, request.media), state.rate_hz, state.length_samples, progress)


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the takes, as `engine.recordings.analyses` asks for them."""
    found = stored_takes(takes_in_document(request, progress))
    return FoundAnalyses({TAKES: found}, {TAKES: takes_id(request.state)})


def propose_takes(
    state: DocumentState,
    found: FoundTakes,
    curve: ScoreCurve | None = None,
    kept: Mapping[int, int] | None = None,
) -> ProposedTakes:
    """Propose to keep the best take of each passage, and to cut the others and every false start.

    The best take plays most of the passage, then has the lowest mean score, then is the last. A take inside
    a longer performance is never proposed: the second verse stays even if it was practised afterwards. Takes
    that accepted edits cut are neither the best nor proposed, so one take of each passage plays on.

    Parameters
    ----------
    curve : the anomaly scores, if a taste was used
    kept : the user's chosen take by group number; None to read it from the document
    """
    kept = kept_takes(state, found) if kept is None else kept
    cutter = TakeCutter(state, found, curve)
    starts = found.likely_false_starts()
    keeps = [found.groups[group].takes[number] for group, number in kept.items()]
    made = [
        cutter.false_start(one)
        for one in starts
        if cutter.plays_again(one) and not any(_is_same(one, take) for take in keeps)
    ]
    for number, group in enumerate(found.groups):
        made += cutter.others(group, starts, kept.get(number))
    unique = {one.id: one for one in made}
    return ProposedTakes(tuple(sorted(unique.values(), key=lambda one: one.start_samples)), found)


def kept_takes(state: DocumentState, found: FoundTakes) -> dict[int, int]:
    """Return of groups, by number, the take that the user keeps."""
    keeps = [
        (one.start_samples, one.stop_samples)
        for key, one in state.proposals.items()
        if (one.kind, one.maker) == (KEEP.name, BY_TAKES) and state.verdict(key) is Verdict.ACCEPTED
    ]
    return {
        group: number
        for group, takes in enumerate(found.groups)
        for number, take in enumerate(takes.takes)
        if any(mostly_shared(span_of(state, take), keep) for keep in keeps)
    }


def keep_take(
    state: DocumentState, found: FoundTakes, curve: ScoreCurve | None, kept: Mapping[int, int], group: int
) -> Edit:
    """Return the edit that keeps a take of a passage by an accepted keep, and proposes to cut the others.

    Earlier answers to cuts of this take, and earlier choices for this passage, are removed.

    Parameters
    ----------
    kept : the chosen take of this group and of those chosen before, by group
    group : the number of this one
    """
    takes = found.groups[group]
    number = kept[group]
    proposed = propose_takes(without_answers_to(state, BY_TAKES), found, curve, kept).proposals
    keep = _keep(state, takes, number)
    fresh = {one.id: one for one in (*proposed, keep)}
    rows: list[tuple[Row | None, Row | None]] = []
    spans = [span_of(state, take) for take in takes.takes]
    for key, one in state.proposals.items():
        if one.maker != BY_TAKES or key in fresh:
            continue
        place = (one.start_samples, one.stop_samples)
        is_of_group = any(mostly_shared(place, span) for span in spans)
        if is_of_group or not is_held(state.decisions.get(key)):
            rows += [(one, None), (state.decisions.get(key), None)]
    rows += [(state.proposals.get(key), one) for key, one in fresh.items() if key not in state.proposals]
    rows.append((state.decisions.get(keep.id), Decision(keep.id, Verdict.ACCEPTED)))
    return Edit(f"Keep take {number + 1} of the {takes.name}", row_changes(rows))


def _keep(state: DocumentState, group: TakeGroup, number: int) -> Proposal:
    start, stop = span_of(state, group.takes[number])
    reason = f"Take {number + 1} of {len(group.takes)} of the {group.name}; the one you keep."
    key = proposal_id(KEEP.name, start, stop, BY_TAKES)
    return Proposal(key, KEEP.name, start, stop, _OF_A_PASSAGE, reason, BY_TAKES)


@dataclass(frozen=True, slots=True, eq=False)
class TakeCutter:
    """Makes proposals from the takes found in a document."""

    state: DocumentState
    found: FoundTakes
    curve: ScoreCurve | None

    def false_start(self, one: FalseStart) -> Proposal:
        """Return the cut of an attempt."""
        return self._cut(one.start_s, one.stop_s, one.likelihood, one.reason)

    def others(
        self, group: TakeGroup, starts: tuple[FalseStart, ...], kept: int | None = None
    ) -> Iterator[Proposal]:
        """Yield cuts of the playing takes of a passage except the best or chosen one and false starts."""
        playing = self.playing(group)
        best = self.best(group) if kept is None else group.takes[kept]
        if best is None:
            return
        odd_best = self.oddness(best)
        for number, take in enumerate(group.takes, start=1):
            is_listed = any(_is_same(one, take) for one in starts)
            if take is best or take not in playing or is_listed or self.breaks_at(take) < _BOTH:
                continue
            why = []
            if best.complete and not take.complete:
                why.append("is complete")
            elif best.start_s < take.start_s and _played_share(best) > _played_share(take):
                why.append("plays more of it")
            odd = self.oddness(take)
            if odd is not None and odd_best is not None and odd - odd_best > _CLEARLY:
                why.append("has fewer high scores")
            of = f"Take {number} of {len(group.takes)} of the {group.name}"
            other = f"take {group.takes.index(best) + 1} ({format_time(best.start_s, 0)})"
            verdict = "is the one you keep" if kept is not None else listed(why) or "was played later"
            reason = f"{of}; {other} {verdict}."
            yield self.whole(take, reason)

    def playing(self, group: TakeGroup) -> tuple[Take, ...]:
        """Return the takes of a passage that accepted edits let play."""
        plays = do_play(self.state, [span_of(self.state, take) for take in group.takes])
        return tuple(take for take, is_played in zip(group.takes, plays, strict=True) if is_played)

    def best(self, group: TakeGroup) -> Take | None:
        """Return the take of a passage that stays by default; None if all are cut."""
        return max(self.playing(group), key=self.rank, default=None)

    def plays_again(self, one: FalseStart) -> bool:
        """Return whether an attempt plays, and so does its repetition."""
        rate_hz, lasts_s = self.state.rate_hz, one.stop_s - one.start_s
        spans = [
            (s_to_samples(start_s, rate_hz), s_to_samples(start_s + lasts_s, rate_hz))
            for start_s in (one.start_s, one.begins_again_s)
        ]
        return bool(do_play(self.state, spans).all())

    def rank(self, take: Take) -> tuple[float, ...]:
        """Return the sort key of a take; the best take has the highest."""
        odd = self.oddness(take)
        # Tiny differences of scores are ignored: the last take satisfied the players.
        return (_played_share(take), 0.0 if odd is None else -round(odd / _CLEARLY), take.start_s)

    def oddness(self, take: Take) -> float | None:
        """Return the mean score of a take; None without scores."""
        if self.curve is None:
            return None
        rate_hz = self.state.rate_hz
        edges = [s_to_samples(place, rate_hz) for place in (take.start_s, take.stop_s)]
        first, last = np.searchsorted(self.curve.times_samples, edges)
        return float(self.curve.scores[first:last].mean()) if last > first else None

    def breaks_at(self, take: Take) -> int:
        """Return how many of the ends of a take, 0 to 2, are those of playing, within a tolerance."""
        starts = any(abs(start - take.start_s) <= _SAME_S for start, _ in self.found.played_s)
        return starts + any(abs(stop - take.stop_s) <= _SAME_S for _, stop in self.found.played_s)

    def whole(self, take: Take, reason: str) -> Proposal:
        """Return the cut of a take."""
        odd = self.oddness(take)
        return self._cut(take.start_s, take.stop_s, _OF_A_PASSAGE if odd is None else odd, reason)

    def _cut(self, start_s: float, stop_s: float, score: float, reason: str) -> Proposal:
        rate_hz, length = self.state.rate_hz, self.state.length_samples
        start, stop = (min(s_to_samples(place, rate_hz), length) for place in (start_s, stop_s))
        before_s = max((end for _, end in self.found.played_s if end <= start_s + _SAME_S), default=0.0)
        after_s = min(
            (begin for begin, _ in self.found.played_s if begin >= stop_s - _SAME_S), default=stop_s
        )
        ways = []
        if 0.0 < after_s - stop_s <= _LONGEST_PAUSE_S:
            ways.append(
                Alternative("With the pause after it", start, min(s_to_samples(after_s, rate_hz), length))
            )
        if 0.0 < start_s - before_s <= _LONGEST_PAUSE_S:
            ways.append(Alternative("With the pause before it", s_to_samples(before_s, rate_hz), stop))
        payload: dict[str, object] = {CROSSFADE_MS: cut_settings(self.state.settings).crossfade_ms}
        key = proposal_id(CUT.name, start, stop, BY_TAKES)
        return Proposal(key, CUT.name, start, stop, score, reason, BY_TAKES, tuple(ways), payload)


def _played_share(take: Take) -> float:
    """Return the share of its passage that a take plays."""
    return 1.0 if take.complete else take.to_share - take.from_share


def _is_same(start: FalseStart, take: Take) -> bool:
    return mostly_shared((start.start_s, start.stop_s), (take.start_s, take.stop_s))


def mostly_shared(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Return whether two spans share most of their joint length."""
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared > _MOSTLY * (max(one[1], other[1]) - min(one[0], other[0]))


_SPEED = 0.02
"""A take that is less faster or slower is as fast."""


@dataclass(frozen=True, slots=True)
class TakeFacts:
    """Properties of a listed take.

    Attributes
    ----------
    span_samples : where it is
    words : its differences from the others, such as "62 % of the passage, 2 semitones higher"
    is_best : whether it would stay by default
    verdict : of the proposal to cut it; None without one
    is_kept : whether the user keeps it
    is_cut : whether accepted edits cut it, of any maker
    """

    span_samples: tuple[int, int]
    words: str
    is_best: bool
    verdict: Verdict | None
    is_kept: bool
    is_cut: bool


def take_facts(
    state: DocumentState, found: FoundTakes, curve: ScoreCurve | None = None
) -> tuple[tuple[TakeFacts, ...], ...]:
    """Return the facts of each take of each group, with the present decisions."""
    cutter = TakeCutter(state, found, curve)
    made = [one for one in state.proposals.values() if one.maker == BY_TAKES]
    return tuple(
        tuple(_facts(cutter, take, take is best, take not in playing, made) for take in group.takes)
        for group, best, playing in (
            (group, cutter.best(group), cutter.playing(group)) for group in found.groups
        )
    )


def _facts(
    cutter: TakeCutter, take: Take, is_best: bool, is_cut: bool, made: Sequence[Proposal]
) -> TakeFacts:
    state, span = cutter.state, span_of(cutter.state, take)
    own = [one for one in made if mostly_shared((one.start_samples, one.stop_samples), span)]
    cuts = [state.verdict(one.id) for one in own if KINDS[one.kind].drops_span]
    is_kept = any(one.kind == KEEP.name and state.verdict(one.id) is Verdict.ACCEPTED for one in own)
    odd = cutter.oddness(take)
    words = [] if odd is None else [f"score {odd:.2f}"]
    words += [] if take.complete else [f"{percent(take.to_share - take.from_share)} of the passage"]
    if take.transposed_semitones:
        way = "higher" if take.transposed_semitones > 0 else "lower"
        words.append(f"{counted(abs(take.transposed_semitones), 'semitone')} {way}")
    if abs(take.speed - 1.0) >= _SPEED:
        words.append(f"{percent(abs(take.speed - 1.0))} {'faster' if take.speed > 1.0 else 'slower'}")
    return TakeFacts(span, ", ".join(words), is_best, cuts[0] if cuts else None, is_kept, is_cut)
