"""The tracks of a document as analyses and repairs read them, at its rate and on its timeline.

Microphones are read together, as recorded. A repair is made from the recording with the accepted repairs of
its track in place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.document.state import DocumentState
from engine.document.tracks import Track
from engine.sound.edl.build import build, repaired
from engine.sound.edl.tracks.voice import Voice, open_voice

Span = tuple[int, int]
_BLOCK_FRAMES = 65_536


@dataclass(frozen=True, slots=True)
class SpanRequest:
    """Some windows of a document.

    Attributes
    ----------
    tracks : ids of those that are meant; none for all that sound in the windows
    windows : [start, stop) of the timeline
    """

    state: DocumentState
    media: Mapping[str, Path] = field(default_factory=dict)
    tracks: tuple[str, ...] = ()
    windows: tuple[Span, ...] = ()


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


class RepairedTracks:
    """Tracks of a document as repairs of them are made, each opened once; used by one thread at a time.

    Raises
    ------
    SourceError : a source is missing or cannot be read, when its track is first wanted or while reading
    """

    def __init__(self, state: DocumentState, media: Mapping[str, Path], progress: Progress = SILENT) -> None:
        self._state, self._media, self._progress = state, media, progress
        self._voices: dict[Track, Voice] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def voice(self, track: Track) -> Voice:
        """Return a track with its accepted repairs in place and the takes that play."""
        if track not in self._voices:
            voice = open_repaired(self._state, track, self._media, self._progress)
            self._opened.callback(voice.close)
            self._voices[track] = voice
        return self._voices[track]


def used_keys(state: DocumentState, track: str, window: tuple[int, int]) -> tuple[str, ...]:
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


class Microphones:
    """Tracks of a document, each folded to one channel; used by one thread at a time.

    The audio is as recorded, except for accepted `recorder` edits: these do not edit the performance.

    Parameters
    ----------
    media : where each source is now, by source id
    track_ids : in the order of the rows that are read
    progress : reports the conversion of sources that need one

    Raises
    ------
    SourceError : a source is missing or cannot be read, here or while reading
    """

    def __init__(
        self,
        state: DocumentState,
        media: Mapping[str, Path],
        track_ids: Sequence[str],
        progress: Progress = SILENT,
    ) -> None:
        self.rate_hz = state.rate_hz
        self.length_samples = state.length_samples
        self.track_ids = tuple(track_ids)
        tracks = {track.id: track for track in state.tracks}
        self._voices: list[Voice] = []
        edits = build(state).patches
        with ExitStack() as opened:
            for number, key in enumerate(self.track_ids):
                share = progress.step(number, len(self.track_ids))
                clock = edits[key].clock_alone if key in edits else None
                voice = open_voice(state, tracks[key], media, np.float32, share, clock)
                opened.callback(voice.close)
                self._voices.append(voice)
            self._opened = opened.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def read(self, start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        """Return the span [start, stop), shape (microphones, stop - start); zeros outside a recording."""
        rows = np.empty((len(self._voices), stop_samples - start_samples), np.float32)
        for row, voice in zip(rows, self._voices, strict=True):
            block = voice.read(start_samples, stop_samples)
            row[:] = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32)
        return rows

    def read_one(self, row: int, start_samples: int, stop_samples: int) -> NDArray[np.float32]:
        """Return the span [start, stop) of one microphone, shape (stop - start,); zeros outside it."""
        block = self._voices[row].read(start_samples, stop_samples)
        mono: NDArray[np.float32] = block.mean(axis=1, dtype=np.float32)
        return mono

    def one(self, track_id: str) -> Iterator[NDArray[np.float32]]:
        """Yield all of one microphone in blocks of shape (n,)."""
        row = self.track_ids.index(track_id)
        for start in range(0, self.length_samples, _BLOCK_FRAMES):
            yield self.read_one(row, start, min(start + _BLOCK_FRAMES, self.length_samples))
