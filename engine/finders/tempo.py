"""Tempo: other ways to count songs whose tempo is ambiguous."""

from __future__ import annotations

from engine.document.grid.edits import require_open_grid
from engine.finders.finder import Finder, FinderRequest, Found
from engine.progress import Progress


def _check(request: FinderRequest) -> None:
    require_open_grid(request.state)


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.jobs.listen import ListenRequest, weigh_tempo

    found = weigh_tempo(ListenRequest(request.state, request.media), progress)
    return Found(found.proposals, found.sentence, {"beats": (found.key, found.grid)})


TEMPO = Finder(
    "Tempo", "Offers other ways to count songs whose tempo is ambiguous.", _find, check=_check, maker="tempo"
)
