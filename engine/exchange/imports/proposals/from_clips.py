"""Clips as edits: cuts, moves and repeats of all tracks, and edits of single tracks.

Most tracks give the timing of all. A track that leaves out more of its recording gets ripple cuts, one that
waits longer gets inserts. A track that plays a span which the others cut has no such edits: it differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from itertools import pairwise
from math import ceil, floor
from pathlib import Path

import numpy as np

from engine.core.errors import EditsError
from engine.core.timebase import common, outside, united
from engine.core.wording import counted
from engine.document.edits.markers import NamedSpan
from engine.document.kinds import KINDS
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS, LONGEST_CROSSFADE_MS
from engine.document.kinds.operations import Gain
from engine.document.kinds.order import LENGTH_SAMPLES
from engine.document.kinds.sounding import (
    BY_SAMPLES,
    GAIN_DB,
    IS_SILENT,
    LOUDEST_DB,
    QUIETEST_DB,
    RAMP_MS,
)
from engine.document.state import DocumentState
from engine.exchange.export.placing.timecode import picture_rate
from engine.exchange.imports.described import ImportedEdits
from engine.exchange.imports.document_clips import DocumentClips, Span, document_clips
from engine.exchange.imports.gain_curves import wanted_gains
from engine.exchange.imports.proposals.runs import Difference, PlayedRuns, Run, played_runs, sounding_spans
from engine.exchange.imports.proposals.wanted import (
    TIMING,
    Seam,
    WantedEdits,
    WantedOnTracks,
    fades_of,
    played_in,
    with_crossfades,
)
from engine.exchange.imports.unmoved import plays_own, unmoved
from engine.sound.edl.build import build, without_rest
from engine.sound.edl.edit_list import INSERTED_FROM, EditList, Segment
from engine.sound.edl.edits_that_play import Played, Wanted, accepted_effect, edits_that_play

_MOST_OFF = Fraction(3, 2)
"""How many frames the end of a clip can be off: its start by half of one, its length by one."""
_CLICKS_A_S = 24
_SEAM_MARKERS = ("Cut", "")
_EDGES_A_S = 24
"""Remains at the edges of a track are shorter than the longest frame."""

Rows = list[tuple[int, int, int]]
"""Start, stop and place in the result of each part."""


@dataclass(frozen=True, slots=True)
class _OwnTiming:
    """The edits of single tracks.

    Attributes
    ----------
    shared : runs of the other tracks
    edits : ripple cuts and inserts
    differences : of those tracks, apart from their timing
    tracks : ids of the tracks that have them; the others share their timing
    """

    shared: tuple[Run, ...]
    edits: tuple[WantedOnTracks, ...]
    differences: tuple[Difference, ...]
    tracks: frozenset[str]


def from_clips(imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> WantedEdits:
    """Return the edits that make a document play the same as the clips.

    Raises
    ------
    EditsError : the clips refer to other recordings, or their recordings are ambiguous
    """
    clips = document_clips(imported, state, places)
    if imported.counts_frames and imported.frame_rate is not None:
        clips = unmoved(clips, imported, state, imported.frame_rate)
    found, single = _composed(clips, imported, state, places)
    if all(one.is_inserted for one in found.runs):
        raise EditsError(f"{imported.file_name} contains no audio of this recording: choose another file.")
    length, rate_hz, own = state.length_samples, state.rate_hz, without_rest(build(state))
    if clips.near_samples:
        found = replace(found, runs=_met(found.runs, ceil(_MOST_OFF * clips.near_samples), own))
    seams = _seams(found, length)
    made, wanted, stays = build(state), tuple[Wanted, ...](), frozenset[str]()
    if not _is_played(found.runs, seams, own):
        played = [Played(one.start_samples, one.stop_samples) for one in found.runs]
        fades = fades_of(own)  # seams whose length the file does not specify
        lengths = {seam: fades.get(seam) if one is None else one for seam, one in seams.items()}
        edits = _without(edits_that_play(played, length), clips.uncut)
        wanted = with_crossfades(edits, lengths, length, rate_hz)
    elif single is not None:
        stays = _of_all_tracks(state)
    timing = [WantedOnTracks(one.kind, one.start_samples, one.stop_samples, one.payload) for one in wanted]
    if wanted or single is not None:
        timing += single or ()
        made = played_in(state, timing, stays)
    spans = {
        key: [(one.start_samples, one.stop_samples) for one in parts] for key, parts in clips.by_track.items()
    }
    gains = wanted_gains(clips.curves, spans, state)
    left_out = [*clips.left_out, *gains.left_out, *found.left_out, *_shortened(fades_of(made), seams)]
    left_out += _lost_edge_fades(found, made)
    return WantedEdits(
        (*timing, *(edit for one in found.differences for edit in _on_track(one, rate_hz)), *gains.edits),
        (*TIMING, Gain) if gains.replaced else TIMING,
        markers=tuple(_markers(imported, state, found.runs)),
        gains_db=clips.gains_db,
        result=made,
        has_crossfades=imported.has_crossfades,
        has_edge_fades=imported.has_edge_fades,
        left_out=tuple(left_out),
        stays=stays | gains.stays if gains.replaced else stays,
        not_understood=clips.not_understood,
    )


def _composed(
    clips: DocumentClips, imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]
) -> tuple[PlayedRuns, tuple[WantedOnTracks, ...] | None]:
    """Return what most tracks play, and cuts and inserts of single tracks; None for those of the document."""
    composed = partial(played_runs, clips, imported, state)
    own = build(state)
    rate = imported.frame_rate or picture_rate(state, places).usual.exact
    if plays_own(clips, state, imported, rate):
        single = [composed((key,)) for key in clips.by_track] if own.own else [composed()]
        return _as_played(single, clips, without_rest(own)), None
    found = composed()
    if not (own.own or found.differences or found.left_out):
        return found, None
    alone = {key: composed((key,)) for key, one in clips.by_track.items() if one}
    timing = _own_timing(alone, sounding_spans(state.tracks), state, clips.near_samples)
    if timing is None or not timing.edits:
        return found, () if own.own else None
    others = composed(alone.keys() - timing.tracks)
    fades = {one.start_samples: one.fade_samples for one in others.runs}
    runs = [
        replace(one, fade_samples=fades.get(one.start_samples, one.fade_samples)) for one in timing.shared
    ]
    differences = (*others.differences, *timing.differences)
    return replace(others, runs=tuple(runs), differences=differences), timing.edits


def _of_all_tracks(state: DocumentState) -> frozenset[str]:
    """Return the ids of accepted proposals that time all tracks alike."""
    return frozenset(
        key
        for key, one in state.proposals.items()
        if not one.tracks
        and any(isinstance(each, TIMING) for each in accepted_effect(one, state.decisions.get(key)))
    )


def _as_played(found: Iterable[PlayedRuns], clips: DocumentClips, own: EditList) -> PlayedRuns:
    """Return the runs of the document, which the clips play, and the differences of clips that have any."""
    rows = zip(own.played_spans, own.seams_samples.tolist(), own.fades_in_samples.tolist(), strict=True)
    runs = tuple(Run(*span, at, fade) for span, at, fade in rows)
    played = PlayedRuns(runs, end_fade_samples=int(own.fades_out_samples[-1]))
    if all(one.is_audible and not one.gain_db for parts in clips.by_track.values() for one in parts):
        return played
    differences = [one for each in found for one in each.differences]
    left_out = [one for each in found for one in each.left_out]
    return replace(played, differences=tuple(differences), left_out=tuple(left_out))


def _without(edits: Sequence[Wanted], uncut: Sequence[Seam]) -> tuple[Wanted, ...]:
    """Return edits whose cuts leave out spans that are played in a way that is not understood."""
    found: list[Wanted] = []
    for one in edits:
        if one.kind != "cut" or not uncut:
            found.append(one)
            continue
        edges = np.array([one.start_samples, *united(uncut).ravel().tolist(), one.stop_samples], np.int64)
        left = edges.clip(one.start_samples, one.stop_samples).reshape(-1, 2).tolist()
        found += [
            replace(one, start_samples=start, stop_samples=stop) for start, stop in left if start < stop
        ]
    return tuple(found)


def _is_played(runs: Sequence[Run], seams: Mapping[Seam, int | None], own: EditList) -> bool:
    """Return whether a document already plays these runs, as precisely as the file specifies them."""
    spans = [(one.start_samples, one.stop_samples) for one in _joined(runs)]
    fades = fades_of(own)
    return spans == list(own.played_spans) and all(
        length is None or length == fades.get(seam, 0) for seam, length in seams.items()
    )


def _met(runs: Sequence[Run], near: int, own: EditList) -> tuple[Run, ...]:
    """Return runs whose ends, where they were rounded, meet the start of another or the end of the document.

    An end is its start and a rounded length, so it is less exact than a start. Ends that the document has
    stay.
    """
    starts, stops = [one.start_samples for one in runs], own.kept_stops_samples.tolist()
    known = np.unique([*starts, *stops, own.source_length_samples])
    known = known[known < INSERTED_FROM]
    ends: list[int] = []
    found = []
    for one in runs:
        if one.is_inserted:
            found.append(one)
            continue
        edges = np.array([*known[known > one.start_samples].tolist(), *ends], np.int64)
        away = np.abs(edges - one.stop_samples)
        nearest = int(np.argmin(away)) if len(edges) else -1
        stop = int(edges[nearest]) if nearest >= 0 and away[nearest] <= near else one.stop_samples
        ends.append(max(stop, one.start_samples + 1))
        found.append(replace(one, stop_samples=ends[-1]))
    return tuple(found)


def _seams(found: PlayedRuns, length: int) -> dict[Seam, int | None]:
    """Return where the document jumps, and how long each crossfade is."""
    runs = _joined(found.runs)
    seams: dict[Seam, int | None] = {}
    if 0 < runs[0].start_samples < INSERTED_FROM:
        seams[-1, runs[0].start_samples] = runs[0].fade_samples
    for one, after in pairwise(runs):
        seams[one.stop_samples, after.start_samples] = after.fade_samples
    if runs[-1].stop_samples < length:
        seams[runs[-1].stop_samples, -1] = found.end_fade_samples
    return seams


def _joined(runs: Sequence[Run]) -> list[Run]:
    """Return runs as one where the document goes on from one to the next."""
    joined: list[Run] = []
    for one in runs:
        if joined and joined[-1].stop_samples == one.start_samples:
            joined[-1] = replace(joined[-1], stop_samples=one.stop_samples)
        else:
            joined.append(one)
    return joined


def _shortened(made: Mapping[Seam, int], wanted: Mapping[Seam, int | None]) -> Iterator[str]:
    """Report the number of crossfades that differ in length from the file."""
    other = sum(
        length is not None and made.get(seam, length) != length
        for seam, length in wanted.items()
        if -1 not in seam
    )
    if other:
        yield f"{counted(other, 'crossfade')} of another length than in the file."


def _lost_edge_fades(found: PlayedRuns, made: EditList) -> Iterator[str]:
    """Report fades at the start and the end of the file where the document has no cut that could have them.

    Shorter ones, as programs add them to every clip against clicks, are not worth a message.
    """
    least = made.rate_hz // _CLICKS_A_S
    lengths = found.runs[0].fade_samples, found.end_fade_samples
    own = made.fades_in_samples[0], made.fades_out_samples[-1]
    lost = sum(
        length is not None and length - int(mine) > least for length, mine in zip(lengths, own, strict=True)
    )
    if lost:
        yield f"{counted(lost, 'fade')} at the start or the end left out."


def _on_track(one: Difference, rate_hz: int) -> Iterator[WantedOnTracks]:
    span, tracks = (one.start_samples, one.stop_samples), (one.track_id,)
    if one.is_silent:
        for start, stop, fade in _silences(one):
            payload = {IS_SILENT: True, CROSSFADE_MS: 1000 * fade / rate_hz}
            yield WantedOnTracks("mute", start, stop, payload, tracks)
    elif one.by_samples:
        yield WantedOnTracks("slip", *span, {BY_SAMPLES: float(one.by_samples), CROSSFADE_MS: 0.0}, tracks)
    else:
        gain_db = min(max(one.gain_db, QUIETEST_DB), LOUDEST_DB)
        yield WantedOnTracks("gain", *span, {GAIN_DB: round(gain_db, 2), RAMP_MS: 0.0}, tracks)


def _silences(one: Difference) -> Iterator[tuple[int, int, int]]:
    """Yield spans with the lengths of the fades at both of their edges, whose middle is the edge.

    Where only one edge of a silence has a fade, a mute of its own makes it: its other fade is in the silence.
    """
    before, after = one.fade_before_samples, one.fade_after_samples
    if before == after:
        yield one.start_samples - before + before // 2, one.stop_samples + before // 2, before
        return
    yield one.start_samples, one.stop_samples, 0
    if before:
        yield one.start_samples - before + before // 2, one.start_samples + before, before
    if after:
        stop = one.stop_samples + after // 2
        yield stop - after, stop, after


def _markers(imported: ImportedEdits, state: DocumentState, runs: Sequence[Run]) -> Iterator[NamedSpan]:
    """Yield markers that the document does not have; those at seams that Offcut wrote are none."""
    near = ceil(imported.rounding_s * state.rate_hz) + 1
    known = {one.name for one in state.markers.values()}
    seams = [one.at_samples for one in runs[1:]]
    for one in imported.markers:
        start, stop = (floor(at * state.rate_hz + Fraction(1, 2)) for at in (one.start_s, one.stop_s))
        at_seam = any(abs(start - seam) <= near for seam in seams)
        is_of_seam = at_seam and (one.name in _SEAM_MARKERS or one.name.partition(":")[0] in KINDS.own)
        if one.name in known or is_of_seam:
            continue
        first = _in_document(start, runs)
        yield NamedSpan(first, max(first, _in_document(stop, runs)) if stop > start else first, one.name)


def _in_document(at: int, runs: Sequence[Run]) -> int:
    """Return the position in the document played at a position of the imported edits, or next after it."""
    sounding = [one for one in runs if not one.is_inserted]
    for one in sounding:
        if at < one.end_samples:
            return one.start_samples + max(0, at - one.at_samples)
    return sounding[-1].stop_samples if sounding else 0


def _own_timing(
    alone: Mapping[str, PlayedRuns],
    spans: Mapping[str, Sequence[Span]],
    state: DocumentState,
    near: int,
) -> _OwnTiming | None:
    """Return the edits of single tracks after which each plays its runs; None without any that do."""
    longest = sorted(alone, key=lambda key: -sum(stop - start for start, stop in spans[key]))
    played = [_to_the_end(alone[key].runs, spans[key], state) for key in longest]
    for shared in (*played, _played_by_any(alone, spans, state)):
        sounding = [one for one in shared if not one.is_inserted]
        if any(after.start_samples < one.stop_samples for one, after in pairwise(sounding)):
            return None
        timing = _edit_list(shared, state)
        found = {key: _deviations(key, one, timing, spans[key], state, near) for key, one in alone.items()}
        if any(one is None for one in found.values()):
            continue
        own = {key: one for key, one in found.items() if one is not None and one[0]}
        return _OwnTiming(
            shared,
            _together([edit for edits, _ in own.values() for edit in edits], state),
            tuple(one for key, (_, silent) in own.items() for one in (*silent, *alone[key].differences)),
            frozenset(own),
        )
    return None


def _to_the_end(runs: tuple[Run, ...], spans: Sequence[Span], state: DocumentState) -> tuple[Run, ...]:
    """Return runs to the end of the recording where a track ends earlier: it cuts nothing after its end."""
    if not runs or runs[-1].is_inserted or runs[-1].stop_samples < max(stop for _, stop in spans):
        return runs
    return (*runs[:-1], replace(runs[-1], stop_samples=state.length_samples))


def _played_by_any(
    alone: Mapping[str, PlayedRuns], spans: Mapping[str, Sequence[Span]], state: DocumentState
) -> tuple[Run, ...]:
    """Return runs without the spans that every track either cuts or is silent in."""
    whole = 0, state.length_samples
    left = np.array([whole], np.int64)
    for key, one in alone.items():
        played = [(start, stop) for start, stop, _ in _sounding(_rows(one), spans[key])]
        left = common(left, outside(played, *whole))
    fades = {run.start_samples: run.fade_samples for one in alone.values() for run in one.runs}
    runs: list[Run] = []
    for start, stop in outside(left, *whole).tolist():
        at = runs[-1].end_samples if runs else 0
        runs.append(Run(start, stop, at, fades.get(start, 0)))
    return tuple(runs)


def _deviations(
    key: str,
    alone: PlayedRuns,
    shared: EditList,
    spans: Sequence[Span],
    state: DocumentState,
    near: int,
) -> tuple[list[WantedOnTracks], list[Difference]] | None:
    """Return the edits that a track has in addition, and where it is silent; None if no edits do it."""
    edits: list[WantedOnTracks] = []
    left: list[Span] = []
    later = last = 0  # how much later the track is by its own edits, and the end of the part before
    fades = {one.start_samples: one.fade_samples for one in alone.runs}
    for start, stop, at in _sounding(_rows(alone), spans):
        place, length = shared.to_result(start), max(start, stop - 1) - start
        if start < last or abs(shared.to_result(start + length) - place - length) > near:
            return None  # it repeats, or plays what the others leave out
        by, left_to = at - place - later, start
        fade = fades.get(start)
        fade_ms = (
            HAND_CROSSFADE_MS if fade is None else min(1000 * fade / state.rate_hz, LONGEST_CROSSFADE_MS)
        )
        if by > near:
            payload = {LENGTH_SAMPLES: by, CROSSFADE_MS: fade_ms}
            edits.append(WantedOnTracks("insert", start, start, payload, (key,)))
        elif by < -near:
            left_to = shared.to_source(max(0, place + by))
            left_to = last if abs(left_to - last) <= near else left_to
            if left_to < last or abs(place - shared.to_result(left_to) + by) > near:
                return None  # it plays over what it played before, or waits less than the others
            edits.append(WantedOnTracks("ripple", left_to, start, {CROSSFADE_MS: fade_ms}, (key,)))
        left.append((last, left_to))
        later += by if abs(by) > near else 0
        last = stop
    left.append((last, state.length_samples))
    return edits, _left_silent(key, left, shared, spans, max(2 * near, state.rate_hz // _EDGES_A_S))


def _left_silent(
    key: str, left: Sequence[Span], shared: EditList, spans: Sequence[Span], least: int
) -> list[Difference]:
    """Return where a track is silent that the others play through, without remains of its edges."""
    played = [one for one in shared.played_spans if one[0] < shared.source_length_samples]
    silent = common(common(united(left), united(spans)), united(played)) if left else ()
    return [
        Difference(key, int(start), int(stop), is_silent=True)
        for start, stop in silent
        if stop - start > least
    ]


def _rows(alone: PlayedRuns) -> Rows:
    return [(one.start_samples, one.stop_samples, one.at_samples) for one in alone.runs]


def _sounding(rows: Rows, spans: Sequence[Span]) -> Rows:
    """Return the parts of rows in which a track has sound; parts that go on are one."""
    found: Rows = []
    for start, stop, at in rows:
        for begin, end in spans:
            first, last = max(start, begin), min(stop, end)
            if first >= last:
                continue
            place = at + first - start
            if found and (found[-1][1], found[-1][2] + found[-1][1] - found[-1][0]) == (first, place):
                found[-1] = (found[-1][0], last, found[-1][2])
            else:
                found.append((first, last, place))
    return found


def _edit_list(runs: Sequence[Run], state: DocumentState) -> EditList:
    segments = [Segment(one.start_samples, one.stop_samples, one.at_samples) for one in runs]
    return EditList.of(segments, state.rate_hz, runs[-1].end_samples if runs else 0, state.length_samples)


def _together(edits: Sequence[WantedOnTracks], state: DocumentState) -> tuple[WantedOnTracks, ...]:
    """Return edits with equal ones of several tracks as one."""
    found: dict[tuple[object, ...], WantedOnTracks] = {}
    order = {track.id: number for number, track in enumerate(state.tracks)}
    for one in edits:
        key = one.kind, one.start_samples, one.stop_samples, tuple(sorted(one.payload.items()))
        tracks = {*found[key].tracks, *one.tracks} if key in found else set(one.tracks)
        found[key] = replace(one, tracks=tuple(sorted(tracks, key=order.__getitem__)))
    return tuple(found.values())
