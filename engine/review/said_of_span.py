"""What is said of a cut whose edges were moved, as the card shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SaidOfSpan:
    """Why a span would be cut, and its score; None where nobody can tell the score of just that span."""

    reason: str
    score: float | None
