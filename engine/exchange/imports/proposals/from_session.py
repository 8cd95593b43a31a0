"""Edits of a session whose text does not state which part of its file a clip plays.

The part is known where a clip is as long as its recording, where a time stamp states its original place, and
where the only clip of a recording is at the time of day that the recorder wrote. If the part of any clip is
unknown, all clips become labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from engine.core.errors import EditsError
from engine.core.wording import counted
from engine.document.marks.edits import NamedSpan
from engine.document.state import DocumentState
from engine.document.tracks.track import Source
from engine.exchange.export.placing.source_files import source_begin_s
from engine.exchange.imports.described import (
    NOTHING,
    ImportedClip,
    ImportedEdits,
    ImportedTrack,
)
from engine.exchange.imports.media import Media
from engine.exchange.imports.proposals.from_clips import from_clips
from engine.exchange.imports.proposals.from_labels import from_labels
from engine.exchange.imports.proposals.wanted import WantedEdits

_NEAR_S = Fraction(1, 1_000)
_MOST_ROUNDED_S = Fraction(1, 10)
_AS_REGIONS = (
    "The text does not state which part of its file each clip plays, so the clips come in as regions at "
    "their times in the session. Export it with user timestamps, or as AAF, to import the edits."
)
_BY_CLOCK = "Positions follow the time references of the recordings and the start timecode of the session."
_BY_STAMPS = "Clips play the part of their recordings that their user timestamps state."


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
    """Return labels at the time of day of the recordings, else from the session's start, and messages.

    The messages are premises and omissions.

    That is known if the time references of all recordings that have one agree with their places.
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
    said = (f"{counted(outside, 'part')} of the session outside the recordings left out.",) if outside else ()
    return tuple(moved), (_BY_CLOCK,), said


class _Parts:
    """Looks for the part of a recording that each clip plays."""

    def __init__(self, imported: ImportedEdits, state: DocumentState, places: Mapping[str, Path]) -> None:
        self._imported, self._places = imported, places
        self._near_s = imported.rounding_s + _NEAR_S
        self._media = Media(state, places, self._near_s, imported.folder)
        audible = [one for track in imported.tracks for one in track.clips if one.is_heard]
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
            clips = [one for one in track.clips if one.is_heard]
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
