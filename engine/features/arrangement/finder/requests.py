"""Request and result of arranging: light, so that a request loads no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.analysis.found_takes import FoundTakes
from engine.core.errors import UsageError
from engine.core.timebase import format_time
from engine.core.wording import counted, listed
from engine.document.analysis import BeatGrid, ScoreCurve
from engine.document.kinds.cut import CUT
from engine.document.kinds.ordering import MOVE, REPEAT
from engine.document.marks.sections import StoredSections
from engine.document.proposals import Proposal
from engine.document.recorded import require_recording
from engine.document.state import DocumentState


@dataclass(frozen=True, slots=True)
class ArrangeRequest:
    """Arrangement request: document, editor model, target length.

    Attributes
    ----------
    media : where each source is now, by source id
    grid, curve : the beats, and the anomaly scores if a taste was used
    sections : those of the document, which the user may have corrected; None to find them
    editor : an .editor file; None for the shipped model
    like : a raw recording and an edit of it that this one is to resemble
    minutes : how long the result is to be; None for as long as the editor would
    seed : 0 for the likeliest arrangement, another number for another one
    onsets_samples : int64, shape (n,), ascending; edges are placed before them
    talk_s : detected talk outside of songs, [start, stop) each, ascending; it is not a take
    """

    state: DocumentState
    media: Mapping[str, Path]
    grid: BeatGrid
    curve: ScoreCurve | None = None
    editor: Path | None = None
    like: tuple[Path, Path] | None = None
    minutes: float | None = None
    seed: int = 0
    sections: StoredSections | None = None
    onsets_samples: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    talk_s: tuple[tuple[float, float], ...] = ()

    @property
    def is_anybody(self) -> bool:
        """Whether the request names no editor, no example and no length."""
        return self.editor is None and self.like is None and self.minutes is None


@dataclass(frozen=True, slots=True)
class ProposedArrangement:
    """An arrangement as proposals.

    Attributes
    ----------
    result_s, recording_s : how long the result is with all of them, and the recording
    others_s : lengths of the other arrangements, which the alternatives come from
    references_samples : the takes that others are compared with, [start, stop) each
    takes : passages played more than once, as far as they are known
    has_old_rules : whether the editor has rules of another version, which were not used
    """

    proposals: tuple[Proposal, ...]
    result_s: float
    recording_s: float
    others_s: tuple[float, ...]
    references_samples: tuple[tuple[int, int], ...] = ()
    takes: FoundTakes | None = None
    has_old_rules: bool = False

    @property
    def sentence(self) -> str:
        """Summarize the proposals."""
        old = " The rules of this editor are of another version of Offcut and were not used: learn it again."
        return f"{self._proposed}{old if self.has_old_rules else ''}"

    @property
    def _proposed(self) -> str:
        if not self.proposals:
            return "This editor would leave the recording as it is."
        kinds = [
            counted(sum(one.kind == kind.name for one in self.proposals), kind.name)
            for kind in (CUT, REPEAT, MOVE)
            if any(one.kind == kind.name for one in self.proposals)
        ]
        length = f"{format_time(self.result_s, 1)} of {format_time(self.recording_s, 1)}"
        return f"{listed(kinds)} proposed; with all of them {length} would be left."


def require_arranging(state: DocumentState, minutes: float | None) -> None:
    """Refuse to arrange where there is nothing, or to a length that is none.

    Raises
    ------
    UsageError : the document has no track, or the length is not above 0
    """
    require_recording(state, "arrange")
    if minutes is not None and not minutes > 0.0:
        raise UsageError(f"An arrangement of {minutes:g} minutes is not possible: give a length above 0.")
