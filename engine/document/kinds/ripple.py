"""A ripple cut: a span that some tracks leave out; their later sound moves earlier, the others play on."""

from __future__ import annotations

from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Drop
from engine.document.kinds.payload import CROSSFADE, CROSSFADE_MS, HAND_CROSSFADE_MS, fade, real, validator

_ripple = validator("ripple", CROSSFADE)


def _dropped_of_tracks(edited: Edited) -> tuple[Drop, ...]:
    _ripple(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    fade_ms = real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Drop(start, stop, fade_ms, edited.tracks),) if start < stop else ()


RIPPLE = Kind(
    name="ripple",
    title="Ripple cut",
    icon="ripple",
    verb="ripple cut",
    drops_of_tracks=True,
    splits=True,
    is_of_tracks=True,
    validate=_ripple,
    effect=_dropped_of_tracks,
    words=span_words,
    how_much=span_words,
    fade=fade(HAND_CROSSFADE_MS),
)
