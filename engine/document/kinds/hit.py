"""Hits of drums: a slice that sounds earlier or later, and one voice of a stroke that does.

A hit is moved on all microphones alike; a flam is one voice that is moved on its own microphone, with its
bleed in the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from engine.core.errors import DocumentError
from engine.document.decisions import Edited
from engine.document.file.checks.limits import FARTHEST_SAMPLES
from engine.document.kinds.kind import Kind
from engine.document.kinds.operations import GAP_FILLS, USUAL_FILL, Fill, Lift, Slice
from engine.document.kinds.payload import (
    CROSSFADE,
    CROSSFADE_MS,
    Field,
    Payload,
    fade,
    number,
    one_of,
    real,
    text,
    validator,
    whole,
)
from engine.document.kinds.sounding import BY_SAMPLES, SHIFT, shift_words

ONSET_SAMPLES, AFTER_SAMPLES, VOICES = "onset_samples", "after_samples", "voices"
LINE, FILL, BLEED = "line", "fill", "bleed"
HIT_CROSSFADE_MS = 5.0
"""Default border between neighbouring slices."""
OCTAVES_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)
"""Centres of the octaves for the bleed gains of a flam."""

_LONGEST_VOICES = 200
_anywhere = number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)
_SHARED = MappingProxyType(
    {BY_SAMPLES: _anywhere, ONSET_SAMPLES: _anywhere, VOICES: text(_LONGEST_VOICES), **CROSSFADE}
)
PLACED: Mapping[str, Field] = MappingProxyType(
    {
        BY_SAMPLES: _anywhere,
        ONSET_SAMPLES: _anywhere,
        AFTER_SAMPLES: _anywhere,
        LINE: whole(-1, FARTHEST_SAMPLES),
        **CROSSFADE,
    }
)
"""Fields of a slice that belongs to a line."""
_hit = validator("hit", {**_SHARED, **PLACED, FILL: one_of(GAP_FILLS)})


def _shares(what: str, value: object) -> None:
    """Validate the gains of the octaves, by track id."""
    share = number(0.0, 1.0)
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise DocumentError(f"{what} must name microphones.")
    for key, shares in value.items():
        if not isinstance(shares, list | tuple) or len(shares) != len(OCTAVES_HZ):
            raise DocumentError(f"{what} in {key} must be {len(OCTAVES_HZ)} numbers, one an octave.")
        for one in shares:
            share(f"{what} in {key}", one)


_flam = validator("flam", {**_SHARED, BLEED: _shares})


def _sliced(edited: Edited) -> tuple[Slice, ...]:
    _hit(edited.payload)
    return slice_of(edited, fill_of(edited.payload))


def slice_of(edited: Edited, fill: Fill) -> tuple[Slice, ...]:
    """Return the slice of a hit or a note, none without a span.

    An unmoved one is still a slice: the borders of its neighbours avoid its attack.
    """
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    if start >= stop:
        return ()
    return (
        Slice(
            start,
            stop,
            edited.tracks,
            real(payload, BY_SAMPLES, 0.0),
            real(payload, CROSSFADE_MS, HIT_CROSSFADE_MS),
            fill,
            real(payload, ONSET_SAMPLES, start),
            real(payload, AFTER_SAMPLES, 0.0) if AFTER_SAMPLES in payload else None,
        ),
    )


def fill_of(payload: Payload) -> Fill:
    """Return the fill before a hit that was moved away from the previous one."""
    return Fill(str(payload.get(FILL, USUAL_FILL)))


def _next_fill(edited: Edited) -> Mapping[str, object]:
    after = GAP_FILLS.index(fill_of(edited.payload)) + 1
    return {FILL: str(GAP_FILLS[after % len(GAP_FILLS)])}


def _lifted(edited: Edited) -> tuple[Lift, ...]:
    """Moves the voice on its own microphone, and its bleed on the others."""
    _flam(edited.payload)
    start, stop, payload = edited.start_samples, edited.stop_samples, edited.payload
    by, fade_ms = real(payload, BY_SAMPLES, 0.0), real(payload, CROSSFADE_MS, HIT_CROSSFADE_MS)
    if start >= stop or not by:
        return ()
    bleed = payload.get(BLEED, {})
    assert isinstance(bleed, Mapping)
    own = Lift(start, stop, edited.tracks, by, (), fade_ms)
    others = (
        Lift(start, stop, (track,), by, tuple(map(float, shares)), fade_ms)
        for track, shares in sorted(bleed.items())
        if track not in edited.tracks and any(shares)
    )
    return (own, *others)


def _voice_words(edited: Edited, rate_hz: int) -> str:
    """The distance comes first: if room is short the voices are omitted, which the reason names too."""
    voices = str(edited.payload.get(VOICES, ""))
    return f"{shift_words(edited, rate_hz)} {voices}".rstrip()


HIT = Kind(
    name="hit",
    positions=(ONSET_SAMPLES, AFTER_SAMPLES),
    title="Hit",
    done="moved",
    icon="hit",
    verb="move hit",
    shape="slice",
    fine_s=0.001,
    validate=_hit,
    effect=_sliced,
    words=_voice_words,
    how_much=shift_words,
    is_of_tracks=True,
    fade=fade(HIT_CROSSFADE_MS),
    other=_next_fill,
    amount=SHIFT,
)
FLAM = Kind(
    name="flam",
    positions=(ONSET_SAMPLES,),
    title="Flam",
    done="moved",
    icon="flam",
    verb="move voice",
    shape="slice",
    fine_s=0.001,
    validate=_flam,
    effect=_lifted,
    words=_voice_words,
    how_much=shift_words,
    is_of_tracks=True,
    fade=fade(HIT_CROSSFADE_MS),
    amount=SHIFT,
)
