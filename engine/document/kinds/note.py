"""Notes of any instrument: an attack that sounds earlier or later, and stretched sound on either side."""

from __future__ import annotations

from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.hit import AFTER_SAMPLES, HIT_CROSSFADE_MS, LINE, ONSET_SAMPLES
from engine.document.kinds.kind import Kind
from engine.document.kinds.operations import Fill, Slice
from engine.document.kinds.payload import CROSSFADE, CROSSFADE_MS, fade, number, real, validator, whole
from engine.document.kinds.sounding import BY_SAMPLES, SHIFT, shift_words

_anywhere = number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)
_note = validator(
    "note",
    {
        BY_SAMPLES: _anywhere,
        ONSET_SAMPLES: _anywhere,
        AFTER_SAMPLES: _anywhere,
        LINE: whole(-1, FARTHEST_SAMPLES),
        **CROSSFADE,
    },
)


def _elastic(edited: Edited) -> tuple[Slice, ...]:
    """The end of the note before changes length by the shift, and so does its own end."""
    _note(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    if start >= stop:
        return ()
    return (
        Slice(
            start,
            stop,
            edited.tracks,
            real(payload, BY_SAMPLES, 0.0),
            real(payload, CROSSFADE_MS, HIT_CROSSFADE_MS),
            Fill.ELASTIC,
            real(payload, ONSET_SAMPLES, start),
            real(payload, AFTER_SAMPLES, 0.0) if AFTER_SAMPLES in payload else None,
        ),
    )


NOTE = Kind(
    name="note",
    positions=(ONSET_SAMPLES, AFTER_SAMPLES),
    title="Note",
    done="moved",
    icon="note",
    verb="move note",
    shape="slice",
    fine_s=0.001,
    validate=_note,
    effect=_elastic,
    words=shift_words,
    how_much=shift_words,
    is_of_tracks=True,
    fade=fade(HIT_CROSSFADE_MS),
    amount=SHIFT,
)
