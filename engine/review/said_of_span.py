"""Reason and score of a cut with moved edges, for the card."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SaidOfSpan:
    """Reason and score of a span; None if the score of exactly this span is unknown."""

    reason: str
    score: float | None
