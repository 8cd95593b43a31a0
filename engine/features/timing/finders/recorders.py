"""Recorders: tracks of another recorder, stretched and moved onto the clock of the others."""

from __future__ import annotations

from engine.core.errors import UsageError
from engine.core.progress import Progress
from engine.review.finders import Finder, FinderRequest, Found


def _check(request: FinderRequest) -> None:
    if len(request.tracks or request.state.tracks) < 2:
        raise UsageError("Recorders are compared with each other: select at least two tracks, or none.")


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.features.timing.finders.second_recorders import RecordersRequest, propose_recorders

    found = propose_recorders(RecordersRequest(request.state, request.media, request.tracks), progress)
    return Found(found.proposals, found.sentence)


RECORDERS = Finder(
    "Other recorders", "Lines up the tracks of another recorder.", _find, check=_check, maker="clocks"
)
