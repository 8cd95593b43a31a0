"""What a threshold would lead to, found while it is still being moved; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass

from engine.document.analysis import BeatGrid, Listening, ScoreCurve
from engine.document.state import DocumentState
from engine.jobs.propose import propose
from engine.progress import Progress
from engine.timebase import format_time, samples_to_s
from engine.wording import counted


@dataclass(frozen=True, slots=True)
class Outlook:
    """How many cuts a score would propose, and what would remain once they are accepted, in samples."""

    score: float
    cuts: int
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
        return f"{counted(self.cuts, 'cut')} to decide; {kept} of {length} would remain"


def look_ahead(
    state: DocumentState,
    curve: ScoreCurve | None,
    grid: BeatGrid | None,
    listening: Listening | None,
    score: float,
    progress: Progress,
) -> Outlook:
    """Find what proposing at a score would lead to.

    Raises
    ------
    UsageError : there are no scores yet
    """
    progress.check_cancelled()
    settings = {"threshold_mode": "score", "score": score}
    plan = propose(state, curve, grid, listening, settings).plan
    return Outlook(score, len(plan.proposals), plan.kept_samples, state.length_samples, state.rate_hz)
