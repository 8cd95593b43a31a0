"""Analyses that finders need: computed where the document does not have them of its sound as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from engine.document.analysis import SOUNDS, Analysis, HeardSounds, Listening
from engine.document.document import analysis_id
from engine.document.heard import LISTENING_MAKER, heard_ids, sound_of
from engine.document.state import DocumentState
from engine.document.takes import TAKES
from engine.finders.finder import FinderRequest
from engine.jobs.takes.stored import known_takes, takes_id
from engine.progress import Progress

Stored = Mapping[str, tuple[str, Analysis]]
"""Id and analysis by kind."""


@dataclass(frozen=True, slots=True)
class _Needed:
    """An analysis that finders need.

    Attributes
    ----------
    is_known : whether an analysis of a document is one of its sound as it is
    analyse : computes it, and others that come with it
    """

    is_known: Callable[[DocumentState, Analysis | None], bool]
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
    analyses = {**request.analyses, **{kind: analysis for kind, (_, analysis) in found.items()}}
    return replace(request, analyses=MappingProxyType(analyses)), found


def missing_analyses(request: FinderRequest, needs: Sequence[str]) -> list[str]:
    """Return the kinds of analyses that a request needs and does not have."""
    return [kind for kind in needs if not _NEEDED[kind].is_known(request.state, request.analyses.get(kind))]


def _is_listening(state: DocumentState, found: Analysis | None) -> bool:
    is_current = state.analyses.get("listening") == heard_ids(state)["listening"]
    return is_current and isinstance(found, Listening) and found.maker == LISTENING_MAKER


def _listening(request: FinderRequest, progress: Progress) -> Stored:
    from engine.jobs.listen import ListenRequest, listen_to_document

    known = request.analyses.get("listening")
    known = known if isinstance(known, Listening) else None
    found = listen_to_document(ListenRequest(request.state, request.media, None, known), progress)
    return {kind: (found.ids[kind], analysis) for kind, analysis in found.analyses.items()}


def _are_sounds(state: DocumentState, found: Analysis | None) -> bool:
    return isinstance(found, HeardSounds) and state.analyses.get(SOUNDS) == analysis_id(
        SOUNDS, sound_of(state), found.maker
    )


def _sounds(request: FinderRequest, progress: Progress) -> Stored:
    from engine.jobs.repairs.requests import SpanRequest
    from engine.jobs.sounds.hear import hear_sounds

    found = hear_sounds(SpanRequest(request.state, request.media), progress)
    return {SOUNDS: (found.analysis_id, found.sounds)}


def _takes(request: FinderRequest, progress: Progress) -> Stored:
    from engine.jobs.takes.proposals import TakesRequest, takes_in_document
    from engine.jobs.takes.stored import stored_takes

    found = takes_in_document(TakesRequest(request.state, request.media), progress)
    return {TAKES: (takes_id(request.state), stored_takes(found))}


_NEEDED: Mapping[str, _Needed] = {
    "listening": _Needed(_is_listening, _listening),
    SOUNDS: _Needed(_are_sounds, _sounds),
    TAKES: _Needed(lambda state, found: known_takes(state, found) is not None, _takes),
}
NEEDS = frozenset(_NEEDED)
"""The kinds of analyses that a finder may need."""
