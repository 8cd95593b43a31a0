"""Repairs as code makes them: audio that is stored, laid over a span of some tracks."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.errors import UsageError
from engine.document.change import Edit, row_changes
from engine.document.file.stored_audio import AUDIO, StoredAudio
from engine.document.kinds import KINDS
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.repair import AUDIO_START, AUDIO_STOP, OVER
from engine.document.proposals import Proposal, proposal_id
from engine.document.state import DocumentState

REPAIR = "repair"


def repair_payload(
    audio: StoredAudio,
    at_samples: int,
    crossfade_ms: float = HAND_CROSSFADE_MS,
    over: Sequence[str] = (),
) -> dict[str, object]:
    """Return the payload of a repair that plays audio from a position of the timeline."""
    payload: dict[str, object] = {
        AUDIO: audio.key,
        AUDIO_START: at_samples,
        AUDIO_STOP: at_samples + audio.frames,
        CROSSFADE_MS: crossfade_ms,
    }
    return {**payload, OVER: list(over)} if over else payload


def repair(
    state: DocumentState,
    audio: StoredAudio,
    span_samples: tuple[int, int],
    tracks: Sequence[str],
    *,
    at_samples: int,
    maker: str,
    reason: str,
    score: float = 1.0,
    crossfade_ms: float = HAND_CROSSFADE_MS,
    over: Sequence[str] = (),
) -> tuple[Edit, Proposal]:
    """Return a repair as a proposal to be decided; `Document.apply(edit, audio=[audio])` stores both.

    Parameters
    ----------
    span_samples : its place, [start, stop) of the timeline
    tracks : ids; empty for all
    at_samples : position of the first sample of the audio; half a crossfade of it plays beyond each edge
    over : keys of the audio of repairs that it was made from and covers

    Raises
    ------
    UsageError : the audio does not cover the span, or has another rate or other channels than the tracks
    DocumentError : the payload is invalid
    """
    start, stop = span_samples
    if not 0 <= start < stop <= state.length_samples:
        raise UsageError("A repair must be of a span within the recording.")
    if not at_samples <= start < stop <= at_samples + audio.frames:
        raise UsageError("The audio of a repair must cover its span: store as much as is replaced.")
    require_fitting(state, audio, tracks)
    payload = repair_payload(audio, at_samples, crossfade_ms, over)
    KINDS[REPAIR].validate(payload)
    key = proposal_id(REPAIR, start, stop, maker, tracks, payload)
    proposal = Proposal(key, REPAIR, start, stop, score, reason, maker, (), payload, None, tuple(tracks))
    return Edit("Proposed a repair", row_changes([(state.proposals.get(key), proposal)])), proposal


def require_fitting(state: DocumentState, audio: StoredAudio, tracks: Sequence[str]) -> None:
    """Refuse audio that these tracks cannot play.

    Raises
    ------
    UsageError : it has another rate than the document, or neither one channel nor as many as a track
    """
    if audio.rate_hz != state.rate_hz:
        raise UsageError(
            f"Audio of {audio.rate_hz} Hz cannot play in a document of {state.rate_hz} Hz: convert it first."
        )
    known = {track.id: track for track in state.tracks}
    for key in tracks or known:
        if key not in known:
            raise UsageError(f"There is no track {key!r} in this document.")
        channels = state.channels(known[key])
        if audio.channels not in (1, channels):
            raise UsageError(
                f"Audio of {audio.channels} channels cannot play on track {known[key].name!r}, which has "
                f"{channels}: give it one, or as many."
            )
