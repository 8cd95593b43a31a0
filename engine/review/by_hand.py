"""Edits by hand, for window and command line: payloads, swapped spans, fades at both ends, room tone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.core.errors import UsageError
from engine.core.progress import SILENT, Progress
from engine.core.timebase import format_time, s_to_samples, samples_to_s, whole_where_near
from engine.document.analysis import require_recording
from engine.document.edits.by_hand import delete_edits, edit_by_hand
from engine.document.file.storage import apply_rows
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.order import LENGTH_SAMPLES, TIMES, TO_SAMPLES
from engine.document.kinds.sounding import (
    BY_SAMPLES,
    GAIN_DB,
    LONGEST_FADE_MS,
    QUIETEST_DB,
    RAMP_MS,
    START_RAMP_MS,
    STOP_RAMP_MS,
    TONE_START,
    TONE_STOP,
    fade_name,
)
from engine.document.kinds.timing import DRIFT_PPM, FILL, HIT_CROSSFADE_MS, ONSET_SAMPLES
from engine.document.proposals import BY_HAND, Proposal
from engine.document.settings import cut_settings
from engine.document.state import DocumentState, Edit, merged
from engine.sound.edl.build import build
from engine.sound.edl.tracks.voice import open_voice

Payload = dict[str, object]
Span = tuple[int, int]

USUAL_IN_MS, USUAL_OUT_MS = 10.0, 500.0
SHORTEST_FADE_MS = 1.0
AROUND_S = 20.0
TONE_S = 0.6
HOP_S = 0.05
QUIETER_DB = 20.0
"""Room tone is at least this much quieter than the loud parts around it."""


@dataclass(frozen=True, slots=True)
class _End:
    """One end of the result: the segment that is played there, and the span and ramps of its fade."""

    name: str
    segment: int
    span_samples: tuple[int, int]
    ramps_ms: tuple[float, float]


def fade_ends(state: DocumentState, in_ms: float, out_ms: float) -> tuple[Edit, tuple[Proposal, ...]]:
    """Return the edit that fades all tracks in where the result begins, and out where it ends.

    Each fade is a gain of a span of the recording, accepted at once. The fades that this made before go,
    wherever the result began and ended then.

    Parameters
    ----------
    in_ms, out_ms : lengths; 0 for no fade at this end

    Returns
    -------
    The edit and the gains that it makes, one or two.

    Raises
    ------
    UsageError : the document has no recording or plays nothing, a length is out of range or longer than the
        segment that is played at its end, or a fade would sound elsewhere too
    """
    require_ends(state)
    wanted = {"in": in_ms, "out": out_ms}
    for name, length_ms in wanted.items():
        if length_ms and not SHORTEST_FADE_MS <= length_ms <= LONGEST_FADE_MS:
            raise UsageError(
                f"A fade {name} of {length_ms:g} ms is not possible: give {SHORTEST_FADE_MS:g} to "
                f"{LONGEST_FADE_MS:.0f} ms, or 0 for none."
            )
    ends = [_end(state, name, length_ms) for name, length_ms in wanted.items() if length_ms]
    if not ends:
        raise UsageError("Both fades are 0 ms: give one of them a length. To remove fades, delete the edits.")
    for end in ends:
        _require_played_once(state, end)
    return _made(state, ends)


def require_ends(state: DocumentState) -> None:
    """Refuse a document that plays nothing.

    Raises
    ------
    UsageError : the document has no recording, or nothing of it is played
    """
    require_recording(state, "fade")
    if build(state).is_empty:
        raise UsageError("Nothing is played, so there is nothing to fade: reject a cut first.")


def fades_ms(state: DocumentState) -> tuple[float, float] | None:
    """Return the lengths of the fades in and out that `fade_ends` made; None where it made none."""
    own = _own(state)
    if not own:
        return None
    lengths_ms = {
        fade_name(one.payload): 1000 * samples_to_s(one.stop_samples - one.start_samples, state.rate_hz)
        for one in own
    }
    return lengths_ms.get("in", 0.0), lengths_ms.get("out", 0.0)


def _end(state: DocumentState, name: str, length_ms: float) -> _End:
    played = build(state)
    is_out = name == "out"
    segment = int(np.flatnonzero(~played.inserted)[-1 if is_out else 0])
    start, stop = int(played.kept_starts_samples[segment]), int(played.kept_stops_samples[segment])
    length = s_to_samples(length_ms / 1000, state.rate_hz)
    if length > stop - start:
        raise UsageError(
            f"The {'last' if is_out else 'first'} segment that is played lasts "
            f"{1000 * samples_to_s(stop - start, state.rate_hz):.0f} ms, so a fade {name} of {length_ms:g} "
            "ms does not fit: give a shorter one."
        )
    if is_out:
        return _End(name, segment, (stop - length, stop), (length_ms, 0.0))
    return _End(name, segment, (start, start + length), (0.0, length_ms))


def _require_played_once(state: DocumentState, end: _End) -> None:
    """Refuse a fade in audio that is played again, since it would fade there, too."""
    played, (start, stop) = build(state), end.span_samples
    again = (played.kept_starts_samples < stop) & (start < played.kept_stops_samples)
    again[end.segment] = False
    if again.any():
        place = int(np.flatnonzero(again)[0])
        at_s = samples_to_s(int(played.seams_samples[place]), state.rate_hz)
        raise UsageError(
            f"The fade {end.name} would sound a second time: the segment at {format_time(at_s, 1)} of the "
            "result plays the same sound. Give a shorter fade, or fade the exported file instead."
        )


def _made(state: DocumentState, ends: Sequence[_End]) -> tuple[Edit, tuple[Proposal, ...]]:
    changes = delete_edits(state, [one.id for one in _own(state)]).changes
    bare = apply_rows(state, changes)
    proposals = []
    for end in ends:
        start_ms, stop_ms = end.ramps_ms
        payload = {GAIN_DB: QUIETEST_DB, START_RAMP_MS: start_ms, STOP_RAMP_MS: stop_ms}
        edit, proposal = edit_by_hand(bare, "gain", *end.span_samples, payload)
        changes = merged(changes, edit.changes)
        proposals.append(proposal)
    if not changes:
        raise UsageError("The result has these fades already.")
    said = " and ".join(f"{end.name} {max(end.ramps_ms):g} ms" for end in ends)
    return Edit(f"Fade {said}, by hand", changes), tuple(proposals)


def _own(state: DocumentState) -> list[Proposal]:
    """Return the fades that were made here: no other edit by hand has a ramp at one edge alone."""
    return [
        one
        for one in state.proposals.values()
        if one.kind == "gain" and one.maker == BY_HAND and fade_name(one.payload)
    ]


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
        for track in (one for one in state.tracks if not tracks or one.id in tracks):
            with closing(open_voice(state, track, media, np.float64, progress)) as voice:
                sound = voice.read(start, start + hops * hop).astype(np.float64)
            power += np.square(sound).reshape(hops, -1).mean(axis=1)
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


def cut_payload(state: DocumentState) -> Payload:
    """Return the payload of a cut, with the document's crossfade."""
    return {CROSSFADE_MS: cut_settings(state.settings).crossfade_ms}


def ripple_payload() -> Payload:
    """Return the payload of a cut of some tracks."""
    return {CROSSFADE_MS: HAND_CROSSFADE_MS}


def mute_payload(
    state: DocumentState,
    media: Mapping[str, Path],
    span: tuple[int, int],
    tracks: Sequence[str],
    progress: Progress = SILENT,
) -> Payload:
    """Return the payload of a mute: filled with room tone where there is any near, else silent.

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
    """Return the payload of an insert of silence, or of room tone found near its place.

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
    """Return the payload of a span that comes back before a source position."""
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


def swap_spans(state: DocumentState, one: Span, other: Span, label: str) -> tuple[Edit, str]:
    """Return the edit that plays each of two spans in the place of the other, and the id of its first move.

    Neighbouring spans need one move, others two.

    Parameters
    ----------
    one, other : [start, stop) in source samples
    label : of the step of undo

    Raises
    ------
    UsageError : the spans overlap, or are empty or outside the recording
    """
    first, last = sorted((one, other))
    if last[0] < first[1]:
        raise UsageError("Only spans that do not overlap can be swapped.")
    edit, made = edit_by_hand(state, "move", *last, move_payload(first[0]))
    changes = edit.changes
    if first[1] < last[0]:
        back, _ = edit_by_hand(state, "move", *first, move_payload(last[1]))
        changes = merged(changes, back.changes)
    return Edit(label, changes), made.id
