"""Another take on lanes: tracks play it in a span, without a change of their clips."""

from __future__ import annotations

from engine.core.errors import DocumentError
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Raise
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

AT_SAMPLES, TAKES, NUMBER = "at_samples", "takes", "number"
"""A position on the timeline; the source of the take on each track, and the position in it that plays there;
and the lane of the take, from 1. A clip has no place here: clips are split, and the parts get other ids."""
MOST_TAKES, _MOST_LANES = 1_000, 100
Take = tuple[str, int]
"""A source, and where it begins on the timeline."""


def _takes(what: str, value: object) -> None:
    """Require [source id, position] pairs."""
    pairs = value if isinstance(value, list | tuple) else ()
    if not 0 < len(pairs) <= MOST_TAKES or not all(_is_pair(one) for one in pairs):
        raise DocumentError(f"{what} must be one or more pairs of a source id and a position in its samples.")


def _is_pair(one: object) -> bool:
    return (
        isinstance(one, list | tuple)
        and len(one) == 2
        and isinstance(one[0], str)
        and type(one[1]) is int
        and abs(one[1]) <= FARTHEST_SAMPLES
    )


_TAKE_FIELDS = {
    AT_SAMPLES: whole(0, FARTHEST_SAMPLES),
    TAKES: _takes,
    NUMBER: whole(1, _MOST_LANES),
    **CROSSFADE,
}
_take = validator("take", _TAKE_FIELDS, (AT_SAMPLES, TAKES))


def takes_of(edited: Edited) -> tuple[Take, ...]:
    """Return the takes of a valid payload: the source of each, and where it begins on the timeline."""
    at, pairs = integer(edited.payload, AT_SAMPLES, 0), edited.payload[TAKES]
    assert isinstance(pairs, list | tuple)
    return tuple((str(source_id), at - int(offset)) for source_id, offset in pairs)


def _raised(edited: Edited) -> tuple[Raise, ...]:
    _take(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    if start >= stop:
        return ()
    fade_ms = real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Raise(start, stop, edited.tracks, takes_of(edited), fade_ms),)


def _take_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_take_number(edited, rate_hz)}".rstrip()


def _take_number(edited: Edited, _rate_hz: int) -> str:
    return f"to take {edited.payload[NUMBER]}" if NUMBER in edited.payload else ""


TAKE = Kind(
    name="take",
    positions=(AT_SAMPLES,),
    title="Take",
    icon="take",
    verb="swap",
    validate=_take,
    effect=_raised,
    words=_take_words,
    how_much=_take_number,
    is_of_tracks=True,
    fade=fade(HAND_CROSSFADE_MS),
)
