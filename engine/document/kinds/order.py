"""A cut: a span that is left out of the result, its neighbours joined by a crossfade.

A ripple cut: a span that some tracks leave out; their later sound moves earlier, the others play on.

A protected span: no cut removes it.

A switch to another take: a span of it plays in the place of the same bars of the take that stays.

An insert: silence or room tone of a length at a position; later sound moves later.

Repeats and moves: a span plays again, or at another position.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.core.timebase import format_time, samples_to_s
from engine.document.kinds.kind import (
    CROSSFADE,
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    Amount,
    Kind,
    fade,
    integer,
    length_words,
    one_of,
    real,
    span_words,
    validator,
    whole,
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

TIMES, TO_SAMPLES, RANK = "times", "to_samples", "rank"
MOST_TIMES = 10_000
LONGEST_S = 1e9
"""More seconds than any document has."""

_PLACE = {TO_SAMPLES: whole(0, FARTHEST_SAMPLES), RANK: whole(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)}
_repeat = validator("repeat", {TIMES: whole(2, MOST_TIMES), **_PLACE, **CROSSFADE})
_move = validator("move", {**_PLACE, **CROSSFADE}, (TO_SAMPLES,))


def _repeated(edited: Edited) -> tuple[Order, ...]:
    """Number of times it plays: first at its own position, then right after it or before another position."""
    _repeat(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    if start >= stop:
        return ()
    at, more = integer(payload, TO_SAMPLES, stop), integer(payload, TIMES, 2) - 1
    fade_ms = real(payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Order(start, stop, at, more, True, fade_ms, integer(payload, RANK, 0)),)


def _moved(edited: Edited) -> tuple[Order, ...]:
    """Remove it and insert it at another position; a target within itself has no effect."""
    _move(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    to, rank = integer(payload, TO_SAMPLES, 0), integer(payload, RANK, 0)
    if start >= stop or start < to < stop or (to in (start, stop) and not rank):
        return ()
    fade_ms = real(payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Order(start, stop, to, 1, False, fade_ms, rank),)


def _repeat_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_times(edited, rate_hz)}"


def _times(edited: Edited, rate_hz: int) -> str:
    times = f"×{integer(edited.payload, TIMES, 2)}"
    if TO_SAMPLES not in edited.payload:
        return times
    to_s = samples_to_s(integer(edited.payload, TO_SAMPLES, 0), rate_hz)
    return f"{times} at {format_time(to_s, 1)}"


def _move_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_whereto(edited, rate_hz)}"


def _whereto(edited: Edited, rate_hz: int) -> str:
    to_s = samples_to_s(integer(edited.payload, TO_SAMPLES, 0), rate_hz)
    return f"to {format_time(to_s, 2)}"


REPEAT = Kind(
    name="repeat",
    positions=(TO_SAMPLES,),
    title="Repeat",
    icon="repeat",
    verb="repeat",
    validate=_repeat,
    effect=_repeated,
    words=_repeat_words,
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
    effect=_moved,
    words=_move_words,
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


COVERED_START_SAMPLES, COVERED_STOP_SAMPLES = "covered_start_samples", "covered_stop_samples"
"""The span of the take that stays, which the other take covers."""
TAKE_START_SAMPLES, TAKE_STOP_SAMPLES = "take_start_samples", "take_stop_samples"
"""The same musical positions in the other take: edges that the user moves are relative to them."""

TAKE, FIRST_BAR, LAST_BAR = "take", "first_bar", "last_bar"
"""The number of the other take and those of the bars of the passage, from 1, in words alone."""
MOST_NUMBERED = 1_000_000

_FIELDS = (COVERED_START_SAMPLES, COVERED_STOP_SAMPLES, TAKE_START_SAMPLES, TAKE_STOP_SAMPLES)
_NAMES = dict.fromkeys((TAKE, FIRST_BAR, LAST_BAR), whole(1, MOST_NUMBERED))
_comp = validator(
    "comp", {**dict.fromkeys(_FIELDS, whole(0, FARTHEST_SAMPLES)), **_NAMES, **CROSSFADE}, _FIELDS
)


def covered(edited: Edited) -> tuple[int, int]:
    """Return the span [start, stop) of the take that stays: an edge that is moved moves in both takes."""
    start, stop, take_start, take_stop = (integer(edited.payload, name, 0) for name in _FIELDS)
    return (
        max(0, start + edited.start_samples - take_start),
        stop + edited.stop_samples - take_stop,
    )


def _comped(edited: Edited) -> tuple[Drop | Hold | Order, ...]:
    """Hold the other take against the cut of all of it, move it, and drop the bars that it covers."""
    _comp(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    first, last = covered(edited)
    if start >= stop or first >= last or (start < last and first < stop):
        return ()
    fade_ms = real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    move = Order(start, stop, first, 1, False, fade_ms)
    return (Hold(start, stop), move, Drop(first, last, fade_ms))


def _comp_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_comp_place(edited, rate_hz)}"


def bars_in_words(first: int, last: int) -> str:
    """Return the words for bars [first, last] of a passage."""
    return f"bar {first}" if first == last else f"bars {first}–{last}"


def _comp_bars(edited: Edited, rate_hz: int) -> str:
    """Return the bars and their take; the place of the bars where they have no numbers."""
    take, first, last = (integer(edited.payload, name, 0) for name in (TAKE, FIRST_BAR, LAST_BAR))
    if not (take and first and last):
        return _comp_place(edited, rate_hz)
    return f"take {take}, {bars_in_words(first, last)}"


def _comp_place(edited: Edited, rate_hz: int) -> str:
    return f"at {format_time(samples_to_s(covered(edited)[0], rate_hz), 1)}"


COMP = Kind(
    name="comp",
    positions=_FIELDS,
    title="Comp",
    icon="comp",
    verb="comp",
    validate=_comp,
    effect=_comped,
    words=_comp_words,
    how_much=_comp_bars,
    fade=fade(HAND_CROSSFADE_MS),
)


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
