"""A kind of proposal: its payload, its effect, its display, and the behaviour of its edges.

A payload is a mapping of plain JSON values; `validator` makes its check from its fields and their limits.
`Amount` is the number of an edit that the user reads, nudges and types.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Literal

from engine.core.errors import DocumentError
from engine.core.timebase import format_time, samples_to_s, whole_where_near
from engine.document.kinds.operations import Operation
from engine.document.proposals import Edited

CROSSFADE_MS = "crossfade_ms"
LONGEST_CROSSFADE_MS = 1000.0
HAND_CROSSFADE_MS = 10.0
"""Of an edit made by hand, at each seam or edge."""
MINIMUM_SPAN_S = 0.001
"""Minimum distance of two edges: a shorter edit would be neither visible nor audible."""

Span = tuple[int, int]
Payload = Mapping[str, object]
Field = Callable[[str, object], None]
"""Takes the name of a kind and a value; raises `DocumentError`."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A number of the payload, in the unit that people count it in.

    Attributes
    ----------
    field : of the payload
    name : of the unit, as a form asks for it
    step, fine_step : change by one key press
    lowest, highest : limits
    decimals : that a form shows
    usual : default for a payload without the field
    per_second : whether the payload counts samples and the display seconds
    unit_s : the unit in seconds, 0.001 for milliseconds
    is_whole : whether the payload stores whole numbers only
    is_moment : whether it is a position in the recording, which snaps to the grid
    """

    field: str
    name: str
    step: float
    fine_step: float
    lowest: float
    highest: float
    decimals: int = 0
    usual: float = 0.0
    per_second: bool = False
    unit_s: float = 1.0
    is_whole: bool = False
    is_moment: bool = False

    def shown(self, payload: Mapping[str, object], rate_hz: int) -> float:
        """Return the number of a valid payload."""
        stored = payload.get(self.field)
        return self.usual if stored is None else float(str(stored)) / self._scale(rate_hz)

    def stored(self, shown: float, rate_hz: int) -> dict[str, object]:
        """Return the number of a payload, clipped to its limits."""
        value = min(max(shown, self.lowest), self.highest) * self._scale(rate_hz)
        return {self.field: round(value) if self.is_whole else whole_where_near(value)}

    def _scale(self, rate_hz: int) -> float:
        return rate_hz * self.unit_s if self.per_second else 1.0


def validator(
    kind: str, fields: Mapping[str, Field], needed: Iterable[str] = ()
) -> Callable[[Payload], None]:
    """Return a validator for payloads with these fields alone, of these types, and all the needed ones."""

    named = f"{'An' if kind[0] in 'aeiou' else 'A'} {kind}"

    def validate(payload: Payload) -> None:
        unknown = sorted(set(payload) - set(fields))
        if unknown:
            known = f"all it takes is {', '.join(fields)}" if fields else "it takes nothing but its span"
            raise DocumentError(f"{named} cannot hold {unknown[0]!r}: {known}.")
        for name, field in fields.items():
            if name in payload:
                field(f"{named}'s {name}", payload[name])
        for name in needed:
            if name not in payload:
                raise DocumentError(f"{named} needs {name}, but has none.")

    return validate


def number(lowest: float, highest: float) -> Field:
    """Return a number field with limits."""

    def require(what: str, value: object) -> None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if not (is_number and lowest <= value <= highest):  # type: ignore[operator]
            raise DocumentError(
                f"{what} cannot be {value!r}: give a number from {lowest:.0f} to {highest:.0f}."
            )

    return require


CROSSFADE: Mapping[str, Field] = {CROSSFADE_MS: number(0.0, LONGEST_CROSSFADE_MS)}
"""The field of a crossfade."""


def whole(lowest: int, highest: int) -> Field:
    """Return a whole-number field with limits."""

    def require(what: str, value: object) -> None:
        if type(value) is not int or not lowest <= value <= highest:
            raise DocumentError(
                f"{what} cannot be {value!r}: give a whole number from {lowest} to {highest}."
            )

    return require


def truth(what: str, value: object) -> None:
    """Require a boolean."""
    if not isinstance(value, bool):
        raise DocumentError(f"{what} cannot be {value!r}: give true or false.")


def text(longest: int) -> Field:
    """Return a text field with a maximum length."""

    def require(what: str, value: object) -> None:
        if not isinstance(value, str) or len(value) > longest:
            raise DocumentError(f"{what} must be a text of at most {longest} characters.")

    return require


def one_of(words: Collection[str]) -> Field:
    """Return a field with a choice of words."""

    def require(what: str, value: object) -> None:
        if value not in words:
            raise DocumentError(f"{what} cannot be {value!r}: give {' or '.join(map(repr, words))}.")

    return require


def real(payload: Payload, name: str, default: float) -> float:
    """Return a number of a valid payload."""
    return float(str(payload.get(name, default)))


def integer(payload: Payload, name: str, default: int) -> int:
    """Return a whole number of a valid payload."""
    return int(str(payload.get(name, default)))


def fade_ms(edited: Edited, usual_ms: float = HAND_CROSSFADE_MS) -> float:
    """Return the crossfade of an edit with a valid payload."""
    return real(edited.payload, CROSSFADE_MS, usual_ms)


def fade(usual_ms: float, longest_ms: float = LONGEST_CROSSFADE_MS) -> Amount:
    """Return the adjustable crossfade; `usual_ms` is the default."""
    return Amount(CROSSFADE_MS, "&Milliseconds", 5.0, 1.0, 0.0, longest_ms, usual=usual_ms)


class Edge(StrEnum):
    """One of the two edges of a span."""

    START = "start"
    STOP = "stop"


class NudgeSize(StrEnum):
    """Distance of one nudge."""

    FINE = "fine"
    COARSE = "coarse"
    SAMPLE = "sample"


def length_words(length_s: float) -> str:
    """Format a duration, such as "8.8 s", "40 ms" or, from a minute, "1:05"."""
    if length_s < 0.0995:
        return f"{length_s * 1000:.0f} ms"
    return f"{length_s:.1f} s" if length_s < 59.95 else format_time(length_s, decimals=0)


def checked(
    validate: Callable[[Payload], None], effect: Callable[[Edited], tuple[Operation, ...]]
) -> Callable[[Edited], tuple[Operation, ...]]:
    """Return an effect that validates the payload first, and does nothing to an empty span."""

    def apply(edited: Edited) -> tuple[Operation, ...]:
        validate(edited.payload)
        return effect(edited) if edited.start_samples < edited.stop_samples else ()

    return apply


Words = Callable[[Edited, int], str]
"""Takes an edit with the user's changes and the rate in Hz."""


def with_span(how_much: Words) -> Words:
    """Return words that begin with the length of the span."""
    return lambda edited, rate_hz: f"{span_words(edited, rate_hz)} {how_much(edited, rate_hz)}".rstrip()


def for_span(how_much: Words) -> Words:
    """Return words that end with the length of the span."""
    return lambda edited, rate_hz: f"{how_much(edited, rate_hz)} for {span_words(edited, rate_hz)}"


def no_other(_edited: Edited) -> None:
    """Return the single way to apply it."""


def span_alone(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - words of kinds take both
    """Return "": the span alone describes such an edit."""
    return ""


@dataclass(frozen=True, slots=True)
class Kind:
    """Properties and functions of one kind of proposal.

    Attributes
    ----------
    name : as `Proposal.kind` has it
    title : for menus and filters
    icon : name of the picture on its flag
    verb : effect of accepting it, as in "cut"
    shape : whether it covers a span of the timeline, marks one point, is a slice, one of many side by side,
        or is of all that its tracks hold; of the last two keys nudge how far it goes and not its edges
    fine_s : the fine nudge; the coarse one is ten times as large
    drops_span : whether its only effect is to remove its span from the result
    drops_of_tracks : whether its only effect is to remove its span from its own tracks, and to close the gap
    splits : whether two adjacent ones have the effect of one over both
    is_learned : whether a decision about it is training data for a taste
    validate : raises `DocumentError` for an invalid payload
    effect : operations of the edit with the user's changes
    words : (edit with the user's changes, rate in Hz) to the words after the verb
    how_much : the same without the length of its span; empty if nothing else
    is_of_tracks : whether it applies to individual tracks by its nature, and does not move all of them
    amount : its number in addition to the span, for nudge keys and a form; None without one
    fade : length of its crossfades; None without any
    other : payload changes of its alternative, or None without one
    filling : (start, stop) of a segment of the recording to the payload changes that use it as a fill;
        None for kinds without a fill
    positions : payload keys that hold positions of the timeline: they move with the clip they are in
    done : participle after its title in a summary, such as "moved" in "96 hits moved"
    """

    name: str
    title: str
    icon: str
    verb: str
    validate: Callable[[Mapping[str, object]], None]
    effect: Callable[[Edited], tuple[Operation, ...]]
    words: Words
    shape: Literal["span", "point", "slice", "whole"] = "span"
    fine_s: float = 0.010
    drops_span: bool = False
    drops_of_tracks: bool = False
    splits: bool = False
    is_learned: bool = False
    how_much: Words = span_alone
    is_of_tracks: bool = False
    amount: Amount | None = None
    fade: Amount | None = None
    other: Callable[[Edited], Mapping[str, object] | None] = no_other
    filling: Callable[[int, int], Mapping[str, object]] | None = None
    positions: tuple[str, ...] = ()
    done: str = ""

    @property
    def has_edges(self) -> bool:
        """Whether the user sets its start and end."""
        return self.shape in ("span", "point")

    @property
    def plural(self) -> str:
        """Its plural title, such as "Cuts"."""
        return f"{self.title}s"

    def label(self, edited: Edited, rate_hz: int) -> str:
        """Return a description of the effect, such as "cut 8.8 s" or "slip 2.0 s by +12.0 ms"."""
        return f"{self.verb} {self.words(edited, rate_hz)}"

    def brief(self, edited: Edited, rate_hz: int) -> str:
        """Return the same without the length of the span, such as "slip +12.0 ms"."""
        return f"{self.verb} {self.how_much(edited, rate_hz)}".rstrip()

    def step_samples(self, size: NudgeSize, rate_hz: int) -> int:
        """Return the distance of one nudge, at least one sample."""
        if size is NudgeSize.SAMPLE:
            return 1
        times = 10 if size is NudgeSize.COARSE else 1
        return max(1, round(self.fine_s * times * rate_hz))

    def nudged(self, span: Span, edge: Edge, by_samples: int, *, length_samples: int, rate_hz: int) -> Span:
        """Return the span with one edge moved by `by_samples`, within its limits; a point moves whole.

        Both edges stay within [0, length_samples] and at least a millisecond apart; a span that is already
        narrower (the user may have put its edges there) can be widened but not narrowed.
        """
        start, stop = span
        if self.shape == "point":
            return (min(max(0, start + by_samples), length_samples),) * 2
        apart = max(1, round(MINIMUM_SPAN_S * rate_hz))
        if edge is Edge.START:
            return min(max(0, start + by_samples), max(start, stop - apart)), stop
        return start, max(min(length_samples, stop + by_samples), min(stop, start + apart))


def span_words(edited: Edited, rate_hz: int) -> str:
    """Format the length of an edit's span."""
    return length_words(samples_to_s(edited.stop_samples - edited.start_samples, rate_hz))


def signed(value: float, unit: str) -> str:
    """Format a change with its sign, such as "+12.0 ms" or "−3.0 dB"."""
    return f"{value:+.1f} {unit}".replace("-", "−")
