"""Proposals of a comp: a switch for each run of bars of another take, and cuts of all takes but one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.analysis.found_takes import FoundTakes, Take, TakeGroup
from engine.core.timebase import format_time
from engine.core.wording import begun, percent
from engine.document.analysis import ScoreCurve
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.order import (
    COMP,
    COVERED_START_SAMPLES,
    COVERED_STOP_SAMPLES,
    FIRST_BAR,
    LAST_BAR,
    TAKE,
    TAKE_START_SAMPLES,
    TAKE_STOP_SAMPLES,
    bars_in_words,
)
from engine.document.proposals import BY_COMPING, Alternative, Evidence, Proposal, proposal_id
from engine.document.state import DocumentState
from engine.features.takes.comp import Comp, Run
from engine.features.takes.finders.take_proposals import TakeCutter
from engine.features.takes.finders.takes_that_play import without_answers_to

WEAK = 0.3
"""Probability of a fault in the take that stays, below which a switch has weak evidence."""
_NEAR_S, _LEAST_PIECE_S, _BAR_S, _LEAST_LINES = 0.2, 0.75, 2.0, 3
"""A downbeat just before a take is its own; shorter ends are part of their neighbours; a bar at 120 BPM."""


@dataclass(frozen=True, slots=True, eq=False)
class CompProposals:
    """Makes the proposals of a comp.

    Attributes
    ----------
    group : the passage
    takes : those of the group that the comp chooses from, in its order
    bars : bars in a piece of the comp
    """

    state: DocumentState
    found: FoundTakes
    group: TakeGroup
    takes: Sequence[Take]
    comp: Comp
    bars: int
    curve: ScoreCurve | None = None

    def __iter__(self) -> Iterator[Proposal]:
        """Yield the switches, then the cuts of the other takes."""
        for run in self.comp.switches:
            yield self._switch(run)
        # A cut of each take of the passage except the base; takes inside of longer playing stay.
        cutter = TakeCutter(without_answers_to(self.state, BY_COMPING), self.found, self.curve)
        playing = cutter.playing(self.group)
        for take in self.group.takes:
            if take is self.takes[self.comp.base] or take not in playing or not cutter.breaks_at(take):
                continue
            cut = cutter.whole(take, self._cut_reason(take))
            key = proposal_id(cut.kind, cut.start_samples, cut.stop_samples, BY_COMPING)
            yield replace(cut, id=key, maker=BY_COMPING)

    def _switch(self, run: Run) -> Proposal:
        covered = self._span(run, self.comp.base)
        payload = {
            COVERED_START_SAMPLES: covered[0],
            COVERED_STOP_SAMPLES: covered[1],
            CROSSFADE_MS: HAND_CROSSFADE_MS,
            **dict(zip((FIRST_BAR, LAST_BAR), numbers_of(run, self.bars), strict=True)),
            **self._of_take(run, run.take),
        }
        start, stop = self._span(run, run.take)
        others = [take for take in self.comp.others(run) if take != self.comp.base]
        ways = tuple(
            Alternative(self._way(run, take), *self._span(run, take), self._of_take(run, take))
            for take in others
        )
        key = proposal_id(COMP.name, start, stop, BY_COMPING, (), payload)
        likely = probability_of(self.comp, run, self.comp.base)
        is_sure = likely >= WEAK or self._is_wished(run)
        evidence = Evidence.STRONG if is_sure else Evidence.WEAK
        reason = self._reason(run)
        return Proposal(
            key, COMP.name, start, stop, likely, reason, BY_COMPING, ways, payload, evidence=evidence
        )

    def _span(self, run: Run, take: int) -> tuple[int, int]:
        edges = self.comp.bars.edges_samples[take, [run.first, run.last]]
        start, stop = np.clip(edges, 0, self.state.length_samples).tolist()
        return start, stop

    def _of_take(self, run: Run, take: int) -> dict[str, object]:
        start, stop = self._span(run, take)
        return {TAKE_START_SAMPLES: start, TAKE_STOP_SAMPLES: stop, TAKE: self._number(take)}

    def _number(self, take: int) -> int:
        return self.group.takes.index(self.takes[take]) + 1

    def _name(self, take: int) -> str:
        return f"take {self._number(take)} ({format_time(self.takes[take].start_s, 0)})"

    def _way(self, run: Run, take: int) -> str:
        return way_of(self._name(take), probability_of(self.comp, run, take))

    def _is_wished(self, run: Run) -> bool:
        """Return whether the user rated bars of a run higher than those of the take that stays."""
        stars = self.comp.stars[:, run.first : run.last]
        return bool((stars[run.take] > stars[self.comp.base]).any())

    def _reason(self, run: Run) -> str:
        playing = f"take {self._number(self.comp.base)}"
        if self._is_wished(run):
            why = f"you rated it higher than {playing}"
        else:
            why = why_not(self.comp, run, self.comp.base, playing, self.bars)
        return f"{begun(bars_in_words(*numbers_of(run, self.bars)))} from {self._name(run.take)}: {why}."

    def _cut_reason(self, take: Take) -> str:
        used = [
            bars_in_words(*numbers_of(run, self.bars))
            for run in self.comp.switches
            if self.takes[run.take] is take
        ]
        number = self.group.takes.index(take) + 1
        rest = f"all but {', '.join(used)}" if used else "none of its bars is used"
        return f"Take {number} ({format_time(take.start_s, 0)}) of the {self.group.name}: {rest}."


def numbers_of(run: Run, bars: int) -> tuple[int, int]:
    """Return the numbers of the first and the last bar of a run of pieces of some bars, from 1."""
    return run.first * bars + 1, run.last * bars


def probability_of(comp: Comp, run: Run, take: int) -> float:
    """Return the largest probability of a fault in the bars of a run as a take plays them."""
    return round(float(comp.costs.probabilities[take, run.first : run.last].max()), 3)


def way_of(take: str, probability: float) -> str:
    """Return the words of an alternative, from the name of its take and the probability of a fault."""
    return f"{begun(take)}, {percent(probability)} likely to have a fault"


def why_not(comp: Comp, run: Run, take: int, name: str, bars: int) -> str:
    """Return the reason why a take does not play a run, as a clause.

    Parameters
    ----------
    name : of the take
    bars : in a piece
    """
    own = comp.costs.probabilities[take, run.first : run.last]
    worst = run.first + int(own.argmax())
    if not comp.bars.is_played[take, worst]:
        return f"{name} does not play them"
    if own.max() < WEAK:
        return f"it is a little more like the other takes than {name}"
    where = "" if run.last - run.first == 1 else f" in bar {worst * bars + 1}"
    return f"{name} has {comp.costs.faults[take, worst]}{where}"


def lines_in(
    downbeats_samples: np.ndarray[tuple[int], np.dtype[np.int64]],
    span: tuple[int, int],
    rate_hz: int,
    bars: int,
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return where pieces of some bars begin in a span, and where the last one ends.

    Without downbeats a piece is as long as bars at 120 BPM.
    """
    start, stop = span
    near = round(_NEAR_S * rate_hz)
    found = downbeats_samples[(downbeats_samples >= start - near) & (downbeats_samples < stop - near)]
    if len(found) < _LEAST_LINES:
        found = np.arange(start, stop - near, round(_BAR_S * rate_hz))
    lines = found[::bars]
    least = round(_LEAST_PIECE_S * rate_hz)
    if lines[0] - start > least:
        lines = np.concatenate([[start], lines])
    if stop - lines[-1] < least and len(lines) > 1:
        lines = lines[:-1]
    return np.concatenate([lines, [stop]]).astype(np.int64)
