"""A switch to another take: a span of it plays in the place of the same bars of the take that stays."""

from __future__ import annotations

from engine.core.timebase import format_time, samples_to_s
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.kind import Kind, span_words
from engine.document.kinds.operations import Drop, Hold, Order
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
