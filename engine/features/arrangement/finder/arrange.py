"""Propose the arrangement of an editor model: cuts, repeats and moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.core.timebase import format_time, runs, samples_to_s
from engine.core.wording import percent, quoted
from engine.document.kinds.order import CUT, MOVE, REPEAT
from engine.document.proposals import BY_ARRANGING, Alternative, Evidence, Proposal, proposal_id
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.features.arrangement.choices.units import in_phrases
from engine.features.arrangement.decode import Bounds, Decoded
from engine.features.arrangement.editor import Editor, arrangements, load_editor, shipped_network
from engine.features.arrangement.finder.learn_edits import edits_of
from engine.features.arrangement.finder.requests import (
    ArrangeRequest,
    LearnEditsRequest,
    ProposedArrangement,
    RawAndEdited,
    require_arranging,
)
from engine.features.arrangement.methods import BY_NETWORK, NO_HITS, NO_RATE, Hits, Method, agreed_cuts_of
from engine.features.arrangement.network import Pair
from engine.features.arrangement.reasons import Reason, Reasons
from engine.features.arrangement.references import references_of
from engine.features.arrangement.step_features import StepFeatures, hear
from engine.features.arrangement.steps import Order, Span, length_s, plays, spans_of
from engine.features.taste.cuts.edges import ATTACK_S
from engine.recordings.listen import mono_blocks
from engine.sound.edl.edits_that_play import Played, Wanted, edits_that_play
from engine.sound.edl.gathered import gathered_accepted

_OTHERS = 3
_LEAST_STEPS = 4
"""No piece is shorter than a bar, or two seconds where nothing is counted."""
_OF_A_PIECE = 0.25
"""A crossfade is no longer than this share of the pieces it joins."""
_LEAST_S = 0.1
EARLY_S = 0.06
"""An attack that is earlier than its beat by up to this belongs to the beat."""
_LEAST_PART_S = 1.0
_MOSTLY = 0.5
_DISAGREED = "Other habits that fit your pairs about as well play it."
_LEAST_LEFT = 0.1
"""Minimum share of a recording in the result; less remains only of other material or if the user asks for it.
"""


def arrange(request: ArrangeRequest, progress: Progress) -> ProposedArrangement:
    """Propose an arrangement of a document.

    Held spans are played, cut spans are not, and edges are placed on beats if the grid has any.

    Raises
    ------
    UsageError : the document is empty, the held spans are longer than requested, the example does not fit, or
        hardly anything would remain although the request does not ask for that
    SourceError : a recording cannot be read
    OffcutError : the editor cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    require_arranging(state, request.minutes)
    shipped_network()  # a missing network is reported before the analysis, which takes minutes
    editor = load_editor(request.editor) if request.editor is not None else None
    like = []
    if request.like is not None:
        raw, edited = request.like
        example = LearnEditsRequest((RawAndEdited((raw,), edited),))
        like = list(edits_of(example, progress.part(0.0, 0.5)).pairs)
        progress = progress.part(0.5, 1.0)
    blocks = mono_blocks(state, request.media)
    listening = progress.part(0.0, 0.9)
    known = None if request.sections is None else request.sections.in_seconds(state.rate_hz)
    length, talk_s = state.length_samples, request.talk_s
    heard = hear(blocks, state.rate_hz, length, request.grid, request.curve, listening, known, talk_s)
    progress.report(0.9, "Arranging")
    made = arranged(request, heard, editor, like)
    if request.is_anybody and made.result_s < _LEAST_LEFT * made.recording_s:
        left = percent(made.result_s / made.recording_s)
        raise UsageError(
            f"Of this recording {left} would be left: it is unlike the training data of the editors. "
            "Name an editor of your own, an example or a length."
        )
    return replace(made, has_old_rules=editor is not None and editor.has_old_rules)


def arranged(
    request: ArrangeRequest, heard: StepFeatures, editor: Editor | None = None, like: Sequence[Pair] = ()
) -> ProposedArrangement:
    """Propose an arrangement of a recording that is already analysed.

    Raises
    ------
    UsageError : the held spans are longer than requested
    """
    bounds = bounds_of(request.state, heard, request.minutes)
    seeds = range(_OTHERS * request.seed + 1, _OTHERS * request.seed + 1 + _OTHERS)
    found = arrangements(shipped_network(), heard, bounds, editor=editor, like=like, seeds=tuple(seeds))
    # The likeliest is that of seed 0; another seed asks for another one.
    if request.seed and len(found) > 1:
        found = [*found[1:], found[0]]
    edges = before_attacks(heard.steps.edges_samples, request.onsets_samples, request.state.rate_hz)
    method = BY_NETWORK if editor is None or like else editor.method
    return proposed_of(request.state, heard, found, _habit_of(editor), edges, method)


def before_attacks(edges: NDArray[np.int64], onsets: NDArray[np.int64], rate_hz: int) -> NDArray[np.int64]:
    """Return edges of steps, those just after an attack ahead of it: a player may be early for the beat."""
    if not len(onsets) or len(edges) < 3:
        return edges
    moved = edges.copy()
    reach, ahead = round(EARLY_S * rate_hz), round(ATTACK_S * rate_hz)
    inner = edges[1:-1]
    first = np.minimum(np.searchsorted(onsets, inner - reach), len(onsets) - 1)
    is_near = (onsets[first] >= inner - reach) & (onsets[first] <= inner + ahead)
    moved[1:-1] = np.where(is_near, np.minimum(inner, onsets[first] - ahead), inner)
    return np.maximum.accumulate(moved)


def _habit_of(editor: Editor | None) -> str:
    """Return the rule by which an editor arranges, as a sentence; empty if the network does."""
    if editor is None or editor.method.words is None or editor.habits is None or editor.habits.rule is None:
        return ""
    return f"Editor {quoted(editor.name)} {editor.habits.rule}."


def bounds_of(state: DocumentState, heard: StepFeatures, minutes: float | None) -> Bounds:
    """Return the bounds of an arrangement of a document.

    Raises
    ------
    UsageError : the held spans are longer than requested
    """
    done = gathered_accepted(state)
    held = _touched(heard, done.holds)
    dropped = np.stack([done.drop_starts, done.drop_stops], axis=1) if len(done.drop_starts) else ()
    never = _covered(heard, dropped) & ~held
    if minutes is not None and held.any():
        held_s = float(heard.steps.lengths_s[held].sum())
        if held_s > 60.0 * minutes:
            raise UsageError(
                f"Your keeps alone last {format_time(held_s, 0)}, longer than {minutes:g} minutes."
            )
    target_s = None if minutes is None else 60.0 * minutes
    return Bounds(held, never, least_steps=_LEAST_STEPS, target_s=target_s)


def _touched(heard: StepFeatures, spans: Iterable[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Return the steps that overlap a span."""
    edges = heard.steps.edges_samples
    flags = np.zeros(len(heard), bool)
    for start, stop in spans:
        flags |= (edges[1:] > start) & (edges[:-1] < stop)
    return flags


def _covered(heard: StepFeatures, spans: Iterable[NDArray[np.int64]]) -> NDArray[np.bool_]:
    """Return the steps whose larger part is inside a span."""
    flags = np.zeros(len(heard), bool)
    for start, stop in spans:
        first, last = heard.steps.within(int(start), int(stop))
        flags[first:last] = True
    return flags


def proposed_of(
    state: DocumentState,
    heard: StepFeatures,
    found: Sequence[Decoded],
    habit: str = "",
    edges: NDArray[np.int64] | None = None,
    method: Method = BY_NETWORK,
) -> ProposedArrangement:
    """Return the first of some arrangements as proposals, and the others as their alternatives.

    Parameters
    ----------
    habit : the rule of the editor, as a sentence
    edges : where the steps begin and end in the proposals, see `before_attacks`
    method : by which they were made, with its rates of right edits
    """
    order = found[0].order
    recording_s = samples_to_s(state.length_samples, state.rate_hz)
    if not len(order):
        return ProposedArrangement((), recording_s, recording_s, ())
    edges = heard.steps.edges_samples if edges is None else edges
    others, agreed = tuple(one.order for one in found[1:]), agreed_cuts_of(method, heard)
    maker = _Maker(state, heard, order, others, habit, edges, method.hits, agreed, in_phrases(heard))
    proposals = tuple(sorted(maker.proposals(), key=lambda one: one.start_samples))
    others_s = tuple(length_s(one.order, heard.steps) for one in found[1:])
    return ProposedArrangement(
        proposals, length_s(order, heard.steps), recording_s, others_s, maker.references(), heard.takes
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Maker:
    """Makes proposals of an order."""

    state: DocumentState
    heard: StepFeatures
    order: Order
    others: tuple[Order, ...]
    habit: str
    edges: NDArray[np.int64]
    hits: Hits
    agreed: NDArray[np.bool_]
    is_phrase: NDArray[np.bool_]

    def proposals(self) -> Iterator[Proposal]:
        """Yield them."""
        reasons = Reasons.of(self.heard, self.order, self.habit)
        others = [self._left_out(order) for order in self.others]
        for wanted in self._wanted():
            if wanted.stop_samples - wanted.start_samples < _LEAST_S * self.state.rate_hz:
                continue
            steps = self.heard.steps.within(wanted.start_samples, wanted.stop_samples)
            if steps[1] <= steps[0]:
                continue
            reason_of = {CUT.name: reasons.of_cut, REPEAT.name: reasons.of_repeat, MOVE.name: reasons.of_move}
            alternatives = self._alternatives(wanted, others) if wanted.kind == CUT.name else ()
            yield self._proposal(
                wanted, self._counted(wanted, steps, reason_of[wanted.kind](steps)), alternatives
            )

    def _counted(self, wanted: Wanted, steps: Span, reason: Reason) -> Reason:
        """Return a reason, with how often such edits were the editor's if that is known."""
        is_cut_of_phrase = float(self.is_phrase[steps[0] : steps[1]].mean()) > _MOSTLY
        of_cut = self.hits.phrases if is_cut_of_phrase else self.hits.others
        rate = {CUT.name: of_cut, REPEAT.name: self.hits.repeats}.get(wanted.kind, NO_RATE)
        if not rate.count:
            return replace(reason, evidence=Evidence.WEAK) if self.hits != NO_HITS else reason
        if wanted.kind == CUT.name and float(self.agreed[steps[0] : steps[1]].mean()) <= _MOSTLY:
            return Reason(f"{reason.text} {_DISAGREED}", Evidence.WEAK)
        rate_text = f"{rate.right} of {rate.count} such edits in your own pairs are right."
        evidence = Evidence.STRONG if rate.is_reliable else Evidence.WEAK
        return Reason(f"{reason.text} {rate_text}", evidence)

    def references(self) -> tuple[tuple[int, int], ...]:
        """Return the takes that others are compared with, [start, stop) in samples."""
        edges = self.heard.steps.edges_samples
        flags = references_of(self.heard, plays(self.order, len(self.heard)))
        return tuple((int(edges[first]), int(edges[last])) for first, last in runs(flags).tolist())

    def _wanted(self) -> Iterator[Wanted]:
        """Yield the edits that make the order; cuts are split where playing begins, for separate answers."""
        for one in edits_that_play(self._played(), self.state.length_samples):
            if one.kind != CUT.name:
                yield one
                continue
            for start, stop in self._parted(one.start_samples, one.stop_samples):
                yield Wanted(one.kind, start, stop, one.payload)

    def _parted(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield the parts of a span, each from where playing begins to where it begins again."""
        steps = self.heard.steps
        begins = [int(self.edges[steps.nearest_edge(begin_s)]) for begin_s, _ in self.heard.takes.played_s]
        least = _LEAST_PART_S * self.state.rate_hz
        inner = [place for place in begins if start + least <= place <= stop - least]
        yield from pairwise([start, *inner, stop])

    def _played(self) -> list[Played]:
        """Return the spans of samples, with crossfades that fit them."""
        edges = self.edges
        longest_ms = cut_settings(self.state.settings).crossfade_ms
        spans = [(int(edges[first]), int(edges[last])) for first, last in spans_of(self.order)]
        made = []
        for number, (start, stop) in enumerate(spans):
            around = [stop - start, *([spans[number - 1][1] - spans[number - 1][0]] if number else [])]
            fits_ms = 1000.0 * _OF_A_PIECE * min(around) / self.state.rate_hz
            made.append(Played(start, stop, min(longest_ms, fits_ms) if number else 0.0))
        return made

    def _left_out(self, order: Order) -> list[tuple[int, int]]:
        """Return the spans of samples that another arrangement leaves out."""
        is_out = plays(order, len(self.heard)) == 0
        edges = self.edges
        return [
            part
            for first, last in runs(is_out).tolist()
            for part in self._parted(int(edges[first]), int(edges[last]))
        ]

    def _alternatives(
        self, wanted: Wanted, others: Sequence[Sequence[tuple[int, int]]]
    ) -> tuple[Alternative, ...]:
        """Return the edges that other arrangements give the same cut."""
        own = (wanted.start_samples, wanted.stop_samples)
        known, made = {own}, []
        for number, cuts in enumerate(others, start=2):
            for span in cuts:
                shared = min(span[1], own[1]) - max(span[0], own[0])
                if shared > 0.5 * (own[1] - own[0]) and span not in known:
                    known.add(span)
                    made.append(Alternative(f"As in arrangement {number}", *span))
        return tuple(made)

    def _proposal(self, wanted: Wanted, reason: Reason, alternatives: tuple[Alternative, ...]) -> Proposal:
        start, stop = wanted.start_samples, wanted.stop_samples
        identity = None if wanted.kind == CUT.name else wanted.payload
        key = proposal_id(wanted.kind, start, stop, BY_ARRANGING, (), identity)
        # The score is the share of the arrangements that agree, never quite certain.
        first, last = self.heard.steps.within(wanted.start_samples, wanted.stop_samples)
        is_cut = wanted.kind == CUT.name
        shares = []
        for order in (self.order, *self.others):
            times = plays(order, len(self.heard))[first:last]
            shares.append(float((times == 0).mean() if is_cut else (times > 1).mean()))
        score = round(0.5 + 0.45 * float(np.mean(shares)), 3)
        return Proposal(
            key,
            wanted.kind,
            start,
            stop,
            score,
            reason.text,
            BY_ARRANGING,
            alternatives,
            dict(wanted.payload),
            evidence=reason.evidence,
        )
