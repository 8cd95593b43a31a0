"""A repair: a span of some tracks with audio that the document stores."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.errors import DocumentError
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.file.stored_audio import AUDIO, AUDIO_OF, is_key
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Replace, Stored
from engine.document.kinds.payload import (
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    Payload,
    fade,
    integer,
    number,
    real,
    validator,
    whole,
)

AUDIO_START, AUDIO_STOP = "audio_start_samples", "audio_stop_samples"
OVER = "over"
MOST_UNDER = 1000
"""Stacked repairs, each made on top of the previous one."""
LONGEST_REPAIR_CROSSFADE_MS = 120.0
"""Half of it is outside the span: 60 ms from an edge, every sample is exactly the stored or recorded one."""


def _require_key(what: str, value: object) -> None:
    if not is_key(value):
        raise DocumentError(f"{what} cannot be {value!r}: it must name audio that a document stores.")


def _require_keys(what: str, value: object) -> None:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_UNDER:
        raise DocumentError(f"{what} must be a list of 1 to {MOST_UNDER} names of audio.")
    for each in value:
        _require_key(what, each)


def _require_keys_of_tracks(what: str, value: object) -> None:
    if not isinstance(value, Mapping) or not value:
        raise DocumentError(f"{what} must name audio for one or more tracks.")
    for each in value.values():
        _require_key(what, each)


_audio_position = whole(0, FARTHEST_SAMPLES)
_repair = validator(
    "repair",
    {
        AUDIO: _require_key,
        AUDIO_START: _audio_position,
        AUDIO_STOP: _audio_position,
        CROSSFADE_MS: number(0.0, LONGEST_REPAIR_CROSSFADE_MS),
        OVER: _require_keys,
        AUDIO_OF: _require_keys_of_tracks,
    },
    (AUDIO, AUDIO_START, AUDIO_STOP),
)


def _validate_repair(payload: Payload) -> None:
    _repair(payload)
    if integer(payload, AUDIO_START, 0) >= integer(payload, AUDIO_STOP, 0):
        raise DocumentError("The audio of a repair ends before it starts.")


def _repaired(edited: Edited) -> tuple[Replace, ...]:
    """The audio has a fixed position on the timeline, so that nudging an edge does not move it."""
    _validate_repair(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    first, last = integer(payload, AUDIO_START, 0), integer(payload, AUDIO_STOP, 0)
    fade_ms = real(payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    of_tracks = payload.get(AUDIO_OF)
    played = [(edited.tracks, str(payload[AUDIO]))]
    if isinstance(of_tracks, Mapping):
        played = [((one,), str(key)) for one, key in of_tracks.items() if one in edited.tracks]
    return tuple(
        Replace(start, stop, tracks, None, fade_ms, Stored(key, first, last), keys_under(payload))
        for tracks, key in played
        if start < stop
    )


def keys_under(payload: Payload) -> tuple[str, ...]:
    """Return the keys of the audio that a repair was made over, of a valid payload."""
    named = payload.get(OVER)
    return tuple(str(each) for each in named) if isinstance(named, list | tuple) else ()


REPAIR = Kind(
    name="repair",
    positions=(AUDIO_START, AUDIO_STOP),
    title="Repair",
    icon="repair",
    verb="repair",
    validate=_validate_repair,
    effect=_repaired,
    words=span_words,
    fade=fade(HAND_CROSSFADE_MS, LONGEST_REPAIR_CROSSFADE_MS),
)
