"""Kinds of edits of the sound of some tracks: mute, slip, gain, repair and another take.

They change no length. A mute plays silence or room tone, a repair plays audio that the document stores, and a
take plays the clips of another lane.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Literal

from engine.core.errors import DocumentError
from engine.document.kinds.kind import (
    CROSSFADE,
    CROSSFADE_MS,
    HAND_CROSSFADE_MS,
    Amount,
    Field,
    Kind,
    Payload,
    checked,
    fade,
    fade_ms,
    for_span,
    integer,
    number,
    real,
    signed,
    span_words,
    truth,
    validator,
    whole,
    with_span,
)
from engine.document.kinds.operations import Gain, Raise, Replace, Shift, Stored
from engine.document.kinds.spectra import SPECTRA_DB, require_spectra
from engine.document.limits import FARTHEST_SAMPLES
from engine.document.proposals import AUDIO, AUDIO_OF, Edited, is_key

TONE_START, TONE_STOP, IS_SILENT = "tone_start_samples", "tone_stop_samples", "is_silent"
BY_SAMPLES, GAIN_DB, RAMP_MS = "by_samples", "gain_db", "ramp_ms"
START_RAMP_MS, STOP_RAMP_MS = "start_ramp_ms", "stop_ramp_ms"
"""At each edge of a gain; `RAMP_MS` is the default."""
CURVE, CURVE_START = "curve", "curve_start_samples"
"""Shares of a gain along the timeline: points (samples after the start of the curve, share)."""
MOST_POINTS = 8_000
_MOST_SHARE = 100.0
LONGEST_TONE_SAMPLES = 2**22
"""Limit for room tone, which is held in memory; proposals use a second or two."""
QUIETEST_DB, LOUDEST_DB = -120.0, 40.0
MOST_SLIP_MS = 60_000.0
"""That a form and keys give; the verb takes more."""
LONGEST_FADE_MS = 60_000.0
"""A ramp at one edge alone."""

_anywhere = whole(0, FARTHEST_SAMPLES)
TONE: Mapping[str, Field] = {TONE_START: _anywhere, TONE_STOP: _anywhere, IS_SILENT: truth}
"""The fields of a fill."""
_mute = validator("mute", {**TONE, **CROSSFADE})
_slip = validator("slip", {BY_SAMPLES: number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES), **CROSSFADE})
_fade = number(0.0, LONGEST_FADE_MS)


def _curve(what: str, value: object) -> None:
    """Require ascending points of a whole position and a share."""

    def is_point(one: object) -> bool:
        match one:
            case [at, int() | float() as share]:
                return type(at) is int and type(share) is not bool and abs(share) <= _MOST_SHARE
        return False

    points = value if isinstance(value, list | tuple) else ()
    are_points = 2 <= len(points) <= MOST_POINTS and all(map(is_point, points))
    places = [-1, *(at for at, _ in points), FARTHEST_SAMPLES] if are_points else []
    if not are_points or any(at >= after for at, after in pairwise(places)):
        raise DocumentError(
            f"{what} must be 2 to {MOST_POINTS:,} points [samples, share], ascending, with shares from "
            f"{-_MOST_SHARE:.0f} to {_MOST_SHARE:.0f}."
        )


_gain = validator(
    "gain",
    {
        GAIN_DB: number(QUIETEST_DB, LOUDEST_DB),
        RAMP_MS: number(0.0, 10_000.0),
        START_RAMP_MS: _fade,
        STOP_RAMP_MS: _fade,
        CURVE: _curve,
        CURVE_START: _anywhere,
    },
)


def _validate_mute(payload: Mapping[str, object]) -> None:
    _mute(payload)
    require_tone("a mute", payload)


def require_tone(what: str, payload: Mapping[str, object]) -> None:
    """Require both edges of room tone or none, in their order and not too far apart."""
    if (TONE_START in payload) != (TONE_STOP in payload):
        raise DocumentError(f"The room tone of {what} needs both edges.")
    length = integer(payload, TONE_STOP, 0) - integer(payload, TONE_START, 0)
    if TONE_START in payload and length <= 0:
        raise DocumentError(f"The room tone of {what} ends before it starts.")
    if length > LONGEST_TONE_SAMPLES:
        raise DocumentError(f"The room tone of {what} is longer than {LONGEST_TONE_SAMPLES} samples.")


def tone_of(payload: Mapping[str, object]) -> tuple[int, int] | None:
    """Return the segment of room tone of a valid payload; None if silence fills it."""
    if is_silent(payload):
        return None
    return integer(payload, TONE_START, 0), integer(payload, TONE_STOP, 0)


def is_silent(payload: Mapping[str, object]) -> bool:
    """Return whether silence fills it: no room tone is known, or the user chose silence."""
    return TONE_START not in payload or payload.get(IS_SILENT) is True


def other_filling(edited: Edited) -> Mapping[str, object] | None:
    """Return the payload changes that switch between silence and room tone; None without room tone."""
    return {IS_SILENT: not is_silent(edited.payload)} if TONE_START in edited.payload else None


def filled_with(start_samples: int, stop_samples: int) -> Mapping[str, object]:
    """Return the payload changes that fill an edit with a segment of the recording."""
    return {TONE_START: start_samples, TONE_STOP: stop_samples, IS_SILENT: False}


def _mute_words(edited: Edited, rate_hz: int) -> str:
    return f"{span_words(edited, rate_hz)}, {'silent' if is_silent(edited.payload) else 'room tone'}"


def _slipped(edited: Edited) -> tuple[Shift, ...]:
    by = real(edited.payload, BY_SAMPLES, 0.0)
    return (Shift(*edited.span, edited.tracks, by, fade_ms(edited)),) if by else ()


def _gained(edited: Edited) -> tuple[Gain, ...]:
    payload = edited.payload
    gain_db, both_ms = real(payload, GAIN_DB, 0.0), real(payload, RAMP_MS, HAND_CROSSFADE_MS)
    if gain_db and isinstance(payload.get(CURVE), list | tuple):
        return tuple(_along_curve(edited, gain_db))
    ramps_ms = real(payload, START_RAMP_MS, both_ms), real(payload, STOP_RAMP_MS, both_ms)
    return (Gain(*edited.span, edited.tracks, gain_db, ramps_ms),) if gain_db else ()


def _along_curve(edited: Edited, gain_db: float) -> Iterator[Gain]:
    """Yield a gain for each part of a curve between shares of 0: each can be a curve in AAF."""
    origin, points = integer(edited.payload, CURVE_START, 0), edited.payload[CURVE]
    assert isinstance(points, list | tuple)
    part: list[tuple[int, float]] = []
    for at, share in points:
        part.append((origin + at, float(share)))
        if not share:
            yield from _within(edited, gain_db, part)
            part = part[-1:]
    yield from _within(edited, gain_db, part)


def _within(edited: Edited, gain_db: float, part: Sequence[tuple[int, float]]) -> Iterator[Gain]:
    """Yield the gain of a part of a curve, as far as it is in the span of its edit."""
    start, stop = max(edited.start_samples, part[0][0]), min(edited.stop_samples, part[-1][0])
    if start < stop and any(share for _, share in part):
        yield Gain(start, stop, edited.tracks, gain_db, curve=tuple(part))


def ramp_payload(ramps_ms: tuple[float, float]) -> dict[str, float]:
    """Return the values of a gain's payload for its ramps at the start and at the stop."""
    start_ms, stop_ms = ramps_ms
    return {RAMP_MS: start_ms} if start_ms == stop_ms else {START_RAMP_MS: start_ms, STOP_RAMP_MS: stop_ms}


def shift_words(edited: Edited, rate_hz: int) -> str:
    """Format the shift of an edit, such as "+12.0 ms"."""
    return signed(real(edited.payload, BY_SAMPLES, 0.0) / rate_hz * 1000, "ms")


def _by_db(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - words of kinds take both
    name = fade_name(edited.payload)
    return f"fade-{name}" if name else signed(real(edited.payload, GAIN_DB, 0.0), "dB")


def fade_name(payload: Mapping[str, object]) -> Literal["in", "out", ""]:
    """Return whether a gain fades in from silence or out to it; "" for any other, and for an invalid one."""
    ramps = payload.get(START_RAMP_MS), payload.get(STOP_RAMP_MS)
    if payload.get(GAIN_DB) != QUIETEST_DB or ramps.count(0.0) != 1:
        return ""
    return "in" if ramps[0] == 0.0 else "out"


SHIFT = Amount(
    BY_SAMPLES,
    "&Milliseconds",
    1.0,
    0.1,
    -MOST_SLIP_MS,
    MOST_SLIP_MS,
    decimals=3,
    per_second=True,
    unit_s=0.001,
)
"""Shift in time."""

MUTE = Kind(
    name="mute",
    positions=(TONE_START, TONE_STOP),
    title="Mute",
    icon="mute",
    verb="mute",
    validate=_validate_mute,
    effect=checked(
        _validate_mute, lambda one: (Replace(*one.span, one.tracks, tone_of(one.payload), fade_ms(one)),)
    ),
    words=_mute_words,
    is_of_tracks=True,
    fade=fade(HAND_CROSSFADE_MS),
    other=other_filling,
    filling=filled_with,
)
SLIP = Kind(
    name="slip",
    title="Slip",
    icon="slip",
    verb="slip",
    fine_s=0.001,
    validate=_slip,
    effect=checked(_slip, _slipped),
    words=for_span(shift_words),
    how_much=shift_words,
    is_of_tracks=True,
    fade=fade(HAND_CROSSFADE_MS),
    amount=SHIFT,
)
GAIN = Kind(
    name="gain",
    positions=(CURVE_START,),
    title="Gain",
    icon="gain",
    verb="gain",
    validate=_gain,
    effect=checked(_gain, _gained),
    words=for_span(_by_db),
    how_much=_by_db,
    is_of_tracks=True,
    amount=Amount(GAIN_DB, "&Decibels", 0.5, 0.1, QUIETEST_DB, LOUDEST_DB, decimals=1),
)


AUDIO_START, AUDIO_STOP = "audio_start_samples", "audio_stop_samples"
OVER = "over"
MOST_UNDER = 1000
"""Stacked repairs, each made on top of the previous one."""
LONGEST_REPAIR_CROSSFADE_MS = 120.0
"""Half of it is outside the span: 60 ms from an edge, every sample is exactly the stored or recorded one."""


def _require_key(what: str, value: object) -> None:
    if not is_key(value):
        raise DocumentError(f"{what} cannot be {value!r}: it must name audio that a document stores.")


def _require_keys(what: str, value: object) -> None:
    if not isinstance(value, list | tuple) or not 0 < len(value) <= MOST_UNDER:
        raise DocumentError(f"{what} must be a list of 1 to {MOST_UNDER} names of audio.")
    for each in value:
        _require_key(what, each)


def _require_keys_of_tracks(what: str, value: object) -> None:
    if not isinstance(value, Mapping) or not value:
        raise DocumentError(f"{what} must name audio for one or more tracks.")
    for each in value.values():
        _require_key(what, each)


_audio_position = whole(0, FARTHEST_SAMPLES)
_repair = validator(
    "repair",
    {
        AUDIO: _require_key,
        AUDIO_START: _audio_position,
        AUDIO_STOP: _audio_position,
        CROSSFADE_MS: number(0.0, LONGEST_REPAIR_CROSSFADE_MS),
        OVER: _require_keys,
        AUDIO_OF: _require_keys_of_tracks,
        SPECTRA_DB: require_spectra,
    },
    (AUDIO, AUDIO_START, AUDIO_STOP),
)


def _validate_repair(payload: Payload) -> None:
    _repair(payload)
    if integer(payload, AUDIO_START, 0) >= integer(payload, AUDIO_STOP, 0):
        raise DocumentError("The audio of a repair ends before it starts.")


def _repaired(edited: Edited) -> tuple[Replace, ...]:
    """The audio has a fixed position on the timeline, so that nudging an edge does not move it."""
    payload = edited.payload
    first, last = integer(payload, AUDIO_START, 0), integer(payload, AUDIO_STOP, 0)
    of_tracks = payload.get(AUDIO_OF)
    played = [(edited.tracks, str(payload[AUDIO]))]
    if isinstance(of_tracks, Mapping):
        played = [((one,), str(key)) for one, key in of_tracks.items() if one in edited.tracks]
    return tuple(
        Replace(*edited.span, tracks, None, fade_ms(edited), Stored(key, first, last), keys_under(payload))
        for tracks, key in played
    )


def keys_under(payload: Payload) -> tuple[str, ...]:
    """Return the keys of the audio that a repair was made over, of a valid payload."""
    named = payload.get(OVER)
    return tuple(str(each) for each in named) if isinstance(named, list | tuple) else ()


REPAIR = Kind(
    name="repair",
    positions=(AUDIO_START, AUDIO_STOP),
    title="Repair",
    icon="repair",
    verb="repair",
    validate=_validate_repair,
    effect=checked(_validate_repair, _repaired),
    words=span_words,
    fade=fade(HAND_CROSSFADE_MS, LONGEST_REPAIR_CROSSFADE_MS),
)


AT_SAMPLES, TAKES, NUMBER = "at_samples", "takes", "number"
"""A position on the timeline; the source of the take on each track, and the position in it that plays there;
and the lane of the take, from 1. A clip has no place here: clips are split, and the parts get other ids."""
MOST_TAKES, _MOST_LANES = 1_000, 100
Take = tuple[str, int]
"""A source, and where it begins on the timeline."""


def _takes(what: str, value: object) -> None:
    """Require [source id, position] pairs."""

    def is_pair(one: object) -> bool:
        match one:
            case [str(), position]:
                return type(position) is int and abs(position) <= FARTHEST_SAMPLES
        return False

    pairs = value if isinstance(value, list | tuple) else ()
    if not 0 < len(pairs) <= MOST_TAKES or not all(map(is_pair, pairs)):
        raise DocumentError(f"{what} must be one or more pairs of a source id and a position in its samples.")


_take = validator(
    "take",
    {AT_SAMPLES: whole(0, FARTHEST_SAMPLES), TAKES: _takes, NUMBER: whole(1, _MOST_LANES), **CROSSFADE},
    (AT_SAMPLES, TAKES),
)


def takes_of(edited: Edited) -> tuple[Take, ...]:
    """Return the takes of a valid payload: the source of each, and where it begins on the timeline."""
    at, pairs = integer(edited.payload, AT_SAMPLES, 0), edited.payload[TAKES]
    assert isinstance(pairs, list | tuple)
    return tuple((str(source_id), at - int(offset)) for source_id, offset in pairs)


def _take_number(edited: Edited, _rate_hz: int) -> str:
    return f"to take {edited.payload[NUMBER]}" if NUMBER in edited.payload else ""


TAKE = Kind(
    name="take",
    positions=(AT_SAMPLES,),
    title="Take",
    icon="take",
    verb="swap",
    validate=_take,
    effect=checked(_take, lambda one: (Raise(*one.span, one.tracks, takes_of(one), fade_ms(one)),)),
    words=with_span(_take_number),
    how_much=_take_number,
    is_of_tracks=True,
    fade=fade(HAND_CROSSFADE_MS),
)
