"""Analyses that finders need: computed where the document does not have them of its sound as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from engine.document.analysis import SOUNDS, Analysis, DetectedSounds, Listening, ScoreCurve
from engine.document.document import analysis_id
from engine.document.grid.edits import keeping_edited
from engine.document.grid.recounted import grid_in_force
from engine.document.listening_ids import LISTENING_MAKER, listening_ids, mix_inputs
from engine.document.takes import TAKES
from engine.finders.finder import FinderRequest
from engine.finders.takes.stored import known_takes, takes_id
from engine.progress import Progress

Stored = Mapping[str, tuple[str, Analysis]]
"""Id and analysis by kind."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """An analysis that finders need.

    Attributes
    ----------
    is_known : whether an analysis of a document is one of its sound as it is, and as it was asked for
    analyse : computes it, and others that come with it
    """

    is_known: Callable[[FinderRequest, Analysis | None], bool]
    analyse: Callable[[FinderRequest, Progress], Stored]


def completed(
    request: FinderRequest, needs: Sequence[str], progress: Progress
) -> tuple[FinderRequest, Stored]:
    """Return a request that has the analyses it needs, and those that were missing.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    missing = missing_analyses(request, needs)
    found: dict[str, tuple[str, Analysis]] = {}
    for number, kind in enumerate(missing):
        found |= _NEEDED[kind].analyse(request, progress.step(number, len(missing)))
    in_force = keeping_edited(request.state, {kind: key for kind, (key, _) in found.items()})
    analyses = {**request.analyses, **{kind: found[kind][1] for kind in in_force}}
    if "beats" in in_force and (grid := grid_in_force(request.state, analyses["beats"])) is not None:
        analyses["beats"] = grid
    return replace(request, analyses=MappingProxyType(analyses)), found


def missing_analyses(request: FinderRequest, needs: Sequence[str]) -> list[str]:
    """Return the kinds of analyses that a request needs and does not have."""
    return [kind for kind in needs if not _NEEDED[kind].is_known(request, request.analyses.get(kind))]


def _is_listening(request: FinderRequest, found: Analysis | None) -> bool:
    state = request.state
    is_current = state.analyses.get("listening") == listening_ids(state)["listening"]
    return is_current and isinstance(found, Listening) and found.maker == LISTENING_MAKER


def _listening(request: FinderRequest, progress: Progress) -> Stored:
    from engine.recordings.listen import ListenRequest, listen_to_document

    known, taste = request.analyses.get("listening"), _taste(request)
    known = known if isinstance(known, Listening) else None
    found = listen_to_document(ListenRequest(request.state, request.media, taste, known), progress)
    return {kind: (found.ids[kind], analysis) for kind, analysis in found.analyses.items()}


def _taste(request: FinderRequest) -> Path | None:
    """Return the taste that a request names."""
    named = getattr(request.settings, "taste", "")
    return Path(named) if named else None


def _is_score(request: FinderRequest, found: Analysis | None) -> bool:
    """Return whether the recording is analysed, and scored by the named taste, if any."""
    is_analysed = _is_listening(request, request.analyses.get("listening"))
    return is_analysed and (_taste(request) is None or _is_score_of_taste(request, found))


def _is_score_of_taste(request: FinderRequest, found: Analysis | None) -> bool:
    from engine.anomaly.taste_header import maker_of

    taste, state = _taste(request), request.state
    if taste is None or not isinstance(found, ScoreCurve) or found.maker != maker_of(taste):
        return False
    return state.analyses.get("score") == analysis_id("score", mix_inputs(state), found.maker)


def _are_sounds(request: FinderRequest, found: Analysis | None) -> bool:
    return isinstance(found, DetectedSounds) and request.state.analyses.get(SOUNDS) == analysis_id(
        SOUNDS, mix_inputs(request.state), found.maker
    )


def _sounds(request: FinderRequest, progress: Progress) -> Stored:
    from engine.recordings.detect_sounds import detect_sounds
    from engine.recordings.spans import SpanRequest

    found = detect_sounds(SpanRequest(request.state, request.media), progress)
    return {SOUNDS: (found.analysis_id, found.sounds)}


def _takes(request: FinderRequest, progress: Progress) -> Stored:
    from engine.finders.takes.proposals import TakesRequest, takes_in_document
    from engine.finders.takes.stored import stored_takes

    found = takes_in_document(TakesRequest(request.state, request.media), progress)
    return {TAKES: (takes_id(request.state), stored_takes(found))}


_NEEDED: Mapping[str, _Needed] = {
    "listening": _Needed(_is_listening, _listening),
    "score": _Needed(_is_score, _listening),
    SOUNDS: _Needed(_are_sounds, _sounds),
    TAKES: _Needed(lambda request, found: known_takes(request.state, found) is not None, _takes),
}
NEEDS = frozenset(_NEEDED)
"""The kinds of analyses that a finder may need."""
