"""Validation of payloads: plain JSON values within limits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from math import isfinite

from engine.core.errors import DocumentError
from engine.document.kinds.amount import Amount

CROSSFADE_MS = "crossfade_ms"
LONGEST_CROSSFADE_MS = 1000.0
HAND_CROSSFADE_MS = 10.0
"""Of an edit made by hand, at each seam or edge."""

Payload = Mapping[str, object]
Field = Callable[[str, object], None]
"""Takes the name of a kind and a value; raises `DocumentError`."""


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
        if not (_is_number(value) and lowest <= value <= highest):  # type: ignore[operator]
            raise DocumentError(
                f"{what} cannot be {value!r}: give a number from {lowest:.0f} to {highest:.0f}."
            )

    return require


def whole(lowest: int, highest: int) -> Field:
    """Return a whole-number field with limits."""

    def require(what: str, value: object) -> None:
        if type(value) is not int or not lowest <= value <= highest:
            raise DocumentError(
                f"{what} cannot be {value!r}: give a whole number from {lowest} to {highest}."
            )

    return require


def truth(what: str, value: object) -> None:
    """Store a boolean."""
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


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def real(payload: Payload, name: str, default: float) -> float:
    """Return a number of a valid payload."""
    return float(str(payload.get(name, default)))


def integer(payload: Payload, name: str, default: int) -> int:
    """Return a whole number of a valid payload."""
    return int(str(payload.get(name, default)))


def fade(usual_ms: float, longest_ms: float = LONGEST_CROSSFADE_MS) -> Amount:
    """Return the adjustable crossfade; `usual_ms` is the default."""
    return Amount(CROSSFADE_MS, "&Milliseconds", 5.0, 1.0, 0.0, longest_ms, usual=usual_ms)


CROSSFADE: Mapping[str, Field] = {CROSSFADE_MS: number(0.0, LONGEST_CROSSFADE_MS)}
