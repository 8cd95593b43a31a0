"""Kinds of edits of the order and length of the result: cut, keep, repeat, move, insert and comp.

A cut leaves its span out of the result, its neighbours joined by a crossfade; a ripple cut does so on some
tracks, whose later sound moves earlier. No cut removes a protected span (`KEEP`). A repeat plays its span
again, a move plays it at another position, and an insert makes room for silence or room tone. A comp plays a
span in the place of the same bars of the take that stays.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.timebase import format_time, samples_to_s
from engine.document.kinds.kind import (
    CROSSFADE,
    HAND_CROSSFADE_MS,
    Amount,
    Kind,
    checked,
    fade,
    fade_ms,
    integer,
    length_words,
    one_of,
    span_words,
    validator,
    whole,
    with_span,
)
from engine.document.kinds.operations import Drop, Hold, Insert, Order
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
from engine.document.limits import FARTHEST_SAMPLES, LONGEST_DOCUMENT_SAMPLES
from engine.document.proposals import QUESTION, UNFAMILIAR, Edited

_cut = validator("cut", {**CROSSFADE, QUESTION: one_of((UNFAMILIAR,))})
CUT = Kind(
    name="cut",
    title="Cut",
    icon="scissors",
    verb="cut",
    drops_span=True,
    splits=True,
    is_learned=True,
    validate=_cut,
    effect=checked(_cut, lambda one: (Drop(*one.span, fade_ms(one, 0.0)),)),  # a hard cut without a crossfade
    words=span_words,
    how_much=span_words,
    fade=fade(0.0),
)

_ripple = validator("ripple", CROSSFADE)
RIPPLE = Kind(
    name="ripple",
    title="Ripple cut",
    icon="ripple",
    verb="ripple cut",
    drops_of_tracks=True,
    splits=True,
    is_of_tracks=True,
    validate=_ripple,
    effect=checked(_ripple, lambda one: (Drop(*one.span, fade_ms(one), one.tracks),)),
    words=span_words,
    how_much=span_words,
    fade=fade(HAND_CROSSFADE_MS),
)

_keep = validator("keep", {})
KEEP = Kind(
    name="keep",
    title="Keep",
    icon="keep",
    verb="keep",
    splits=True,
    validate=_keep,
    effect=checked(_keep, lambda one: (Hold(*one.span),)),
    words=span_words,
)

TIMES, TO_SAMPLES, RANK = "times", "to_samples", "rank"
MOST_TIMES = 10_000
LONGEST_S = 1e9
"""More seconds than any document has."""

_RANK = {RANK: whole(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)}
_PLACE = {TO_SAMPLES: whole(0, FARTHEST_SAMPLES), **_RANK}
_repeat = validator("repeat", {TIMES: whole(2, MOST_TIMES), **_PLACE, **CROSSFADE})
_move = validator("move", {**_PLACE, **CROSSFADE}, (TO_SAMPLES,))


def _repeated(edited: Edited) -> tuple[Order, ...]:
    """Play it several times: first at its own position, then right after it or before another position."""
    payload = edited.payload
    at, more = integer(payload, TO_SAMPLES, edited.stop_samples), integer(payload, TIMES, 2) - 1
    return (Order(*edited.span, at, more, True, fade_ms(edited), integer(payload, RANK, 0)),)


def _moved(edited: Edited) -> tuple[Order, ...]:
    """Remove it and insert it at another position; a target within itself has no effect."""
    to, rank = integer(edited.payload, TO_SAMPLES, 0), integer(edited.payload, RANK, 0)
    if edited.start_samples < to < edited.stop_samples or (to in edited.span and not rank):
        return ()
    return (Order(*edited.span, to, 1, False, fade_ms(edited), rank),)


def _target(edited: Edited, rate_hz: int, decimals: int) -> str:
    return format_time(samples_to_s(integer(edited.payload, TO_SAMPLES, 0), rate_hz), decimals)


def _times(edited: Edited, rate_hz: int) -> str:
    times = f"×{integer(edited.payload, TIMES, 2)}"
    return f"{times} at {_target(edited, rate_hz, 1)}" if TO_SAMPLES in edited.payload else times


def _whereto(edited: Edited, rate_hz: int) -> str:
    return f"to {_target(edited, rate_hz, 2)}"


REPEAT = Kind(
    name="repeat",
    positions=(TO_SAMPLES,),
    title="Repeat",
    icon="repeat",
    verb="repeat",
    validate=_repeat,
    effect=checked(_repeat, _repeated),
    words=with_span(_times),
    how_much=_times,
    fade=fade(HAND_CROSSFADE_MS),
    amount=Amount(TIMES, "&Times in a row", 1, 1, 2, MOST_TIMES, usual=2, is_whole=True),
)
MOVE = Kind(
    name="move",
    positions=(TO_SAMPLES,),
    title="Move",
    icon="move",
    verb="move",
    validate=_move,
    effect=checked(_move, _moved),
    words=with_span(_whereto),
    how_much=_whereto,
    fade=fade(HAND_CROSSFADE_MS),
    amount=Amount(
        TO_SAMPLES,
        "To &time",
        0.01,
        0.001,
        0.0,
        LONGEST_S,
        decimals=3,
        per_second=True,
        is_whole=True,
        is_moment=True,
    ),
)

LENGTH_SAMPLES = "length_samples"
_insert = validator(
    "insert",
    {LENGTH_SAMPLES: whole(1, LONGEST_DOCUMENT_SAMPLES), **_RANK, **TONE, **CROSSFADE},
    (LENGTH_SAMPLES,),
)


def _validate_insert(payload: Mapping[str, object]) -> None:
    _insert(payload)
    require_tone("an insert", payload)


def _inserted(edited: Edited) -> tuple[Insert, ...]:
    payload, at = edited.payload, edited.start_samples
    _validate_insert(payload)
    length, rank = integer(payload, LENGTH_SAMPLES, 0), integer(payload, RANK, 0)
    return (Insert(at, at, length, edited.tracks, tone_of(payload), fade_ms(edited), rank),)


def _insert_length(edited: Edited, rate_hz: int) -> str:
    return length_words(samples_to_s(integer(edited.payload, LENGTH_SAMPLES, 0), rate_hz))


def _insert_words(edited: Edited, rate_hz: int) -> str:
    return f"{_insert_length(edited, rate_hz)} of {'silence' if is_silent(edited.payload) else 'room tone'}"


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

COVERED_START_SAMPLES, COVERED_STOP_SAMPLES = "covered_start_samples", "covered_stop_samples"
"""The span of the take that stays, which the other take covers."""
TAKE_START_SAMPLES, TAKE_STOP_SAMPLES = "take_start_samples", "take_stop_samples"
"""The same musical positions in the other take: edges that the user moves are relative to them."""
TAKE, FIRST_BAR, LAST_BAR = "take", "first_bar", "last_bar"
"""The number of the other take and those of the bars of the passage, from 1, in words alone."""
MOST_NUMBERED = 1_000_000

_EDGES = (COVERED_START_SAMPLES, COVERED_STOP_SAMPLES, TAKE_START_SAMPLES, TAKE_STOP_SAMPLES)
_NUMBERS = dict.fromkeys((TAKE, FIRST_BAR, LAST_BAR), whole(1, MOST_NUMBERED))
_comp = validator(
    "comp", {**dict.fromkeys(_EDGES, whole(0, FARTHEST_SAMPLES)), **_NUMBERS, **CROSSFADE}, _EDGES
)


def covered(edited: Edited) -> tuple[int, int]:
    """Return the span [start, stop) of the take that stays: an edge that is moved moves in both takes."""
    start, stop, take_start, take_stop = (integer(edited.payload, name, 0) for name in _EDGES)
    return max(0, start + edited.start_samples - take_start), stop + edited.stop_samples - take_stop


def _comped(edited: Edited) -> tuple[Drop | Hold | Order, ...]:
    """Hold the other take against the cut of all of it, move it, and drop the bars that it covers."""
    first, last = covered(edited)
    if first >= last or (edited.start_samples < last and first < edited.stop_samples):
        return ()
    move = Order(*edited.span, first, 1, False, fade_ms(edited))
    return (Hold(*edited.span), move, Drop(first, last, fade_ms(edited)))


def bars_in_words(first: int, last: int) -> str:
    """Return the words for bars [first, last] of a passage."""
    return f"bar {first}" if first == last else f"bars {first}–{last}"


def _comp_place(edited: Edited, rate_hz: int) -> str:
    return f"at {format_time(samples_to_s(covered(edited)[0], rate_hz), 1)}"


def _comp_bars(edited: Edited, rate_hz: int) -> str:
    """Return the bars and their take; the place of the bars where they have no numbers."""
    take, first, last = (integer(edited.payload, name, 0) for name in _NUMBERS)
    if not (take and first and last):
        return _comp_place(edited, rate_hz)
    return f"take {take}, {bars_in_words(first, last)}"


COMP = Kind(
    name="comp",
    positions=_EDGES,
    title="Comp",
    icon="comp",
    verb="comp",
    validate=_comp,
    effect=checked(_comp, _comped),
    words=with_span(_comp_place),
    how_much=_comp_bars,
    fade=fade(HAND_CROSSFADE_MS),
)
