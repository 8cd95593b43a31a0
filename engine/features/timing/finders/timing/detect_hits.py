"""Detect the drum hits of a document once, and again only after the audio changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.core.progress import Progress
from engine.document.document import analysis_id
from engine.document.drums.edits import role_of
from engine.document.drums.hits import Hits
from engine.document.state import DocumentState
from engine.features.timing.hits.find import HITS_MAKER, find_hits
from engine.recordings.microphones import Microphones
from engine.recordings.stored_pickup import clocks_of

HITS = "hits"


@dataclass(frozen=True, slots=True)
class HitsRequest:
    """Where to find hits.

    Attributes
    ----------
    media : where each source is now, by source id
    tracks : the ids of the microphones
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()


def hits_id(state: DocumentState, tracks: tuple[str, ...]) -> str:
    """Return the id of the hits detected in these microphones, from the audio and the detector."""
    heard = [(one.id, *state.recorded(one), one.role) for one in state.tracks if one.id in tracks]
    return analysis_id(HITS, HITS_MAKER, heard, *clocks_of(state, tracks))


def detect_hits(request: HitsRequest, progress: Progress) -> Hits:
    """Detect all hits, including those with low confidence.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    state = request.state
    told = {one.id: role for one in state.tracks if (role := role_of(one.role)) is not None}
    with Microphones(state, request.media, request.tracks, progress.part(0.0, 0.05)) as microphones:
        names = {one.id: one.name for one in state.tracks}
        return find_hits(microphones, told, progress.part(0.05, 1.0), names)
