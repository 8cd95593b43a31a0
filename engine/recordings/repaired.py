"""The sound that repairs are made of: the recording with the accepted repairs of its track in place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.core.progress import SILENT, Progress
from engine.document.state import DocumentState
from engine.document.tracks.track import Track
from engine.sound.edl.build import build, repaired
from engine.sound.edl.tracks.voice import Voice, open_voice


def open_repaired(
    state: DocumentState, track: Track, media: Mapping[str, Path], progress: Progress = SILENT
) -> Voice:
    """Open a track as a repair of it is made, with the takes that play; close it when done.

    Raises
    ------
    SourceError : see `engine.sound.edl.tracks.voice.open_voice`
    """
    played = build(state).as_played(track)
    return open_voice(state, played, media, progress=progress, patches=repaired(state).get(track.id))


def keys_heard(state: DocumentState, track: str, window: tuple[int, int]) -> tuple[str, ...]:
    """Return the keys of the audio of accepted repairs played in a window, and of the audio they replace."""
    patches = repaired(state).get(track)
    if patches is None:
        return ()
    start, stop = window
    found: dict[str, None] = {}
    for one, stored in patches.stored:
        if one.start_samples < stop and start < one.stop_samples:
            found |= dict.fromkeys((*one.over, stored.key))
    return tuple(found)
