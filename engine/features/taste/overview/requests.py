"""Requests and results of the Taste page; light, so that the window needs no torch.

A sound that a taste can score is the mix of a document, or a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from engine.analysis.signal.streams import resampled
from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.features.taste.overview.results import LearnedFrom, Origin, ScoredRecording, SegmentMap
from engine.recordings.media import find_reference, without_missing
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer
from engine.sound.reader import SourceReader

_BLOCK_FRAMES = 65_536


class _Readable(Protocol):
    def read(self, start: int, stop: int, /) -> NDArray[np.float32]:
        """Return float32, shape (stop - start, channels)."""


@dataclass(frozen=True, slots=True)
class DocumentSound:
    """The unedited mix of a document; `media` gives the files of its sources."""

    state: DocumentState
    media: Mapping[str, Path]


@dataclass(frozen=True, slots=True)
class FileSound:
    """A file; with a hash it is looked for in `folders` where it is not at its path any more."""

    path: Path
    content_hash: str = ""
    folders: tuple[Path, ...] = ()


Sound = DocumentSound | FileSound


class OpenSound:
    """A sound that can be read, in samples at its own rate."""

    def __init__(self, reader: _Readable, rate_hz: int, length_samples: int) -> None:
        self._reader = reader
        self.rate_hz = rate_hz
        self.length_samples = length_samples

    @property
    def duration_s(self) -> float:
        """How long it is."""
        return self.length_samples / self.rate_hz if self.rate_hz else 0.0

    def mono(
        self, to_hz: int, start_samples: int = 0, stop_samples: int | None = None
    ) -> Iterator[NDArray[np.float32]]:
        """Yield the mean over channels of a span as one stream at another rate, in blocks of shape (n,)."""
        stop = self.length_samples if stop_samples is None else min(stop_samples, self.length_samples)
        blocks = (
            self._reader.read(at, min(at + _BLOCK_FRAMES, stop)).mean(axis=1, dtype=np.float32)
            for at in range(max(0, start_samples), stop, _BLOCK_FRAMES)
        )
        return resampled(blocks, self.rate_hz, to_hz)


@contextmanager
def opened(sound: Sound, progress: Progress) -> Iterator[OpenSound]:
    """Open a sound for as long as it is read.

    Raises
    ------
    SourceError : a file is gone, has changed, or cannot be read
    """
    if isinstance(sound, DocumentSound):
        state = without_missing(sound.state, sound.media)
        with Renderer(state, whole(state), sound.media) as renderer:
            yield OpenSound(renderer, state.rate_hz, state.length_samples)
        return
    path = find_reference(sound.path, sound.content_hash, sound.folders, progress)
    with SourceReader(path) as reader:
        yield OpenSound(reader, reader.rate_hz, reader.frames)


@dataclass(frozen=True, slots=True)
class ReferencesScored:
    """The training recordings with their scores, and a message for each missing one."""

    recordings: tuple[ScoredRecording, ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SurveyRecording:
    """A recording to score and to place on the map; `scored` is its result if already available."""

    sound: Sound
    origin: Origin
    scored: ScoredRecording | None = None


@dataclass(frozen=True, slots=True)
class SurveyRequest:
    """Recordings to score with a taste.

    Attributes
    ----------
    learned_from : the training recordings of the taste, scored unless `references` are given
    folders : where they are looked for, see `engine.recordings.media`
    """

    taste: Path
    learned_from: tuple[LearnedFrom, ...]
    folders: tuple[Path, ...]
    references: ReferencesScored | None = None
    others: tuple[SurveyRecording, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Survey:
    """Scores of all recordings, and their positions on the map.

    Attributes
    ----------
    others : those that could be read, in the order of the request
    warnings : one sentence for each that could not
    """

    references: ReferencesScored
    others: tuple[ScoredRecording, ...]
    shown: SegmentMap
    warnings: tuple[str, ...] = ()
