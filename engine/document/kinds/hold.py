"""A protected span: no cut removes it."""

from __future__ import annotations

from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Hold
from engine.document.kinds.payload import validator

_keep = validator("keep", {})


def _held(edited: Edited) -> tuple[Hold, ...]:
    _keep(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    return (Hold(start, stop),) if start < stop else ()


KEEP = Kind(
    name="keep",
    title="Keep",
    icon="keep",
    verb="keep",
    splits=True,
    validate=_keep,
    effect=_held,
    words=span_words,
)
