"""Reason of an edit in an arrangement: one sentence, and whether its evidence is audible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FalseStart
from engine.core.timebase import format_time
from engine.core.wording import counted, listed
from engine.document.proposals import Evidence
from engine.features.arrangement.references import (
    false_starts_of,
    places_elsewhere,
    references_of,
    runs_of_playing,
)
from engine.features.arrangement.step_features import ALIKE_LATER, LAGS, StepFeatures
from engine.features.arrangement.steps import Order, Span, plays, spans_of

Seconds = tuple[float, float]

_PLACES = ("first", "second", "third", "fourth", "fifth", "later")
_MOSTLY = 0.6
_SAME = 0.8
"""Minimum share of a reference take that is repeated at the stated place; for others, `_MOSTLY`."""
_QUIET_DB = 10.0
_LEAST_SOUND_S = 1.0
_LONGEST_ALONE_S = 20.0
"""A performance this short with pauses around it is not a take."""
_SOFTER_DB, _LEAST_SONG_S = 6.0, 5.0
"""A performance that is softer or shorter than this is not a song."""
_ALIKE = 0.6
"""Loops whose next bars are this similar join without a break."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence for the queue, and whether its evidence is audible."""

    text: str
    evidence: Evidence = Evidence.STRONG


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Reasons for the edits of one arrangement.

    Attributes
    ----------
    played : shape (n,), how often each step is played
    is_reference : shape (n,), whether each step is in a take that others are compared with
    elsewhere : shape (n,), a played step of another take with the same music, −1 for none
    blocks : steps [first, last) that are played in a row, in the order played
    habit : the rule of the editor that made the arrangement, as a sentence; empty without one
    """

    heard: StepFeatures
    played: NDArray[np.int64]
    is_reference: NDArray[np.bool_]
    elsewhere: NDArray[np.int64]
    blocks: tuple[Span, ...]
    habit: str = ""

    @classmethod
    def of(cls, heard: StepFeatures, order: Order, habit: str = "") -> Reasons:
        """Return the reasons for an order."""
        played = plays(order, len(heard))
        is_reference = references_of(heard, played)
        elsewhere = places_elsewhere(heard, played, is_reference)
        return cls(heard, played, is_reference, elsewhere, tuple(spans_of(order)), habit)

    def of_cut(self, span: Span) -> Reason:
        """Return why steps [first, last) are left out.

        Talk and pauses are named before takes are compared. A cut of a reference take is explained by a
        comparison, or its evidence is weak.
        """
        parts = self._performances(span)
        is_reference = bool(self.is_reference[span[0] : span[1]].any())
        idle = None if is_reference else self._of_talk(parts) or self._of_pause(span, parts)
        if idle is not None:
            return idle
        same = self._of_same_music(span, parts)
        if same is not None:
            return same
        if is_reference:
            return self._unexplained(span)
        return (
            self._of_false_start(parts)
            or self._of_quiet(span, parts)
            or self._of_short_performance(parts)
            or self._unexplained(span)
        )

    def of_repeat(self, span: Span) -> Reason:
        """Return why steps [first, last) are played again."""
        times = counted(int(self.played[span[0]]), "time")
        length = span[1] - span[0]
        if length in LAGS and span[1] + length <= len(self.heard):
            column = self.heard.features[:, ALIKE_LATER][span[0] : span[1], LAGS.index(length)]
            if float(column.mean()) >= _ALIKE:
                at = format_time(float(self.heard.steps.edges_s[span[1]]), 0)
                return Reason(f"The same music ({self._bars(span)}) comes again at {at}. Played {times}.")
        return Reason(f"{self._bars(span)} played {times}. Other bars follow.", Evidence.WEAK)

    def of_move(self, span: Span) -> Reason:
        """Return why steps [first, last) are played elsewhere."""
        at = format_time(float(self.heard.steps.edges_s[span[0]]), 0)
        sections = [one for one in self.heard.sections if span[0] < one.last and one.first < span[1]]
        names = [self.heard.labels[one.label] for one in sections]
        number = next(
            (number for number, (first, last) in enumerate(self.blocks) if first <= span[0] < last), 0
        )
        place = "last" if 1 < number == len(self.blocks) - 1 else _PLACES[min(number, len(_PLACES) - 1)]
        what = f"{self._bars(span)} from {at}: {place} in the edit."
        if names:
            comes = "comes" if len(names) == 1 else "come"
            which = ("Section " if comes == "comes" else "Sections ") if len(names[0]) == 1 else ""
            what = f"{which}{listed(names)} from {at} {comes} {place}."
        return Reason(f"{what} {self.habit}".rstrip(), Evidence.WEAK)

    def _of_false_start(self, parts: Sequence[Seconds]) -> Reason | None:
        """Return the reason if most of a cut's sound belongs to a false start."""
        for one in false_starts_of(self.heard):
            shared_s = sum(_shared(part, (one.start_s, one.stop_s)) for part in parts)
            again_s = self._played_again_s(one)
            if shared_s > _MOSTLY * _length_s(parts) and again_s is not None:
                return Reason(FalseStart.of(one.start_s, one.stop_s, again_s, one.likelihood).reason)
        return None

    def _played_again_s(self, one: FalseStart) -> float | None:
        """Return the place at which the arrangement plays a false start's passage; None if it does not."""
        edges = self.heard.steps.edges_s
        last_s = one.begins_again_s + one.stop_s - one.start_s
        first, last = np.searchsorted(edges[:-1], [one.begins_again_s, last_s])
        if first >= last:
            return None
        if (self.played[first:last] > 0).mean() > _MOSTLY:
            return one.begins_again_s
        there = self.elsewhere[first:last]
        return float(edges[there[there >= 0][0]]) if (there >= 0).mean() > _MOSTLY else None

    def _of_same_music(self, span: Span, parts: Sequence[Seconds]) -> Reason | None:
        """Return where the arrangement plays the same music as a cut takes out."""
        there = self.elsewhere[span[0] : span[1]]
        found_s = float(self.heard.steps.lengths_s[span[0] : span[1]][there >= 0].sum())
        share = _SAME if self.is_reference[span[0] : span[1]].any() else _MOSTLY
        if not found_s or found_s < share * _length_s(parts):
            return None
        at = format_time(float(self.heard.steps.edges_s[int(there[there >= 0][0])]), 0)
        for group in self.heard.takes.groups:
            for number, take in enumerate(group.takes, start=1):
                whole = take.start_s, take.stop_s
                if _shared(whole, self._seconds(span)) > _SAME * (take.stop_s - take.start_s):
                    of = f"Take {number} of {len(group.takes)} of the {group.name}"
                    return Reason(f"{of}; the same music is in the arrangement from {at}.")
        return Reason(f"The same music ({self._bars(span)}) is in the arrangement from {at}.")

    def _of_talk(self, parts: Sequence[Seconds]) -> Reason | None:
        """Return the reason if most of a cut's sound is detected talk."""
        talk_s = sum(_shared(part, talk) for part in parts for talk in self.heard.talk_s)
        return Reason(f"Talk for {talk_s:.0f} s.") if talk_s > _MOSTLY * _length_s(parts) else None

    def _of_pause(self, span: Span, parts: Sequence[Seconds]) -> Reason | None:
        start_s, stop_s = self._seconds(span)
        sounding_s = _length_s(parts)
        if sounding_s >= _LEAST_SOUND_S:
            return None
        return Reason(f"A pause of {stop_s - start_s:.1f} s.")

    def _of_quiet(self, span: Span, parts: Sequence[Seconds]) -> Reason | None:
        """Return how far below the played music a cut is."""
        below_db = self._below_db(span)
        if below_db < _QUIET_DB:
            return None
        text = f"Quiet: {below_db:.0f} dB below the rest for {_length_s(parts):.0f} s."
        return Reason(text, Evidence.WEAK if self._is_of_performance(parts) else Evidence.STRONG)

    def _is_of_performance(self, parts: Sequence[Seconds]) -> bool:
        """Return whether sound belongs to a performance that the arrangement plays, as its intro or end."""
        edges = self.heard.steps.edges_s
        for start_s, stop_s in runs_of_playing(self.heard):
            if not any(_shared(part, (start_s, stop_s)) for part in parts):
                continue
            first, last = np.searchsorted(edges[:-1], [start_s, stop_s])
            if (self.played[first:last] > 0).any():
                return True
        return False

    def _below_db(self, span: Span) -> float:
        """Return how far the loudest step of a cut is below the played music."""
        rest, own = self.heard.levels_db[self.played > 0], self.heard.levels_db[span[0] : span[1]]
        if not len(rest) or not len(own):
            return 0.0
        return float(np.median(rest) - own.max())

    def _of_short_performance(self, parts: Sequence[Seconds]) -> Reason | None:
        """Return the reason if the sound is short, with pauses around it, and not played again.

        Where it is about as loud as the rest, it may be a song that was played once: the evidence is weak.
        """
        if not parts:
            return None
        end_s = float(self.heard.steps.edges_s[-1])
        found = runs_of_playing(self.heard)
        for number, (start_s, stop_s) in enumerate(found):
            within_s = sum(_shared(part, (start_s, stop_s)) for part in parts)
            if within_s < _SAME * _length_s(parts) or stop_s - start_s > _LONGEST_ALONE_S:
                continue
            before_s = start_s - (found[number - 1][1] if number else 0.0)
            after_s = (found[number + 1][0] if number + 1 < len(found) else end_s) - stop_s
            pauses = f"between pauses of {before_s:.1f} s and {after_s:.1f} s"
            if (start_s, stop_s) in self.heard.tuning_s:
                return Reason(f"Tuning: held notes for {stop_s - start_s:.0f} s, {pauses}.")
            softer_db = self._softer_db(start_s, stop_s)
            if softer_db < _SOFTER_DB and stop_s - start_s >= _LEAST_SONG_S:
                once = f"Played once, for {stop_s - start_s:.0f} s, about as loud as the rest"
                return Reason(f"{once}, {pauses}. It may be a song.", Evidence.WEAK)
            softer = f", {softer_db:.0f} dB softer than the rest" if softer_db >= _SOFTER_DB else ""
            return Reason(f"Played once, for {stop_s - start_s:.0f} s{softer}, {pauses}.")
        return None

    def _softer_db(self, start_s: float, stop_s: float) -> float:
        """Return how far the median level of a performance is below that of the played music."""
        first, last = (self.heard.steps.nearest_edge(place_s) for place_s in (start_s, stop_s))
        rest, own = self.heard.levels_db[self.played > 0], self.heard.levels_db[first:last]
        return float(np.median(rest) - np.median(own)) if len(rest) and len(own) else 0.0

    def _unexplained(self, span: Span) -> Reason:
        below_db = self._below_db(span)
        level = f"{abs(below_db):.0f} dB {'below' if below_db >= 0.0 else 'above'} the rest"
        once = f"Played once: {self._bars(span)}, {level}."
        return Reason(" ".join(filter(None, (once, self.habit))), Evidence.WEAK)

    def _performances(self, span: Span) -> list[Seconds]:
        """Return the parts of performances within steps, [start, stop) each."""
        start_s, stop_s = self._seconds(span)
        return [
            (max(start_s, begin_s), min(stop_s, end_s))
            for begin_s, end_s in self.heard.takes.played_s
            if min(stop_s, end_s) - max(start_s, begin_s) > 1e-3
        ]

    def _bars(self, span: Span) -> str:
        """Return how long steps are, in bars where they are of music."""
        first, last = span
        bars = int((self.heard.steps.bar_positions[first:last] == 1).sum())
        start_s, stop_s = self._seconds(span)
        beats = int((self.heard.steps.bar_positions[first:last] > 0).sum())
        if bars >= 1 and beats > _MOSTLY * (last - first):
            return counted(bars, "bar")
        return f"{stop_s - start_s:.1f} s"

    def _seconds(self, span: Span) -> Seconds:
        edges = self.heard.steps.edges_s
        return float(edges[span[0]]), float(edges[span[1]])


def _shared(one: Seconds, other: Seconds) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def _length_s(parts: Sequence[Seconds]) -> float:
    return sum(stop_s - start_s for start_s, stop_s in parts)
