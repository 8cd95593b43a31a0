"""Labels as edits: each label is a cut, or each gap between labels is; and sessions in text form.

The text of a session does not state which part of its file a clip plays. It is known where a clip is as long
as its recording, where a time stamp states its original place, and where the only clip of a recording is at
the time of day that the recorder wrote. If any is unknown, all clips become labels.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import ceil
from pathlib import Path

import numpy as np

from engine.core.errors import EditsError
from engine.core.timebase import common, outside, united
from engine.core.wording import counted
from engine.document.edits.markers import NamedSpan
from engine.document.kinds import KINDS
from engine.document.kinds.kind import CROSSFADE_MS, HAND_CROSSFADE_MS
from engine.document.kinds.operations import Drop, Hold
from engine.document.kinds.order import KEEP
from engine.document.proposals import Verdict
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.exchange.export.placing.timecode import source_begin_s
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
    LabelsAs,
)
from engine.exchange.imports.media import Media
from engine.exchange.imports.proposals.from_clips import from_clips
from engine.exchange.imports.proposals.wanted import WantedEdits, WantedOnTracks
from engine.sound.edl.build import build
from engine.sound.edl.edits_that_play import accepted_effect

_CUT = "cut"
_GIVES_WAY = (Drop, Hold)
_Accepted = Mapping[str, tuple[str, int, int]]
"""Kind and span of accepted edits, by id."""
_NEAR_S = Fraction(1, 1_000)
_MOST_ROUNDED_S = Fraction(1, 10)
_AS_REGIONS = (
    "The text does not state which part of its file each clip plays, so the clips come in as regions at "
    "their times in the session. Export it with user timestamps, or as AAF, to import the edits."
)
_BY_CLOCK = "Positions follow the time references of the recordings and the start timecode of the session."
_BY_STAMPS = "Clips play the part of their recordings that their user timestamps state."


def from_labels(imported: ImportedEdits, state: DocumentState) -> WantedEdits:
    """Return the cuts that labels mark, and the markers among them.

    Labels of no length are markers. Offcut's own labels begin with their kind: cuts and keeps are restored,
    edits of other kinds stay where the document has them, and are left out where it has not. Regions that the
    document names are not cuts in such a file.

    As markers, spans become regions, and nothing is cut.

    Raises
    ------
    EditsError : no label marks a span
    """
    length = state.length_samples
    is_marker = imported.has_own_labels or imported.labels_as is LabelsAs.MARKERS
    regions = state.markers.values() if is_marker else ()
    named = {(one.start_samples, one.stop_samples, one.name) for one in regions}
    labels = [
        NamedSpan(min(one.start_samples, length), min(one.stop_samples, length), one.name)
        for one in imported.labels
        if (one.start_samples, one.stop_samples, one.name) not in named
    ]
    if imported.labels_as is LabelsAs.MARKERS:
        return WantedEdits((), (), tuple(labels), not_understood=imported.not_understood)
    spans = [one for one in labels if one.start_samples < one.stop_samples]
    is_list = imported.labels_as is LabelsAs.CUTS
    keeps = [one for one in spans if is_list and _kind(one) == KEEP.name]
    marked = [one for one in spans if _kind(one) in (_CUT, None)]
    others = [one for one in labels if _kind(one) not in (_CUT, None) and one not in keeps]
    if not marked and not keeps and all(one.start_samples == one.stop_samples for one in others):
        raise EditsError(
            f"{imported.file_name} marks no span of this recording: choose labels that have a length."
        )
    if is_list:
        edits = tuple(_cut(one.start_samples, one.stop_samples, _reason(one)) for one in marked)
        edits += tuple(
            WantedOnTracks(KEEP.name, one.start_samples, one.stop_samples, reason=_reason(one))
            for one in keeps
        )
    else:
        edits = tuple(_between(marked, length))
    markers = tuple(one for one in labels if one.start_samples == one.stop_samples and _kind(one) is None)
    near = ceil(imported.rounding_s * state.rate_hz)
    known = _accepted(state)
    if _is_cut_already(edits, state, near) and not imported.not_understood:
        return WantedEdits((), _GIVES_WAY, markers, stays=frozenset(known))
    own = _matching(edits, known, near)
    stays = {key for key, (kind, *_) in known.items() if kind not in (_CUT, KEEP.name)}
    missing = sum(not _is_accepted(one, state, near) for one in others)
    return WantedEdits(
        tuple(one for one, key in zip(edits, own, strict=True) if key is None),
        _GIVES_WAY,
        markers,
        left_out=(f"{counted(missing, 'label')} of edits that are not cuts left out.",) if missing else (),
        stays=frozenset(filter(None, own)) | stays,
        not_understood=imported.not_understood,
    )


def _accepted(state: DocumentState) -> _Accepted:
    """Return the accepted edits that cut or hold."""
    return {
        key: (one.kind, *state.span(key))
        for key, one in state.proposals.items()
        if any(isinstance(each, _GIVES_WAY) for each in accepted_effect(one, state.decisions.get(key)))
    }


def _is_cut_already(edits: Sequence[WantedOnTracks], state: DocumentState, near: int) -> bool:
    """Return whether a document leaves out exactly these spans: labels do not state crossfades."""
    own = build(state)
    spans = np.stack([own.kept_starts_samples, own.kept_stops_samples], axis=1)[~own.inserted]
    played = united(spans[spans[:, 0] < spans[:, 1]])
    edges = np.concatenate([[0], played.ravel(), [state.length_samples]]).reshape(-1, 2)
    gaps = edges[edges[:, 0] < edges[:, 1]]
    cuts, keeps = (
        united([(one.start_samples, one.stop_samples) for one in edits if (one.kind == _CUT) is is_cut])
        for is_cut in (True, False)
    )
    wanted = common(cuts, outside(keeps, 0, state.length_samples))
    return gaps.shape == wanted.shape and bool((np.abs(gaps - wanted) <= near).all())


def _matching(edits: Sequence[WantedOnTracks], known: _Accepted, near: int) -> list[str | None]:
    """Return the accepted edit of the kind and the span of each wanted one; None without one."""
    rows = sorted((start, stop, kind, key) for key, (kind, start, stop) in known.items())
    found: list[str | None] = []
    for one in edits:
        first = bisect_left(rows, (one.start_samples - near,))
        last = bisect_left(rows, (one.start_samples + near + 1,))
        keys = (
            key
            for _, stop, kind, key in rows[first:last]
            if kind == one.kind and abs(stop - one.stop_samples) <= near
        )
        found.append(next(keys, None))
    return found


def _is_accepted(label: NamedSpan, state: DocumentState, near: int) -> bool:
    """Return whether the document has the edit of a label of its own."""
    return any(
        one.kind == _kind(label)
        and state.verdict(key) is Verdict.ACCEPTED
        and abs(state.span(key)[0] - label.start_samples) <= near
        for key, one in state.proposals.items()
    )


def _kind(label: NamedSpan) -> str | None:
    """Return the kind with which a label of Offcut's begins."""
    word, colon, _ = label.name.partition(":")
    return word if colon and word in KINDS.own else None


def _reason(label: NamedSpan) -> str:
    return label.name.partition(":")[2].strip() if _kind(label) else label.name.strip()


def _between(keeps: list[NamedSpan], length: int) -> Iterator[WantedOnTracks]:
    spans = united([(one.start_samples, one.stop_samples) for one in keeps])
    edges = [0, *spans.ravel().tolist(), length]
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if start < stop:
            yield _cut(start, stop, "")


def _cut(start: int, stop: int, reason: str) -> WantedOnTracks:
    return WantedOnTracks(_CUT, start, stop, {CROSSFADE_MS: HAND_CROSSFADE_MS}, reason=reason)


def from_session(imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> WantedEdits:
    """Return the edits that play the clips of a session, or else those clips as regions.

    Raises
    ------
    EditsError : the recordings of the clips are not in the document
    """
    try:
        tracks = _Parts(imported, state, places).tracks()
    except EditsError:  # two recordings of one name
        tracks = ()
    if tracks:
        wanted = from_clips(replace(imported, tracks=tracks, labels=()), state, places)
        is_stamped = any(one.recorded_s is not None for track in tracks for one in track.clips)
        return replace(wanted, premises=(_BY_STAMPS,) if is_stamped else ())
    labels, premises, left_out = _in_document(imported, state, places)
    wanted = from_labels(replace(imported, labels=labels), state)
    left_out += (_AS_REGIONS,) if imported.tracks else ()
    return replace(wanted, premises=premises, left_out=(*wanted.left_out, *left_out))


def _in_document(
    imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]
) -> tuple[tuple[NamedSpan, ...], tuple[str, ...], tuple[str, ...]]:
    """Return labels at the time of day of the recordings, else from the session's start; premises; omissions.

    The time is known if the time references of all recordings that have one agree with their places.
    """
    begins_s = {
        source_begin_s(state.sources[clip.source_id], places) - Fraction(clip.shift_samples, state.rate_hz)
        for track in state.tracks
        for clip in track.clips
        if source_begin_s(state.sources[clip.source_id], places)
    }
    if not begins_s or imported.session_start_s is None or max(begins_s) - min(begins_s) > _NEAR_S:
        return imported.labels, (), ()
    by = round((imported.session_start_s - min(begins_s)) * state.rate_hz)
    moved = [
        NamedSpan(max(0, one.start_samples + by), one.stop_samples + by, one.name)
        for one in imported.labels
        if one.stop_samples + by >= 0 and one.start_samples + by < state.length_samples
    ]
    if not by or not moved:
        return imported.labels, (), ()
    outside = len(imported.labels) - len(moved)
    omissions = (
        (f"{counted(outside, 'part')} of the session outside the recordings left out.",) if outside else ()
    )
    return tuple(moved), (_BY_CLOCK,), omissions


class _Parts:
    """Looks for the part of a recording that each clip plays."""

    def __init__(self, imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> None:
        self._imported, self._places = imported, places
        self._near_s = imported.rounding_s + _NEAR_S
        self._media = Media(state, places, self._near_s, imported.folder)
        audible = [one for track in imported.tracks for one in track.clips if one.is_audible]
        self._uses = Counter(one.medium for one in audible)

    def tracks(self) -> tuple[ImportedTrack, ...]:
        """Return the tracks with the starts of their clips; none if any is not known.

        Raises
        ------
        EditsError : a name is that of several recordings
        """
        if self._imported.rounding_s > _MOST_ROUNDED_S:
            return ()
        found = []
        for track in self._imported.tracks:
            clips = [one for one in track.clips if one.is_audible]
            placed = list(self._placed(clips))
            if len(placed) < len(clips):
                return ()
            found.append(replace(track, clips=tuple(placed)))
        clips = [one for track in found for one in track.clips]
        return tuple(found) if any(self._media.find(one.medium) for one in clips) else ()

    def _placed(self, clips: Sequence[ImportedClip]) -> Iterator[ImportedClip]:
        """Yield clips with their starts, and those of files that are named and not in the document."""
        for one in clips:
            source = self._media.find(one.medium)
            start_s = None if source is None else self._start_s(one, source)
            if start_s is not None:
                yield replace(one, start_s=start_s)
            elif source is None and one.medium.name:
                yield one

    def _start_s(self, clip: ImportedClip, source: Source) -> Fraction | None:
        """Return where a clip begins in its recording; None if that is not known."""
        length_s = Fraction(source.frames, source.rate_hz)
        if abs(clip.length_s - length_s) <= self._near_s:
            return NOTHING
        begin_s, session_s = source_begin_s(source, self._places), self._imported.session_start_s
        if session_s is None or not begin_s or clip.length_s > length_s:
            return None
        if clip.recorded_s is None:
            is_there = abs(session_s + clip.at_s - begin_s) <= self._near_s
            return NOTHING if is_there and self._uses[clip.medium] == 1 else None
        start_s = session_s + clip.recorded_s - begin_s
        is_inside = -self._near_s <= start_s <= length_s - clip.length_s + self._near_s
        return max(start_s, NOTHING) if is_inside else None
