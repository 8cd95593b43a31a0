"""A cut: a span that is left out of the result, its neighbours joined by a crossfade."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document.kinds.kind import Kind, Span
from engine.document.kinds.operations import Drop
from engine.document.proposals import Proposal
from engine.errors import DocumentError
from engine.timebase import format_time, samples_to_s

LONGEST_CROSSFADE_MS = 1000.0


def _crossfade_ms(payload: Mapping[str, object]) -> float:
    """Return the length of the crossfade; a cut without one is hard."""
    value = payload.get("crossfade_ms", 0.0)
    if (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 0.0 <= value <= LONGEST_CROSSFADE_MS
    ):
        return float(value)
    raise DocumentError(
        f"A cut's crossfade_ms cannot be {value!r}: give a number from 0 to {LONGEST_CROSSFADE_MS:.0f}."
    )


def _validate(payload: Mapping[str, object]) -> None:
    unknown = sorted(set(payload) - {"crossfade_ms"})
    if unknown:
        raise DocumentError(f"A cut cannot hold {unknown[0]!r}: all it takes is crossfade_ms.")
    _crossfade_ms(payload)


def _effect(proposal: Proposal, span: Span) -> tuple[Drop, ...]:
    start, stop = span
    return (Drop(start, stop, _crossfade_ms(proposal.payload)),) if start < stop else ()


def _label(span: Span, rate_hz: int) -> str:
    """Return such as "cut 8.8 s", "cut 40 ms" or, from a minute, "cut 1:05"."""
    length_s = samples_to_s(span[1] - span[0], rate_hz)
    if length_s < 0.0995:
        return f"cut {length_s * 1000:.0f} ms"
    if length_s < 59.95:
        return f"cut {length_s:.1f} s"
    return f"cut {format_time(length_s, decimals=0)}"


CUT = Kind(
    name="cut",
    title="Cut",
    icon="scissors",
    shape="span",
    fine_s=0.010,
    removes_span=True,
    validate=_validate,
    effect=_effect,
    label=_label,
)
