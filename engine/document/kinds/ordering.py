"""Repeats and moves: a span that is heard again, or elsewhere."""

from __future__ import annotations

from engine.document.checks.limits import FARTHEST_SAMPLES
from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Order
from engine.document.kinds.payload import (
    CROSSFADE,
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    Payload,
    integer,
    real,
    validator,
    whole,
)
from engine.errors import DocumentError
from engine.timebase import format_time, samples_to_s

TIMES, TO_SAMPLES = "times", "to_samples"
MOST_TIMES = 10_000

_repeat = validator("repeat", {TIMES: whole(2, MOST_TIMES), **CROSSFADE})
_move = validator("move", {TO_SAMPLES: whole(0, FARTHEST_SAMPLES), **CROSSFADE})


def _validate_move(payload: Payload) -> None:
    _move(payload)
    if TO_SAMPLES not in payload:
        raise DocumentError("A move must say where to: it has no to_samples.")


def _repeated(edited: Edited) -> tuple[Order, ...]:
    """It is heard so many times in a row, the first time where it stands."""
    _repeat(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    if start >= stop:
        return ()
    more = integer(edited.payload, TIMES, 2) - 1
    return (Order(start, stop, stop, more, True, real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)),)


def _moved(edited: Edited) -> tuple[Order, ...]:
    """It is taken out and comes back before another moment; one within itself leaves it where it is."""
    _validate_move(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    to = integer(edited.payload, TO_SAMPLES, 0)
    if start >= stop or start <= to <= stop:
        return ()
    return (Order(start, stop, to, 1, False, real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)),)


def _repeat_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_times(edited, rate_hz)}"


def _times(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - a kind is asked with both
    return f"×{integer(edited.payload, TIMES, 2)}"


def _move_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} {_whereto(edited, rate_hz)}"


def _whereto(edited: Edited, rate_hz: int) -> str:
    to_s = samples_to_s(integer(edited.payload, TO_SAMPLES, 0), rate_hz)
    return f"to {format_time(to_s, 1)}"


REPEAT = Kind(
    name="repeat",
    title="Repeat",
    icon="repeat",
    verb="repeat",
    shape="span",
    fine_s=0.010,
    drops_span=False,
    is_learned=False,
    validate=_repeat,
    effect=_repeated,
    words=_repeat_words,
    amount=_times,
)
MOVE = Kind(
    name="move",
    title="Move",
    icon="move",
    verb="move",
    shape="span",
    fine_s=0.010,
    drops_span=False,
    is_learned=False,
    validate=_validate_move,
    effect=_moved,
    words=_move_words,
    amount=_whereto,
)
