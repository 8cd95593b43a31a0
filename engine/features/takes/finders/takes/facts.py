"""Facts of each listed take: its differences from the others, and its verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.analysis.found_takes import FoundTakes, Take
from engine.core.wording import counted, percent
from engine.document.analysis import ScoreCurve
from engine.document.decisions import Verdict
from engine.document.kinds import KINDS
from engine.document.kinds.hold import KEEP
from engine.document.proposals import BY_TAKES, Proposal
from engine.document.state import DocumentState
from engine.features.takes.finders.takes.playing import span_of
from engine.features.takes.finders.takes.proposals import TakeCutter, mostly_shared

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
