"""Kinds of edits of timing: hits, flams and notes that sound earlier or later, second recorders, and tempo.

A hit moves on all microphones alike; a flam is one voice of a stroke that moves on its own microphone, with
its bleed in the others. A note is an attack of any instrument, with stretched sound on either side. A second
recorder is aligned to the clock of the other tracks. A tempo interpretation changes neither sound nor timing:
`engine.document.grid_readings` applies it to the beat grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from engine.core.errors import DocumentError
from engine.core.wording import counted
from engine.document.kinds.kind import (
    CROSSFADE,
    Kind,
    Payload,
    checked,
    fade,
    fade_ms,
    integer,
    no_other,
    number,
    one_of,
    real,
    text,
    validator,
    whole,
)
from engine.document.kinds.operations import GAP_FILLS, USUAL_FILL, Fill, Lift, Reclock, Slice
from engine.document.kinds.sounding import BY_SAMPLES, SHIFT, shift_words
from engine.document.limits import FARTHEST_SAMPLES
from engine.document.proposals import Edited

ONSET_SAMPLES, AFTER_SAMPLES, VOICES = "onset_samples", "after_samples", "voices"
LINE, FILL, BLEED = "line", "fill", "bleed"
HIT_CROSSFADE_MS = 5.0
"""Default border between neighbouring slices."""
OCTAVES_HZ = (31.5, 63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0)
"""Centres of the octaves for the bleed gains of a flam."""

_LONGEST_VOICES = 200
_anywhere = number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES)
_MOVED = {BY_SAMPLES: _anywhere, ONSET_SAMPLES: _anywhere}
_VOICES = {VOICES: text(_LONGEST_VOICES), **CROSSFADE}
_LINE = {AFTER_SAMPLES: _anywhere, LINE: whole(-1, FARTHEST_SAMPLES)}
_hit = validator("hit", {**_MOVED, **_VOICES, **_LINE, FILL: one_of(GAP_FILLS)})
_note = validator("note", {**_MOVED, **_LINE, **CROSSFADE})


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


_flam = validator("flam", {**_MOVED, **_VOICES, BLEED: _shares})


def _sliced(edited: Edited, fill: Fill) -> tuple[Slice, ...]:
    """Return the slice of a hit or a note, moved or not: the borders of its neighbours avoid its attack."""
    payload, by = edited.payload, real(edited.payload, BY_SAMPLES, 0.0)
    onset = real(payload, ONSET_SAMPLES, edited.start_samples)
    after = real(payload, AFTER_SAMPLES, 0.0) if AFTER_SAMPLES in payload else None
    fade = fade_ms(edited, HIT_CROSSFADE_MS)
    return (Slice(*edited.span, edited.tracks, by, fade, fill, onset, after),)


def _fill_of(payload: Payload) -> Fill:
    """Return the fill before a hit that was moved away from the previous one."""
    return Fill(str(payload.get(FILL, USUAL_FILL)))


def _next_fill(edited: Edited) -> Mapping[str, object]:
    after = GAP_FILLS.index(_fill_of(edited.payload)) + 1
    return {FILL: str(GAP_FILLS[after % len(GAP_FILLS)])}


def _lifted(edited: Edited) -> tuple[Lift, ...]:
    """Move the voice on its own microphone, and its bleed on the others."""
    by, fade = real(edited.payload, BY_SAMPLES, 0.0), fade_ms(edited, HIT_CROSSFADE_MS)
    if not by:
        return ()
    bleed = edited.payload.get(BLEED, {})
    assert isinstance(bleed, Mapping)
    own = Lift(*edited.span, edited.tracks, by, (), fade)
    others = (
        Lift(*edited.span, (track,), by, tuple(map(float, shares)), fade)
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
    effect=checked(_hit, lambda one: _sliced(one, _fill_of(one.payload))),
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
    effect=checked(_flam, _lifted),
    words=_voice_words,
    how_much=shift_words,
    is_of_tracks=True,
    fade=fade(HIT_CROSSFADE_MS),
    amount=SHIFT,
)


NOTE = replace(
    HIT,
    name="note",
    title="Note",
    icon="note",
    verb="move note",
    validate=_note,
    effect=checked(_note, lambda one: _sliced(one, Fill.ELASTIC)),
    words=shift_words,
    other=no_other,
)


DRIFT_PPM = "drift_ppm"
MOST_DRIFT_PPM = 2_000.0
"""Beyond it two recordings differ in speed by more than clocks do."""

_recorder = validator(
    "recorder",
    {
        BY_SAMPLES: number(-FARTHEST_SAMPLES, FARTHEST_SAMPLES),
        DRIFT_PPM: number(-MOST_DRIFT_PPM, MOST_DRIFT_PPM),
    },
)


def _reclocked(edited: Edited) -> tuple[Reclock, ...]:
    """Its span is for drawing and listing; the alignment applies to whole tracks."""
    _recorder(edited.payload)
    by, ppm = real(edited.payload, BY_SAMPLES, 0.0), real(edited.payload, DRIFT_PPM, 0.0)
    return (Reclock(0, FARTHEST_SAMPLES, edited.tracks, by, ppm),) if by or ppm else ()


def _recorder_words(edited: Edited, rate_hz: int) -> str:
    ppm = real(edited.payload, DRIFT_PPM, 0.0)
    moved = shift_words(edited, rate_hz)
    return f"{moved}, {abs(ppm):.1f} ppm {'slower' if ppm < 0 else 'faster'}" if ppm else moved


RECORDER = Kind(
    name="recorder",
    title="Recorder",
    done="lined up",
    icon="recorder",
    verb="line up recorder",
    shape="whole",
    fine_s=0.001,
    validate=_recorder,
    effect=_reclocked,
    words=_recorder_words,
    how_much=_recorder_words,
    is_of_tracks=True,
    amount=SHIFT,
)


GRID, READING, BARS_LATER, TEMPO_BPM = "grid", "reading", "bars_later_beats", "tempo_bpm"

HEARD = "heard"
"""The name of the reading that the beats were first found at."""
OFF_BEAT = "off"
"""As fast, but half a beat later."""
READINGS: Mapping[str, str] = MappingProxyType(
    {
        HEARD: "As detected",
        OFF_BEAT: "Half a beat later",
        "half": "Half tempo",
        "double": "Double tempo",
        "3/2": "Three beats for two",
        "2/3": "Two beats for three",
        "triple": "Three beats for one",
        "third": "One beat for three",
        "4/3": "Four beats for three",
        "3/4": "Three beats for four",
    }
)
"""Names of the tempo interpretations relative to the detected one."""
MOST_BARS_LATER = 31
_LONGEST_ID = 200
_HIGHEST_BPM = 10_000.0

_tempo = validator(
    "tempo",
    {
        GRID: text(_LONGEST_ID),
        READING: one_of(tuple(READINGS)),
        BARS_LATER: whole(0, MOST_BARS_LATER),
        TEMPO_BPM: number(0.0, _HIGHEST_BPM),
    },
)


def reading_words(payload: Mapping[str, object]) -> str:
    """Describe the tempo interpretation, such as "half tempo, 60.0 BPM"."""
    name, bpm = READINGS[str(payload.get(READING, HEARD))], real(payload, TEMPO_BPM, 0.0)
    words, later = name[0].lower() + name[1:], integer(payload, BARS_LATER, 0)
    if later:
        words += f", bars {counted(later, 'beat')} later"
    return f"{words}, {bpm:.1f} BPM" if bpm else words


def _tempo_words(edited: Edited, rate_hz: int) -> str:  # noqa: ARG001 - words of kinds take both
    return reading_words(edited.payload)


TEMPO = Kind(
    name="tempo",
    title="Tempo",
    icon="tempo",
    verb="count",
    validate=_tempo,
    effect=checked(_tempo, lambda _: ()),
    words=_tempo_words,
    how_much=_tempo_words,
)
