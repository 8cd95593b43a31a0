"""Notes of any instrument: an attack that sounds earlier or later, and stretched sound on either side."""

from __future__ import annotations

from dataclasses import replace

from engine.document.decisions import Edited
from engine.document.kinds.hit import HIT, PLACED, slice_of
from engine.document.kinds.kind import no_other
from engine.document.kinds.operations import Fill, Slice
from engine.document.kinds.payload import validator
from engine.document.kinds.sounding import shift_words

_note = validator("note", PLACED)


def _elastic(edited: Edited) -> tuple[Slice, ...]:
    """The end of the note before changes length by the shift, and so does its own end."""
    _note(edited.payload)
    return slice_of(edited, Fill.ELASTIC)


NOTE = replace(
    HIT,
    name="note",
    title="Note",
    icon="note",
    verb="move note",
    validate=_note,
    effect=_elastic,
    words=shift_words,
    other=no_other,
)
