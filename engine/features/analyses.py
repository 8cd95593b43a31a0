"""The analyses that a finder needs: computed where the document does not have them of its sound as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from engine.core.progress import Progress
from engine.document.grid.edits import keeping_edited
from engine.document.grid.recounted import grid_in_force
from engine.recordings import analyses
from engine.recordings.analyses import AnalysisRequest, Stored
from engine.review.finders.finder import FinderRequest


def completed(
    request: FinderRequest, needs: Sequence[str], progress: Progress
) -> tuple[FinderRequest, Stored]:
    """Return a request that has the analyses it needs, and those that were missing.

    Raises
    ------
    UsageError : an analysis of a package failed
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    found = analyses.analysed(_asked(request), missing_analyses(request, needs), progress)
    in_force = keeping_edited(request.state, found.ids)
    known = {**request.analyses, **{kind: found.analyses[kind] for kind in in_force}}
    if "beats" in in_force and (grid := grid_in_force(request.state, known["beats"])) is not None:
        known["beats"] = grid
    return replace(request, analyses=MappingProxyType(known)), found.stored


def missing_analyses(request: FinderRequest, needs: Sequence[str]) -> list[str]:
    """Return the analyses that a request needs and does not have, in the order to compute them."""
    return analyses.missing_analyses(_asked(request), needs)


def _asked(request: FinderRequest) -> AnalysisRequest:
    """Return the request for analyses, with the taste that the settings name."""
    named = getattr(request.settings, "taste", "")
    return AnalysisRequest(request.state, request.media, Path(named) if named else None, request.analyses)
