"""Checks across the rows of a document."""

from __future__ import annotations

from engine.core.errors import UsageError
from engine.document.file.checks.columns import shown
from engine.document.file.checks.limits import (
    HIGHEST_RATE_HZ,
    LONGEST_DOCUMENT_SAMPLES,
    LOWEST_RATE_HZ,
    MOST_CLIPS,
)
from engine.document.settings import cut_settings, ripple_of
from engine.document.state import DocumentState
from engine.document.tracks.track import source_length_samples


def require_coherent(state: DocumentState) -> None:
    """Refuse a document that edits cannot produce.

    Proposals may reach beyond the end of the recording: a track that is removed leaves them.

    Raises
    ------
    ValueError : a track has no clip, a clip is not of its source, the rate is missing, a decision chooses an
        unknown alternative, or a setting is out of its limits
    """
    rate_hz: object = state.rate_hz
    if type(rate_hz) is not int or (rate_hz and not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ):
        raise ValueError(f"its rate is {shown(rate_hz)}")
    if not rate_hz and (state.tracks or state.proposals or state.markers):
        raise ValueError("it has no rate")
    _require_clips(state)
    for decision in state.decisions.values():
        if decision.alternative:
            proposal = state.proposals.get(decision.proposal_id)
            if proposal is not None and decision.alternative > len(proposal.alternatives):
                raise ValueError(f"proposal {shown(proposal.id)} has no alternative {decision.alternative}")
    try:
        cut_settings(state.settings)
        ripple_of(state.settings)
    except UsageError as error:
        raise ValueError(str(error).rstrip(".")) from error


def _require_clips(state: DocumentState) -> None:
    lengths = {key: source_length_samples(one, state.rate_hz) for key, one in state.sources.items()}
    known: set[str] = set()
    for track in state.tracks:
        if not track.clips:
            raise ValueError(f"track {shown(track.id)} has no clip")
        if len(track.clips) > MOST_CLIPS:
            raise ValueError(f"track {shown(track.id)} has {len(track.clips):,} clips")
        for clip in track.clips:
            if clip.source_id not in lengths:
                raise ValueError(f"clip {shown(clip.id)} has no source")
            if clip.offset_samples + clip.length_samples > lengths[clip.source_id]:
                raise ValueError(f"clip {shown(clip.id)} reaches beyond its source")
            if clip.stop_samples > LONGEST_DOCUMENT_SAMPLES:
                raise ValueError(f"track {shown(track.id)} is longer than any recording")
            if clip.id in known:
                raise ValueError(f"there are two clips {shown(clip.id)}")
            known.add(clip.id)
