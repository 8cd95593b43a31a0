"""Payloads of the kinds of edit by hand, shared by window and command line.

Find room tone: a quiet segment near a moment, as a fill for silenced audio.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s, whole_where_near
from engine.document.kinds.hit import FILL, HIT_CROSSFADE_MS, ONSET_SAMPLES
from engine.document.kinds.insert import LENGTH_SAMPLES
from engine.document.kinds.ordering import TIMES, TO_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.recorder import DRIFT_PPM
from engine.document.kinds.sounding import BY_SAMPLES, GAIN_DB, RAMP_MS, TONE_START, TONE_STOP
from engine.document.settings import cut_settings
from engine.document.state import DocumentState
from engine.sound.edl.tracks.voice import open_voice

AROUND_S = 20.0
TONE_S = 0.6
HOP_S = 0.05
QUIETER_DB = 20.0
"""Room tone is at least this much quieter than the loud parts around it."""


def room_tone(
    state: DocumentState,
    media: Mapping[str, Path],
    start_samples: int,
    stop_samples: int,
    tracks: Sequence[str] = (),
    progress: Progress = SILENT,
) -> tuple[int, int] | None:
    """Return the quietest segment within 20 s of a span and outside it, or None if none is quiet enough.

    Parameters
    ----------
    tracks : ids of the audible tracks; empty for all

    Returns
    -------
    span : [start, stop) in document samples, 0.6 s long

    Raises
    ------
    SourceError : a recording is missing or cannot be read
    """
    around, hop = s_to_samples(AROUND_S, state.rate_hz), s_to_samples(HOP_S, state.rate_hz)
    count = round(TONE_S / HOP_S)
    quietest: tuple[float, int] | None = None
    powers = []
    for start, stop in (
        (max(0, start_samples - around), start_samples),
        (stop_samples, min(state.length_samples, stop_samples + around)),
    ):
        hops = (stop - start) // hop
        if hops < count:
            continue
        power = np.zeros(hops)
        for heard in _heard(state, media, tracks, start, start + hops * hop, progress):
            power += np.square(heard).reshape(hops, -1).mean(axis=1)
        powers.append(power)
        loudest = np.lib.stride_tricks.sliding_window_view(power, count).max(axis=1)
        place = int(loudest.argmin())
        if quietest is None or loudest[place] < quietest[0]:
            quietest = float(loudest[place]), start + place * hop
    if quietest is None:
        return None
    loud = float(np.quantile(np.concatenate(powers), 0.95))
    if quietest[0] > loud * 10.0 ** (-QUIETER_DB / 10.0):
        return None
    return quietest[1], quietest[1] + count * hop


def _heard(
    state: DocumentState,
    media: Mapping[str, Path],
    tracks: Sequence[str],
    start: int,
    stop: int,
    progress: Progress,
) -> Iterator[NDArray[np.float64]]:
    """Yield the audio of each track in [start, stop)."""
    with ExitStack() as opened:
        for track in state.tracks:
            if tracks and track.id not in tracks:
                continue
            voice = open_voice(state, track, media, np.float64, progress)
            opened.callback(voice.close)
            yield voice.read(start, stop).astype(np.float64)


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
