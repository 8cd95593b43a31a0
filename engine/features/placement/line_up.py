"""Recordings of a document, placed again by their sound and the times that they state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.document.edits.clips import place_clips
from engine.document.settings import set_time_of_day, starts_at
from engine.document.state import DocumentState, Edit
from engine.recordings.stated.placements import Mode, Placements, Reason


@dataclass(frozen=True, slots=True)
class LineUpRequest:
    """Clips to place again.

    Attributes
    ----------
    media : where each source is now, by source id
    clips : their ids
    """

    state: DocumentState
    media: Mapping[str, Path]
    clips: tuple[str, ...]

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources of the clips, each once."""
        every = (clip for track in self.state.tracks for clip in track.clips if clip.id in self.clips)
        return tuple(dict.fromkeys(clip.source_id for clip in every))


def places_again(request: LineUpRequest, progress: Progress) -> Placements:
    """Propose places for recordings of a document, as at import.

    Raises
    ------
    UsageError : there are fewer than two recordings
    SourceError : one is missing, or cannot be read
    """
    # These take a third of a second to import, and the window needs none of them to start.
    from engine.features.placement.known import media_to_read
    from engine.features.placement.plan import propose_places
    from engine.recordings.stated.file_head import read_heads

    state = request.state
    if len(request.sources) < 2:
        raise UsageError("To line up needs two recordings: choose the clips of more tracks.")
    missing = [key for key in request.sources if key not in request.media]
    if missing:
        raise SourceError(f"{shown(state.sources[missing[0]].path)} is missing: locate the file first.")
    originals = {key: request.media[key] for key in request.sources}
    heads = read_heads(list(originals.values()))
    media = media_to_read(state, originals)
    return propose_places(heads, Mode.AUTO, rate_hz=state.rate_hz, media=media, progress=progress)


def line_up_edit(request: LineUpRequest, places: Placements) -> Edit:
    """Return the edit that puts clips at these places; the recording that others refer to stays.

    Clips before the start of the timeline move all of them later. If these are all clips of the document, the
    time of day of the start moves along.

    Raises
    ------
    UsageError : a clip is locked
    """
    state = request.state
    clips = {clip.id: clip for track in state.tracks for clip in track.clips}
    starts, later = _placed_again(request, places)
    moved = {key: start for key, start in starts.items() if clips[key].start_samples != start}
    if not moved:
        return Edit("All clips are at these places already", ())
    edit = place_clips(state, moved)
    if starts.keys() < clips.keys():
        return edit
    return replace(edit, changes=(*edit.changes, *set_time_of_day(state, later, starts_at(state)).changes))


def _placed_again(request: LineUpRequest, places: Placements) -> tuple[dict[str, int], int]:
    """Return where clips begin at these places, by their ids, and how much later all of them move."""
    starts = {key: one.start_samples for key, one in zip(request.sources, places.files, strict=True)}
    clips = [clip for track in request.state.tracks for clip in track.clips if clip.id in request.clips]
    origin = next(
        (key for key, one in zip(request.sources, places.files, strict=True) if one.reason is Reason.ORIGIN),
        request.sources[0],
    )
    still = next(clip for clip in clips if clip.source_id == origin)
    by = still.shift_samples - round(starts[origin])
    placed = {clip.id: round(starts[clip.source_id]) + by + clip.offset_samples for clip in clips}
    ahead = min(0, *placed.values())
    return {key: start - ahead for key, start in placed.items()}, -ahead
