"""What a kind of proposal says about itself: what it does, how it draws, how its edges move."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from engine.document.kinds.operations import Drop
from engine.document.proposals import Proposal

Span = tuple[int, int]

MINIMUM_SPAN_S = 0.001
"""Nudging never brings two edges closer than this: a shorter edit could be neither seen nor heard."""


class Edge(StrEnum):
    """One of the two edges of a span."""

    START = "start"
    STOP = "stop"


class NudgeSize(StrEnum):
    """How far one press of a nudge key goes."""

    FINE = "fine"
    COARSE = "coarse"
    SAMPLE = "sample"


@dataclass(frozen=True, slots=True)
class Kind:
    """All that the rest of the program needs to know of one kind of proposal.

    Attributes
    ----------
    name : as `Proposal.kind` has it
    title : for menus and filters
    icon : name of the picture on its flag
    shape : whether it covers a span of the timeline or marks one point
    fine_s : the fine nudge; the coarse one is ten times as far
    removes_span : whether accepting it takes exactly its span out of the result
    validate : raises `DocumentError` where a payload is not one of this kind
    effect : (proposal, span as the user has it) to what it does to the timeline
    label : (span, rate in Hz) to the words on its flag
    """

    name: str
    title: str
    icon: str
    shape: Literal["span", "point"]
    fine_s: float
    removes_span: bool
    validate: Callable[[Mapping[str, object]], None]
    effect: Callable[[Proposal, Span], tuple[Drop, ...]]
    label: Callable[[Span, int], str]

    def step_samples(self, size: NudgeSize, rate_hz: int) -> int:
        """Return how far one nudge goes, never less than one sample."""
        if size is NudgeSize.SAMPLE:
            return 1
        times = 10 if size is NudgeSize.COARSE else 1
        return max(1, round(self.fine_s * times * rate_hz))

    def nudged(self, span: Span, edge: Edge, by_samples: int, *, length_samples: int, rate_hz: int) -> Span:
        """Return the span with one edge moved by `by_samples`, or as far as it may go.

        Both edges stay within [0, length_samples] and at least a millisecond apart; a span that is already
        narrower (the user may have put its edges there) can be widened but not narrowed.
        """
        start, stop = span
        apart = max(1, round(MINIMUM_SPAN_S * rate_hz))
        if edge is Edge.START:
            return min(max(0, start + by_samples), max(start, stop - apart)), stop
        return start, max(min(length_samples, stop + by_samples), min(stop, start + apart))
