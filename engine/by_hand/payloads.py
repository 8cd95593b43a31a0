"""Payloads of the kinds of edit by hand, shared by window and command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from engine.by_hand.room_tone import room_tone
from engine.document.kinds.hit import FILL, HIT_CROSSFADE_MS, ONSET_SAMPLES
from engine.document.kinds.insert import LENGTH_SAMPLES
from engine.document.kinds.ordering import TIMES, TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.recorder import DRIFT_PPM
from engine.document.kinds.sounding import BY_SAMPLES, GAIN_DB, RAMP_MS, TONE_START, TONE_STOP
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.progress import SILENT, Progress
from engine.settings import cut_settings
from engine.timebase import format_time, samples_to_s, whole_where_near

Payload = dict[str, object]


def cut_payload(state: DocumentState) -> Payload:
    """Return that of a cut, with the document's crossfade."""
    return {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}


def ripple_payload() -> Payload:
    """Return that of a cut of some tracks."""
    return {CROSSFADE_MS: HAND_CROSSFADE_MS}


def mute_payload(
    state: DocumentState,
    media: Mapping[str, Path],
    span: tuple[int, int],
    tracks: Sequence[str],
    progress: Progress = SILENT,
) -> Payload:
    """Return that of a mute: filled with room tone where there is any near, else silent.

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    tone = room_tone(state, media, *span, tracks, progress)
    edges: Payload = {} if tone is None else {TONE_START: tone[0], TONE_STOP: tone[1]}
    return {**edges, CROSSFADE_MS: HAND_CROSSFADE_MS}


def insert_payload(
    state: DocumentState,
    media: Mapping[str, Path],
    at_samples: int,
    length_samples: int,
    *,
    has_tone: bool = False,
    tracks: Sequence[str] = (),
    progress: Progress = SILENT,
) -> Payload:
    """Return that of an insert of silence, or of room tone found near its place.

    Raises
    ------
    UsageError : no segment near is quiet enough
    SourceError : a recording is missing or cannot be read
    """
    tone = room_tone(state, media, at_samples, at_samples, tracks, progress) if has_tone else None
    if has_tone and tone is None:
        at = format_time(samples_to_s(at_samples, state.rate_hz))
        raise UsageError(f"No room tone within 20 s of {at}: insert silence instead.")
    edges: Payload = {} if tone is None else {TONE_START: tone[0], TONE_STOP: tone[1]}
    return {LENGTH_SAMPLES: length_samples, **edges, CROSSFADE_MS: HAND_CROSSFADE_MS}


def repeat_payload(times: int, to_samples: int | None = None) -> Payload:
    """Return the payload of a span played this many times in a row, or repeated before a source position."""
    place: Payload = {} if to_samples is None else {TO_SAMPLES: to_samples}
    return {TIMES: times, **place, CROSSFADE_MS: HAND_CROSSFADE_MS}


def move_payload(to_samples: int) -> Payload:
    """Return that of a span that comes back before a source position."""
    return {TO_SAMPLES: to_samples, CROSSFADE_MS: HAND_CROSSFADE_MS}


def slip_payload(by_s: float, rate_hz: int) -> Payload:
    """Return the payload of a slice played this much later."""
    return {BY_SAMPLES: whole_where_near(by_s * rate_hz), CROSSFADE_MS: HAND_CROSSFADE_MS}


def hit_payload(by_s: float, onset_samples: int, rate_hz: int, fill: str | None = None) -> Payload:
    """Return the payload of a hit moved this much later; `fill` None fills the gap as usual."""
    filled: Payload = {} if fill is None else {FILL: fill}
    shift = whole_where_near(by_s * rate_hz)
    return {BY_SAMPLES: shift, ONSET_SAMPLES: onset_samples, CROSSFADE_MS: HIT_CROSSFADE_MS, **filled}


def recorder_payload(by_s: float, drift_ppm: float, rate_hz: int) -> Payload:
    """Return the payload of a second recorder that is late by an offset and has a drift in ppm."""
    return {BY_SAMPLES: whole_where_near(by_s * rate_hz), DRIFT_PPM: drift_ppm}


def gain_payload(gain_db: float) -> Payload:
    """Return the payload of a gain change in dB."""
    return {GAIN_DB: gain_db, RAMP_MS: HAND_CROSSFADE_MS}
