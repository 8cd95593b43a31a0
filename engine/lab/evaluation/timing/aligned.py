"""A performance that goes the whole way: found, placed, proposed, accepted and rendered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import soundfile
from numpy.typing import NDArray

from engine.core.progress import SILENT, Progress
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track, whole_clip
from engine.features.timing.alignment.lines import PARTS
from engine.features.timing.alignment.settings import TimingSettings
from engine.features.timing.finders.timing.aligned_files import Aligned, AlignRequest, align
from engine.features.timing.finders.timing.find_grid import WantedGrid
from engine.lab.simulated.performances.performance import Performance
from engine.review.answers import accept_all
from engine.sound.edl.build import build
from engine.sound.edl.render import render


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """A performance as files on disk and the document that holds them."""

    performance: Performance
    state: DocumentState
    media: dict[str, Path]

    def aligned(self, progress: Progress = SILENT) -> Aligned:
        """Detect its hits and their targets on the grid that it was played to."""
        performance = self.performance
        division = next(name for name, parts in PARTS.items() if parts == performance.divisions)
        request = AlignRequest(
            state=self.state,
            media=self.media,
            wanted=WantedGrid(),
            settings=TimingSettings(division=division),
            tracks=tuple(track.id for track in self.state.tracks),
            grid=performance.grid,
        )
        return align(request, progress)

    def rendered(self, done: Aligned) -> dict[str, NDArray[np.float32]]:
        """Return the audio of each microphone with all proposals accepted."""
        after = accept_all(self.state, done.proposed.edit, done.proposed.proposals).state
        return rendered_tracks(after, self.media)


def rendered_tracks(state: DocumentState, media: Mapping[str, Path]) -> dict[str, NDArray[np.float32]]:
    """Return the audio of each track by itself, by name."""
    heard = {}
    for track in state.tracks:
        alone = replace(state, tracks=(track,))
        heard[track.name] = render(alone, build(alone), media, 0, state.length_samples)[:, 0]
    return heard


def recorded(performance: Performance, folder: Path) -> Recorded:
    """Write a performance to files in a folder, as 32-bit floats, and return a document of them."""
    roles = {name: role.value for name, role in performance.roles.items()}
    state, media = document_of(performance.microphones, performance.rate_hz, folder, roles)
    return Recorded(performance, state, media)


def document_of(
    sounds: Mapping[str, NDArray[np.float32]],
    rate_hz: int,
    folder: Path,
    drums: Mapping[str, str] = MappingProxyType({}),
) -> tuple[DocumentState, dict[str, Path]]:
    """Write sounds to files in a folder, and return a document with a track each, and where the files are.

    Parameters
    ----------
    drums : the roles of tracks of drums
    """
    sources, tracks, media = {}, [], {}
    for position, (name, sound) in enumerate(sounds.items()):
        path = folder / f"{name}.wav"
        soundfile.write(path, sound, rate_hz, "FLOAT")
        key = f"source-{position}"
        sources[key] = Source(key, str(path), "", rate_hz, 1, len(sound), "WAV", "FLOAT")
        group, role = ("Drums", drums[name]) if name in drums else ("", "")
        clips = (whole_clip(sources[key], rate_hz),)
        tracks.append(Track(f"track-{position}", name, position, group=group, role=role, clips=clips))
        media[key] = path
    return DocumentState(rate_hz, sources, tuple(tracks)), media
