"""Tempo: other ways to count songs whose tempo is ambiguous."""

from __future__ import annotations

from engine.core.progress import Progress
from engine.document.grid_edits import require_open_grid
from engine.features.timing.finders.tempo_proposals import proposed_of
from engine.review.finders import Finder, FinderRequest, Found


def _check(request: FinderRequest) -> None:
    require_open_grid(request.state)


def _find(request: FinderRequest, progress: Progress) -> Found:
    from engine.analysis.beats.listen import listen
    from engine.recordings.listen import mono_blocks

    state = request.state
    heard = listen(mono_blocks(state, request.media), state.rate_hz, state.length_samples, progress)
    found = proposed_of(state, heard.grid, heard.songs)
    return Found(found.proposals, found.sentence, {"beats": (found.key, found.grid)})


TEMPO = Finder(
    "Tempo", "Offers other ways to count songs whose tempo is ambiguous.", _find, check=_check, maker="tempo"
)
