"""Cuts and inserts of single tracks, from clips that go on at other times than those of the other tracks.

One track gives the timing of all. A track that leaves out more of its recording gets ripple cuts, one that
waits longer gets inserts. A track that plays a span which the others cut has no such edits, and differs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from engine.core.spans import common, outside, united
from engine.document.kinds.insert import LENGTH_SAMPLES
from engine.document.kinds.payload import CROSSFADE_MS, HAND_CROSSFADE_MS, LONGEST_CROSSFADE_MS
from engine.document.state import DocumentState
from engine.exchange.imports.document_clips import Span
from engine.exchange.imports.proposals.runs import Difference, PlayedRuns, Run
from engine.exchange.imports.proposals.wanted import WantedOnTracks
from engine.sound.edl.edit_list import EditList, Segment

_EDGES_A_S = 24
"""Remains at the edges of a track are shorter than the longest frame."""

Rows = list[tuple[int, int, int]]
"""Start, stop and place in the result of each part."""


@dataclass(frozen=True, slots=True)
class OwnTiming:
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


def own_timing(
    alone: Mapping[str, PlayedRuns],
    spans: Mapping[str, Sequence[Span]],
    state: DocumentState,
    near: int,
) -> OwnTiming | None:
    """Return the edits of single tracks after which each plays its runs; None without any that do.

    Parameters
    ----------
    alone : runs of the clips of each track
    spans : where each track has sound in the recording
    near : how far positions may be off, in samples
    """
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
        return OwnTiming(
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
            edits.append(_insert(key, start, by, fade_ms))
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


def _insert(key: str, at: int, length: int, fade_ms: float) -> WantedOnTracks:
    return WantedOnTracks("insert", at, at, {LENGTH_SAMPLES: length, CROSSFADE_MS: fade_ms}, (key,))


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
