"""Edits of what sounds on some tracks: a span that is muted, slips in time, or is louder or quieter."""

from __future__ import annotations

from collections.abc import Mapping

from engine.document.checks.limits import FARTHEST_SAMPLES
from engine.document.decisions import Edited
from engine.document.kinds.kind import Kind, no_amount, signed, span_words
from engine.document.kinds.operations import Gain, Replace, Shift
from engine.document.kinds.payload import (
    CROSSFADE,
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    integer,
    number,
    real,
    validator,
    whole,
)
from engine.errors import DocumentError

TONE_START, TONE_STOP = "tone_start_samples", "tone_stop_samples"
BY_SAMPLES, GAIN_DB, RAMP_MS = "by_samples", "gain_db", "ramp_ms"
QUIETEST_DB, LOUDEST_DB = -120.0, 40.0

_anywhere = whole(0, FARTHEST_SAMPLES)
_mute = validator("mute", {TONE_START: _anywhere, TONE_STOP: _anywhere, **CROSSFADE})
_slip = validator("slip", {BY_SAMPLES: number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES), **CROSSFADE})
_gain = validator("gain", {GAIN_DB: number(QUIETEST_DB, LOUDEST_DB), RAMP_MS: number(0.0, 10_000.0)})


def _validate_mute(payload: Mapping[str, object]) -> None:
    _mute(payload)
    if (TONE_START in payload) != (TONE_STOP in payload):
        raise DocumentError("A mute's room tone needs both its edges.")
    if TONE_START in payload and integer(payload, TONE_START, 0) >= integer(payload, TONE_STOP, 0):
        raise DocumentError("A mute's room tone ends before it begins.")


def _muted(edited: Edited) -> tuple[Replace, ...]:
    _validate_mute(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    tone = (
        (integer(payload, TONE_START, 0), integer(payload, TONE_STOP, 0)) if TONE_START in payload else None
    )
    fade_ms = real(payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Replace(start, stop, edited.tracks, tone, fade_ms),) if start < stop else ()


def _slipped(edited: Edited) -> tuple[Shift, ...]:
    _slip(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    by = real(edited.payload, BY_SAMPLES, 0.0)
    fade_ms = real(edited.payload, CROSSFADE_MS, HAND_CROSSFADE_MS)
    return (Shift(start, stop, edited.tracks, by, fade_ms),) if start < stop and by else ()


def _gained(edited: Edited) -> tuple[Gain, ...]:
    _gain(edited.payload)
    start, stop = edited.start_samples, edited.stop_samples
    gain_db = real(edited.payload, GAIN_DB, 0.0)
    ramp_ms = real(edited.payload, RAMP_MS, HAND_CROSSFADE_MS)
    return (Gain(start, stop, edited.tracks, gain_db, ramp_ms),) if start < stop and gain_db else ()


def _slip_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)} by {_by(edited, rate_hz)}"


def _by(edited: Edited, rate_hz: int) -> str:
    return signed(real(edited.payload, BY_SAMPLES, 0.0) / rate_hz * 1000, "ms")


def _gain_words(edited: Edited, rate_hz: int) -> str:
    return f"{_by_db(edited, rate_hz)} for {span_words(edited, rate_hz)}"


def _by_db(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - a kind is asked with both
    return signed(real(edited.payload, GAIN_DB, 0.0), "dB")


MUTE = Kind(
    name="mute",
    title="Mute",
    icon="mute",
    verb="mute",
    shape="span",
    fine_s=0.010,
    drops_span=False,
    is_learned=False,
    validate=_validate_mute,
    effect=_muted,
    words=span_words,
    amount=no_amount,
)
SLIP = Kind(
    name="slip",
    title="Slip",
    icon="slip",
    verb="slip",
    shape="span",
    fine_s=0.001,
    drops_span=False,
    is_learned=False,
    validate=_slip,
    effect=_slipped,
    words=_slip_words,
    amount=_by,
)
GAIN = Kind(
    name="gain",
    title="Gain",
    icon="gain",
    verb="gain",
    shape="span",
    fine_s=0.010,
    drops_span=False,
    is_learned=False,
    validate=_gain,
    effect=_gained,
    words=_gain_words,
    amount=_by_db,
)
