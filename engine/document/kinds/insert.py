"""An insert: silence or room tone of a length at a position; later sound moves later."""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.timebase import samples_to_s
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES, LONGEST_DOCUMENT_SAMPLES
from engine.document.kinds.amount import Amount
from engine.document.kinds.kind import Kind, length_words
from engine.document.kinds.operations import Insert
from engine.document.kinds.ordering import LONGEST_S, RANK
from engine.document.kinds.payload import (
    CROSSFADE,
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    fade,
    integer,
    real,
    validator,
    whole,
)
from engine.document.kinds.sounding import (
    TONE,
    TONE_START,
    TONE_STOP,
    filled_with,
    is_silent,
    other_filling,
    require_tone,
    tone_of,
)

LENGTH_SAMPLES = "length_samples"
_insert = validator(
    "insert",
    {
        LENGTH_SAMPLES: whole(1, LONGEST_DOCUMENT_SAMPLES),
        RANK: whole(-FARTHEST_SAMPLES, FARTHEST_SAMPLES),
        **TONE,
        **CROSSFADE,
    },
    (LENGTH_SAMPLES,),
)


def _validate_insert(payload: Mapping[str, object]) -> None:
    _insert(payload)
    require_tone("an insert", payload)


def _inserted(edited: Edited) -> tuple[Insert, ...]:
    _validate_insert(edited.payload)
    at, payload = edited.start_samples, edited.payload
    return (
        Insert(
            at,
            at,
            integer(payload, LENGTH_SAMPLES, 0),
            edited.tracks,
            tone_of(payload),
            real(payload, CROSSFADE_MS, HAND_CROSSFADE_MS),
            integer(payload, RANK, 0),
        ),
    )


def _insert_words(edited: Edited, rate_hz: int) -> str:
    return f"{_insert_length(edited, rate_hz)} of {'silence' if is_silent(edited.payload) else 'room tone'}"


def _insert_length(edited: Edited, rate_hz: int) -> str:
    return length_words(samples_to_s(integer(edited.payload, LENGTH_SAMPLES, 0), rate_hz))


INSERT = Kind(
    name="insert",
    positions=(TONE_START, TONE_STOP),
    title="Insert",
    icon="insert",
    verb="insert",
    shape="point",
    validate=_validate_insert,
    effect=_inserted,
    words=_insert_words,
    how_much=_insert_length,
    fade=fade(HAND_CROSSFADE_MS),
    other=other_filling,
    filling=filled_with,
    amount=Amount(
        LENGTH_SAMPLES, "&Seconds", 0.1, 0.01, 0.001, LONGEST_S, decimals=3, per_second=True, is_whole=True
    ),
)
