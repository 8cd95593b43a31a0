"""Pictures in the lanes of tracks: waveforms or spectrograms."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from engine.core.wording import counted
from engine.document.change import Edit, row_changes
from engine.document.state import DocumentState
from engine.document.tracks.edits import set_track, track_of
from engine.document.tracks.track import Picture


def set_pictures(state: DocumentState, track_ids: Collection[str], picture: Picture) -> Edit:
    """Show tracks as waveforms or as spectrograms; one step of undo.

    Raises
    ------
    UsageError : one of the tracks is not in the document
    """
    tracks = [track_of(state, track_id) for track_id in track_ids]
    if len(tracks) == 1:
        return set_track(state, tracks[0].id, picture=picture)
    rows = [(track, replace(track, picture=picture)) for track in tracks]
    return Edit(f"{counted(len(tracks), 'track')} drawn as {picture}s", row_changes(rows))
