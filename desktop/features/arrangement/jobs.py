"""The job that trains an editor; its progress also reports the match of each pair."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.files.part_files import sweep
from engine.core.processes.own_process import run_in_own_process
from engine.core.progress import Progress

if TYPE_CHECKING:
    from engine.features.arrangement.finder.requests import (
        EditorWritten,
        LearnEditsRequest,
        PairQuality,
    )


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
        from engine.features.arrangement.finder.requests import PairQuality

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


def learn_editor(
    out: Path,
    overwrite: bool,
    found: Callable[[PairQuality], None],
    request: LearnEditsRequest,
    progress: Progress,
) -> EditorWritten:
    """Learn an editor in a separate process; `found` is called for each matched pair."""
    from engine.features.arrangement.editor_files import learn_editor_file

    pair_progress = PairProgress(progress, found)
    try:
        return run_in_own_process(learn_editor_file, (request, out, overwrite), pair_progress)
    finally:
        sweep(out.parent)  # a process that is killed while it writes leaves half a file
