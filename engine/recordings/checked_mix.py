"""Unedited mix for the analysis, and every channel of every source, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.audio.reader import SourceReader
from engine.document.analysis import Listening
from engine.document.state import DocumentState
from engine.document.tracks.track import Track, audible
from engine.edl.build import whole
from engine.edl.render import VoiceRenderer, mix_channels
from engine.edl.tracks.patched_reader import Reads
from engine.edl.tracks.voice import media_path, open_voice
from engine.features.channel_faults import ChannelFaultDetector, ChannelFaults
from engine.timebase import convert_samples

_BLOCK_FRAMES = 65_536


@dataclass(slots=True)
class _Passing:
    """A source read for the mix, and the detector of faults in its channels."""

    reader: Reads
    detector: ChannelFaultDetector

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        block = self.reader.read(start, stop, dtype=dtype)
        self.detector.push(block)
        return block

    def close(self) -> None:
        self.reader.close()


@dataclass(slots=True)
class _Original:
    """A source of another rate, read for its own channels: conversion rounds clipped samples."""

    reader: SourceReader
    detector: ChannelFaultDetector
    read_frames: int = 0

    def read_to(self, frames: int) -> None:
        while self.read_frames < min(frames, self.reader.frames):
            stop = min(frames, self.reader.frames, self.read_frames + _BLOCK_FRAMES)
            self.detector.push(self.reader.read(self.read_frames, stop))
            self.read_frames = stop


class CheckedMix:
    """Reads the sources of a document once, for the mix and for channel faults.

    Parameters
    ----------
    media : where each source is now, by source id

    Raises
    ------
    SourceError : an audible source is missing or cannot be read, here or while reading
    """

    def __init__(self, state: DocumentState, media: Mapping[str, Path]) -> None:
        self._state = state
        self._detectors: dict[str, ChannelFaultDetector] = {}
        self._originals: list[tuple[Track, _Original]] = []
        voices = []
        with ExitStack() as opened:
            for track in audible(state.tracks):
                source = state.sources[track.source_id]
                detector = ChannelFaultDetector(source.rate_hz, source.channels)
                self._detectors[track.id] = detector
                voice = open_voice(state, track, media)
                opened.callback(voice.close)
                if source.rate_hz == state.rate_hz:
                    voice.reader = _Passing(voice.reader, detector)
                else:
                    reader = opened.enter_context(SourceReader(media_path(state, track, media)))
                    self._originals.append((track, _Original(reader, detector)))
                voices.append(voice)
            self._opened = opened.pop_all()
        self._mix = VoiceRenderer(whole(state), voices, mix_channels(state))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.close()

    def mono_blocks(self) -> Iterator[NDArray[np.float32]]:
        """Yield the unedited mix, folded to mono, in blocks of shape (n,) at the document's rate."""
        position = 0
        for block in self._mix.blocks(_BLOCK_FRAMES):
            position += len(block)
            for track, original in self._originals:
                heard = max(0, position - track.start_samples)
                original.read_to(convert_samples(heard, self._state.rate_hz, original.reader.rate_hz))
            yield block.mean(axis=1, dtype=np.float32)
        for _, original in self._originals:
            original.read_to(original.reader.frames)

    def faults(self) -> Mapping[str, Any]:
        """Return the channel faults as fields of `Listening`.

        Call it after the mix was read to its end.
        """
        found = [
            (track, self._on_timeline(track, self._detectors[track.id].finish()))
            for track in audible(self._state.tracks)
        ]
        none = Listening()
        return {
            "channel_fault_samples": np.concatenate(
                [none.channel_fault_samples, *(one.spans for _, one in found)]
            ),
            "channel_fault_kinds": [kind for _, one in found for kind in one.kinds],
            "channel_fault_tracks": [track.id for track, one in found for _ in one.kinds],
            "faulty_channels": np.concatenate([none.faulty_channels, *(one.channels for _, one in found)]),
            "channel_fault_counts": np.concatenate(
                [none.channel_fault_counts, *(one.counts for _, one in found)]
            ),
        }

    def _on_timeline(self, track: Track, found: ChannelFaults) -> ChannelFaults:
        source = self._state.sources[track.source_id]
        edges = [
            track.start_samples + convert_samples(edge, source.rate_hz, self._state.rate_hz)
            for edge in found.spans.ravel().tolist()
        ]
        spans = np.array(edges, np.int64).reshape(-1, 2)
        return ChannelFaults(
            np.minimum(spans, self._state.length_samples), found.kinds, found.channels, found.counts
        )
