"""Stored audio unpacked into the cache, where pictures read any span of it as they read recordings.

The audio in the document is unpacked and checked against its name on each request, so that no picture
shows outdated audio from the cache.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from engine.core.progress import SILENT, Progress
from engine.document.file.stored_audio import audio_in_file, content_of
from engine.document.kinds.operations import Stored
from engine.sound.conform import conformed_file, is_conformed, write_conformed
from engine.sound.edl.tracks.delay import Sound
from engine.sound.pictures.peak_cache import load_peaks, store_peaks
from engine.sound.pictures.peaks import PeakPyramid
from engine.sound.reader import SourceReader

_BLOCK_FRAMES = 1 << 16


@dataclass(frozen=True, slots=True)
class UnpackRequest:
    """Which stored audio is wanted.

    Attributes
    ----------
    document : file that holds it
    rate_hz : of the document
    """

    document: Path
    key: str
    rate_hz: int


@dataclass(frozen=True, slots=True)
class Unpacked:
    """Stored audio as a file of the cache, with its peaks."""

    path: Path
    peaks: PeakPyramid


def unpack(request: UnpackRequest, progress: Progress = SILENT) -> Unpacked | None:
    """Return stored audio with random access; None if it is missing or damaged.

    Raises
    ------
    ExportError : the cache folder cannot take it, or the disk is full
    Cancelled : the user cancelled; nothing is left behind
    """
    audio = audio_in_file(request.document, request.key)
    if audio is None or audio.rate_hz != request.rate_hz:
        return None
    progress.check_cancelled()
    path = unpacked_file(audio.key, audio.rate_hz)
    form = audio.rate_hz, audio.channels, audio.frames
    if not is_conformed(path, form):
        starts = range(0, audio.frames, _BLOCK_FRAMES)
        blocks = (audio.samples[start : start + _BLOCK_FRAMES] for start in starts)
        write_conformed(path, blocks, form, progress)
    content = content_of(audio.key)
    peaks = load_peaks(content, audio.rate_hz)
    if peaks is None or (peaks.frames, peaks.channels) != audio.samples.shape:
        with SourceReader(path) as reader:
            peaks = store_peaks(reader, content, progress)
    return Unpacked(path, peaks)


def unpacked_file(key: str, rate_hz: int) -> Path:
    """Return the path of unpacked stored audio."""
    return conformed_file(content_of(key), rate_hz)


class UnpackedSounds:
    """Reads audio that was unpacked, as a track of some channels plays it; used by one thread at a time.

    Raises
    ------
    SourceError : the cache no longer has it, here or while reading
    """

    def __init__(self, rate_hz: int, channels: int) -> None:
        self._rate_hz, self._channels = rate_hz, channels
        self._readers: dict[str, SourceReader] = {}
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def holds(self, stored: Stored) -> bool:  # noqa: ARG002 - who asks for a picture leaves out what is not there
        """Return True: all of it exists."""
        return True

    def read(self, stored: Stored, start: int, stop: int) -> Sound:
        """Return samples [start, stop) of the timeline, shape (stop - start, channels)."""
        if stored.key not in self._readers:
            reader = SourceReader(unpacked_file(stored.key, self._rate_hz))
            self._readers[stored.key] = self._opened.enter_context(reader)
        first = stored.start_samples
        samples = self._readers[stored.key].read(start - first, stop - first, np.float64)
        return np.broadcast_to(samples, (len(samples), self._channels))
