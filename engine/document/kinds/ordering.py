"""Repeats and moves: a span plays again, or at another position."""

from __future__ import annotations

from engine.core.timebase import format_time, samples_to_s
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.amount import Amount
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Order
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
