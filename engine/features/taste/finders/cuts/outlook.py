"""Forecast the effect of settings while they are being chosen; nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.core.progress import Progress
from engine.core.timebase import format_time, samples_to_s
from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.state import DocumentState
from engine.features.taste.finders.cuts.propose import propose
from engine.review.recount import Recount


@dataclass(frozen=True, slots=True)
class Outlook:
    """Forecast of settings.

    Attributes
    ----------
    threshold : the score that would be active
    cuts : number of proposals, compared with the present ones
    kept_samples : length that would remain after accepting them
    length_samples : the whole recording
    """

    threshold: float
    cuts: Recount
    kept_samples: int
    length_samples: int
    rate_hz: int

    @property
    def sentence(self) -> str:
        """The figures in words."""
        kept, length = (
            format_time(samples_to_s(samples, self.rate_hz), 0)
            for samples in (self.kept_samples, self.length_samples)
        )
        return f"{self.cuts.sentence}, {kept} of {length} remain"


def look_ahead(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    settings: Mapping[str, object],
    progress: Progress,
) -> Outlook:
    """Forecast the proposals under the document's settings, changed by these.

    Raises
    ------
    UsageError : the document has no scores, or a setting is outside its limits
    """
    progress.check_cancelled()
    made = propose(state, curve, grid, listening, settings)
    return Outlook(
        made.plan.threshold, made.cuts, made.plan.kept_samples, state.length_samples, state.rate_hz
    )
