"""Match: the edits behind an edited file, accepted at once."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from engine.core.progress import Progress
from engine.document.proposals import BY_MATCH
from engine.review.finders import Finder, FinderRequest, FinderSettings, Found


class MatchSettings(FinderSettings):
    """The edited file."""

    edited: str = Field(title="Edited file", description="a file that was made of this recording")


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.features.match.finder.edit import MatchedEditRequest, matched_edit
    from engine.features.match.matched import figures_of

    settings = request.settings
    assert isinstance(settings, MatchSettings)
    made = matched_edit(MatchedEditRequest(request.state, request.media, Path(settings.edited)), progress)
    figures = {
        **figures_of(made.matched),
        "played_residual_db": made.residual_db,
        "notes": list(made.notes),
        "alone": None if made.alone is None else made.alone.name,
        "windows_compared": made.compared,
    }
    summary = "\n".join((*made.notes[1:], made.sentence))  # the sentence holds the first
    return Found(made.proposals, summary, figures=figures, label=made.label)


MATCH = Finder(
    "Edits of a file",
    "Takes the edits from a file that was made of this recording.",
    _find,
    MatchSettings,
    reads=(),
    maker=BY_MATCH,
    accepts=True,
)
