"""Why an editor would go on as it does, in a sentence that a musician understands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.arranging.heard import Heard
from engine.arranging.orders import Order, Span, plays
from engine.takes.takes import Take, TakeGroup
from engine.timebase import format_time
from engine.wording import counted

_MOSTLY = 0.6
_SAME = 0.5
_PART = 0.2
"""A take of which so much is played stays, if shortened."""


@dataclass(frozen=True, slots=True, eq=False)
class Reasons:
    """Gives the reasons of one arrangement.

    Attributes
    ----------
    played : shape (n,), how often each step is played
    """

    heard: Heard
    played: NDArray[np.int64]

    @classmethod
    def of(cls, heard: Heard, order: Order) -> Reasons:
        """Return what gives the reasons of an order."""
        return cls(heard, plays(order, len(heard)))

    def of_cut(self, span: Span) -> str:
        """Say why steps [first, last) are left out."""
        start_s, stop_s = self._seconds(span)
        for start in self.heard.takes.likely_false_starts():
            if _shared((start_s, stop_s), (start.start_s, start.stop_s)) > _MOSTLY * (stop_s - start_s):
                return start.reason
        told = self._of_take(start_s, stop_s)
        if told is not None:
            return told
        silent_s = (stop_s - start_s) - sum(
            max(0.0, _shared((start_s, stop_s), span)) for span in self.heard.takes.played_s
        )
        if silent_s > _MOSTLY * (stop_s - start_s):
            return f"Nothing is played for {silent_s:.1f} s."
        return self._of_what_comes_again(span) or self._of_playing(span)

    def of_repeat(self, span: Span) -> str:
        """Say why steps [first, last) are played again."""
        return f"{self._bars(span)} go round: they are played {counted(int(self.played[span[0]]), 'time')}."

    def of_move(self, span: Span) -> str:
        """Say why steps [first, last) are played elsewhere."""
        return f"{self._bars(span)} are played elsewhere, as in the edits that were learned."

    def _of_take(self, start_s: float, stop_s: float) -> str | None:
        """Return what is said of a take that is left out while another of its passage stays."""
        for group in self.heard.takes.groups:
            for number, take in enumerate(group.takes, start=1):
                shared = _shared((start_s, stop_s), (take.start_s, take.stop_s))
                if shared < _SAME * (take.stop_s - take.start_s) or shared < _SAME * (stop_s - start_s):
                    continue
                stays = self._that_stays(group, take)
                if stays is not None:
                    of = f"Take {number} of {len(group.takes)} of the {group.name}"
                    kept = group.takes.index(stays) + 1
                    return f"{of}; take {kept} ({format_time(stays.start_s, 0)}) stays."
        return None

    def _that_stays(self, group: TakeGroup, cut: Take) -> Take | None:
        for take in group.takes:
            if take is cut:
                continue
            first, last = (
                self.heard.steps.nearest_edge(take.start_s),
                self.heard.steps.nearest_edge(take.stop_s),
            )
            if last > first and (self.played[first:last] > 0).mean() > _PART:
                return take
        return None

    def _of_what_comes_again(self, span: Span) -> str | None:
        """Return where the same is played that stays, in another take."""
        first, last = span
        for places in (self.heard.later[first:last], self.heard.earlier[first:last]):
            there = places[places >= 0]
            if len(there) < _SAME * (last - first):
                continue
            if (self.played[there] > 0).mean() > _SAME:
                at_s = self.heard.steps.edges_s[int(there[0])]
                return f"{self._bars(span)} also played at {format_time(float(at_s), 0)}, which stays."
        return None

    def _of_playing(self, span: Span) -> str:
        first, last = span
        before = first > 0 and self.played[first - 1] > 0
        after = last < len(self.played) and self.played[last] > 0
        if before and after:
            return (
                f"{self._bars(span)} are taken out of what is played on: it is shorter in edits like these."
            )
        if before:
            return f"What is played goes on for {self._bars(span).lower()} more than edits like these keep."
        return f"Edits like these leave this out ({self._bars(span)})."

    def _bars(self, span: Span) -> str:
        """Return how long steps are, in bars where they are of music."""
        first, last = span
        bars = int((self.heard.steps.bar_positions[first:last] == 1).sum())
        start_s, stop_s = self._seconds(span)
        beats = int((self.heard.steps.bar_positions[first:last] > 0).sum())
        if bars >= 1 and beats > _MOSTLY * (last - first):
            return counted(bars, "bar")
        return f"{stop_s - start_s:.1f} s"

    def _seconds(self, span: Span) -> tuple[float, float]:
        edges = self.heard.steps.edges_s
        return float(edges[span[0]]), float(edges[span[1]])


def _shared(one: tuple[float, float], other: tuple[float, float]) -> float:
    return min(one[1], other[1]) - max(one[0], other[0])
