"""Parts of a proposal's score: the highest ones, as plain values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.document.analysis import ScoreCurve
from engine.review.part_wording import part_wording

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
