"""Progress of the training of an editor that also reports the match of each pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.progress import Progress

if TYPE_CHECKING:
    from engine.finders.arrangement.learn_edits_requests import PairQuality


@dataclass(frozen=True, slots=True)
class PairProgress:
    """Forwards reports, and results of pairs to a listener, because only the newest report is shown.

    Attributes
    ----------
    found : called on the thread that reports
    """

    progress: Progress
    found: Callable[[PairQuality], None]

    def report(self, fraction: float, text: str, **figures: float) -> None:
        """Pass the report on."""
        from engine.finders.arrangement.learn_edits_requests import PairQuality

        quality = PairQuality.reported(text, figures)
        if quality is None:
            self.progress.report(fraction, text, **figures)
        else:
            self.found(quality)
            self.progress.report(fraction, "")

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the user has asked for it."""
        self.progress.check_cancelled()

    def part(self, start: float, stop: float) -> PairProgress:
        """Return a nested share."""
        return PairProgress(self.progress.part(start, stop), self.found)

    def step(self, number: int, count: int) -> PairProgress:
        """Return the share of one of `count` equal steps."""
        return PairProgress(self.progress.step(number, count), self.found)
