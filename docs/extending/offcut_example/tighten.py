"""The kind "tighten": a pause is shortened, and its beginning and its end stay."""

from engine.core.timebase import samples_to_s
from engine.document.kinds.kind import Amount, Kind, integer, length_words, span_words, validator, whole
from engine.document.kinds.operations import Drop
from engine.document.proposals import Edited

KEPT = "kept_samples"
CROSSFADE_MS = 20.0
validate = validator("tighten", {KEPT: whole(0, 10_000_000)})


def effect(edited: Edited) -> tuple[Drop, ...]:
    """Drop the middle; nothing where the pause is short enough."""
    validate(edited.payload)
    kept = integer(edited.payload, KEPT, 0)
    start, stop = edited.start_samples + kept // 2, edited.stop_samples - (kept - kept // 2)
    return (Drop(start, stop, CROSSFADE_MS),) if start < stop else ()


def words(edited: Edited, rate_hz: int) -> str:
    """Say how long it is and how long it becomes."""
    kept_s = samples_to_s(integer(edited.payload, KEPT, 0), rate_hz)
    return f"{span_words(edited, rate_hz)} to {length_words(kept_s)}"


TIGHTEN = Kind(
    name="tighten",
    title="Tightened pause",
    icon="scissors",
    verb="tighten",
    validate=validate,
    effect=effect,
    words=words,
    amount=Amount(KEPT, "&Milliseconds", 100, 10, 0, 10_000, per_second=True, unit_s=0.001, is_whole=True),
)
