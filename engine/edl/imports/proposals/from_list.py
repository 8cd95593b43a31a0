"""Offcut's own edit list: its edits if they reproduce its segments; else edits made from the segments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path

from engine.document.decisions import Edited, Verdict, edited
from engine.document.kinds import KINDS, not_available
from engine.document.kinds.operations import (
    Gain,
    Lift,
    Operation,
    Raise,
    Reclock,
    Replace,
    Shift,
    Slice,
)
from engine.document.marks.edits import NamedSpan
from engine.document.state import DocumentState
from engine.edl.edit_list import EditList, Segment, as_insert
from engine.edl.imports.described import ImportedEdits, WrittenEdit
from engine.edl.imports.document_clips import document_clips
from engine.edl.imports.proposals.crossfades import played_in
from engine.edl.imports.proposals.from_clips import from_clips
from engine.edl.imports.proposals.wanted import TIMING, WantedEdits, WantedOnTracks
from engine.errors import DocumentError, EditsError
from engine.wording import counted

_SOUND: tuple[type[Operation], ...] = (Raise, Reclock, Replace, Lift, Slice, Shift, Gain)
_ALL = (*TIMING, *_SOUND)


def from_list(imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> WantedEdits:
    """Return the edits of an edit list.

    Raises
    ------
    EditsError : it is of other recordings or another rate, or an edit of it is not one of its kind
    """
    played = from_clips(imported, state, places)
    assert imported.written is not None
    tracks = _tracks(imported, state, places)
    left_out: dict[str, int] = {}
    edits = []
    for one in imported.written:
        reason = _unusable(one, tracks, places)
        own = None if reason else _wanted(imported, one, tracks, state)
        if own is not None and own.effect:
            edits.append(own)
        elif own is None or not _is_accepted(own, state):
            reason = reason or f"{one.kind} changes no audio."
            left_out[reason] = left_out.get(reason, 0) + 1
    timing = [one for one in edits if any(isinstance(effect, TIMING) for effect in _effect(imported, one))]
    markers = tuple(_markers(imported, state))
    said = tuple(f"{counted(number, 'edit')} left out: {reason}" for reason, number in left_out.items())
    made = played_in(state, timing)
    if imported.rate_hz == state.rate_hz and _is_played(imported, state, places, tracks, made):
        return WantedEdits(
            tuple(edits),
            _ALL,
            markers,
            played.gains_db,
            made,
            left_out=said,
            not_understood=played.not_understood,
        )
    sounding = [one for one in edits if one not in timing] if imported.rate_hz == state.rate_hz else []
    if not said and imported.written:
        said = ("The segments of the list are not those of its edits: the segments count.",)
    return replace(
        played,
        edits=(*played.edits, *sounding),
        gives_way=_ALL,
        markers=markers,
        left_out=(*said, *played.left_out),
    )


def _is_played(
    imported: ImportedEdits,
    state: DocumentState,
    places: Mapping[str, Path],
    tracks: Sequence[str | None],
    made: EditList,
) -> bool:
    """Return whether an edit list plays the segments of an imported one, its clips at their places."""
    own = {key: imported.own_segments[number] for number, key in _with_own(imported, tracks)}
    if imported.segments != _inserts_alike(made) or own.keys() != made.own.keys():
        return False
    if any(segments != _inserts_alike(made.own[key]) for key, segments in own.items()):
        return False
    played = {key: _by_shift(segments) for key, segments in own.items()}
    shared = _by_shift(imported.segments)
    return all(
        any(
            segment.start_samples <= one.start_samples < segment.stop_samples
            for segment in played.get(key, shared).get(one.start_samples - one.at_samples, ())
        )
        for key, clips in document_clips(imported, state, places).by_track.items()
        for one in clips
    )


def _with_own(imported: ImportedEdits, tracks: Sequence[str | None]) -> Iterator[tuple[int, str]]:
    """Yield the tracks with segments of their own: index in the list, and id."""
    for number in imported.own_segments:
        if (key := tracks[number]) is not None:
            yield number, key


def _inserts_alike(one: EditList) -> tuple[Segment, ...]:
    return tuple(as_insert(each) if each.is_inserted else each for each in one.segments)


def _by_shift(segments: Sequence[Segment]) -> dict[int, list[Segment]]:
    found: dict[int, list[Segment]] = {}
    for one in segments:
        found.setdefault(one.start_samples - one.result_start_samples, []).append(one)
    return found


def _tracks(
    imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]
) -> tuple[str | None, ...]:
    """Return the id of each track of the list in the document; None for one that it does not have."""
    found: list[str | None] = []
    for track in imported.tracks:
        try:
            own = document_clips(replace(imported, tracks=(track,)), state, places).by_track
        except EditsError:
            own = {}
        found.append(next(iter(own), None))
    return tuple(found)


def _unusable(one: WrittenEdit, tracks: Sequence[str | None], places: Mapping[str, Path]) -> str:
    """Return the reason why an edit cannot be made in this document, "" if it can."""
    if one.kind not in KINDS:
        return not_available(one.kind)
    if any(tracks[place] is None for place in one.tracks):
        return "a track of it is not in this document."
    if one.kind == "repair" and not any(str(value) in places for value in one.payload.values()):
        return "the audio of a repair is not in this document."
    return ""


def _is_accepted(made: WantedOnTracks, state: DocumentState) -> bool:
    """Return whether an edit is already accepted in a document."""
    asked = Edited(made.start_samples, made.stop_samples, dict(made.payload), made.tracks)
    return any(
        one.kind == made.kind
        and state.verdict(key) is Verdict.ACCEPTED
        and edited(one, state.decisions.get(key)) == asked
        for key, one in state.proposals.items()
    )


def _wanted(
    imported: ImportedEdits, one: WrittenEdit, tracks: Sequence[str | None], state: DocumentState
) -> WantedOnTracks:
    own = tuple(key for place in one.tracks if (key := tracks[place]) is not None)
    made = WantedOnTracks(
        one.kind,
        min(one.start_samples, state.length_samples),
        min(one.stop_samples, state.length_samples),
        one.payload,
        own,
        one.reason,
    )
    _effect(imported, made)
    return made


def _effect(imported: ImportedEdits, one: WantedOnTracks) -> tuple[Operation, ...]:
    try:
        KINDS[one.kind].validate(one.payload)
        return one.effect
    except DocumentError as error:
        raise EditsError(f"{imported.file_name} holds an edit that cannot be: {error}") from error


def _markers(imported: ImportedEdits, state: DocumentState) -> Iterator[NamedSpan]:
    """Yield the new markers of the list, at their positions on the timeline."""
    ratio, length = Fraction(state.rate_hz, imported.rate_hz), state.length_samples
    known = {one.name for one in state.markers.values()}
    for one in imported.markers:
        start, stop = (min(floor(at * ratio + Fraction(1, 2)), length) for at in (one.start_s, one.stop_s))
        if one.name not in known:
            yield NamedSpan(start, stop, one.name)
