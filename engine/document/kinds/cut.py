"""A cut: a span that is left out of the result, its neighbours joined by a crossfade."""

from __future__ import annotations

from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Drop
from engine.document.kinds.payload import CROSSFADE, CROSSFADE_MS, fade, one_of, real, validator
from engine.document.proposals import QUESTION, UNFAMILIAR

_cut = validator("cut", {**CROSSFADE, QUESTION: one_of((UNFAMILIAR,))})


def _dropped(edited: Edited) -> tuple[Drop, ...]:
    """A cut without a crossfade is hard."""
    _cut(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    return (Drop(start, stop, real(edited.payload, CROSSFADE_MS, 0.0)),) if start < stop else ()


CUT = Kind(
    name="cut",
    title="Cut",
    icon="scissors",
    verb="cut",
    drops_span=True,
    splits=True,
    is_learned=True,
    validate=_cut,
    effect=_dropped,
    words=span_words,
    how_much=span_words,
    fade=fade(0.0),
)
