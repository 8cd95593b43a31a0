"""Analyse a whole document in one pass over its unedited mix: beats, onsets, loudness and faults of channels.

Scores of a taste and curves of packages follow. Beats and onsets are found once, scores whenever the taste
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from pkgutil import resolve_name
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike, NDArray

from engine.analysis.beats.listen import follow_taps, listen
from engine.analysis.beats.traces import trace
from engine.analysis.signal.streams import folded, read_ahead
from engine.core.progress import Progress
from engine.core.timebase import convert_samples
from engine.document.analysis import BeatGrid, Listening
from engine.document.edits.analyses import listening_ids
from engine.document.state import DocumentState
from engine.document.tracks import Clip, Track, audible, visible
from engine.recordings.analyses import ANALYSES, AnalysisRequest, FoundAnalyses, analysed, missing_analyses
from engine.recordings.channel_faults import ChannelFaultDetector, ChannelFaults
from engine.sound.edl.build import whole
from engine.sound.edl.render import Renderer, VoiceRenderer, mix_channels
from engine.sound.edl.tracks.patched_reader import Reads
from engine.sound.edl.tracks.voice import Voice, media_path, open_voice
from engine.sound.reader import SourceReader

_BLOCK_FRAMES = 65_536
_BLOCKS_AHEAD = 64
"""More than a minute and a half at 48 kHz, in 17 MB: other analyses take up to a minute at once."""


@dataclass(slots=True)
class _Passing:
    """A track read for the mix, with start, stop and detector of each clip; no fault is between clips."""

    reader: Reads
    parts: tuple[tuple[int, int, ChannelFaultDetector], ...]

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> NDArray[Any]:
        block = self.reader.read(start, stop, dtype=dtype)
        for first, last, detector in self.parts:
            begin, end = max(start, first), min(stop, last)
            if begin < end:
                detector.push(block[begin - start : end - start])
        return block

    def close(self) -> None:
        self.reader.close()


@dataclass(slots=True)
class _Original:
    """A clip of another rate, read from its source for the channels: conversion rounds clipped samples."""

    clip: Clip
    document_hz: int
    reader: SourceReader
    detector: ChannelFaultDetector
    read_frames: int = 0

    @property
    def first(self) -> int:
        """Where the clip begins in its source."""
        return convert_samples(self.clip.offset_samples, self.document_hz, self.reader.rate_hz)

    def read_to(self, position_samples: int) -> None:
        """Read on to a position of the timeline."""
        frames = convert_samples(
            max(0, min(position_samples - self.clip.start_samples, self.clip.length_samples)),
            self.document_hz,
            self.reader.rate_hz,
        )
        last = min(self.first + frames, self.reader.frames)
        while self.first + self.read_frames < last:
            begin = self.first + self.read_frames
            stop = min(last, begin + _BLOCK_FRAMES)
            self.detector.push(self.reader.read(begin, stop))
            self.read_frames += stop - begin


@dataclass(frozen=True, slots=True)
class _Checked:
    """A detector of the faults of a clip, and where its samples begin."""

    track: Track
    detector: ChannelFaultDetector
    start_samples: int
    rate_hz: int


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
        self._checked: list[_Checked] = []
        self._originals: list[_Original] = []
        voices = []
        with ExitStack() as opened:
            for track in audible(state.tracks):
                voice = open_voice(state, track, media)
                opened.callback(voice.close)
                is_converted = {state.sources[key].rate_hz for key in track.source_ids} != {state.rate_hz}
                if not is_converted:
                    voice.reader = self._check_passing(track, voice)
                for clip in track.clips if is_converted else ():
                    path = media_path(state, track, clip.source_id, media)
                    reader = opened.enter_context(SourceReader(path))
                    detector = self._detector(track, clip.start_samples, reader.rate_hz, reader.channels)
                    self._originals.append(_Original(clip, state.rate_hz, reader, detector))
                voices.append(voice)
            self._opened = opened.pop_all()
        self._mix = VoiceRenderer(whole(state), voices, mix_channels(state))

    def _check_passing(self, track: Track, voice: Voice) -> _Passing:
        parts, first = [], track.start_samples
        for one in visible(track.clips):
            detector = self._detector(track, one.start_samples, self._state.rate_hz, voice.channels)
            parts.append((one.start_samples - first, one.stop_samples - first, detector))
        return _Passing(voice.reader, tuple(parts))

    def _detector(
        self, track: Track, start_samples: int, rate_hz: int, channels: int
    ) -> ChannelFaultDetector:
        """Return a detector of the faults of a clip, which starts at a sample of the timeline."""
        detector = ChannelFaultDetector(rate_hz, channels)
        self._checked.append(_Checked(track, detector, start_samples, rate_hz))
        return detector

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
            for original in self._originals:
                original.read_to(position)
            yield folded(block)
        for original in self._originals:
            original.read_to(self._state.length_samples)

    def faults(self) -> Mapping[str, Any]:
        """Return the channel faults as fields of `Listening`.

        Call it after the mix was read to its end.
        """
        found = [(one.track, self._on_timeline(one)) for one in self._checked]
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

    def _on_timeline(self, one: _Checked) -> ChannelFaults:
        found = one.detector.finish()
        edges = [
            one.start_samples + convert_samples(edge, one.rate_hz, self._state.rate_hz)
            for edge in found.spans.ravel().tolist()
        ]
        spans = np.array(edges, np.int64).reshape(-1, 2)
        return replace(found, spans=np.minimum(spans, self._state.length_samples))


_LOAD_TASTE = "engine.features.taste.anomaly.taste:load_taste"
"""Named, since features know recordings and not the reverse."""


def listen_to_document(
    request: AnalysisRequest, progress: Progress, first: Sequence[str] = ()
) -> FoundAnalyses:
    """Find the beat grid, onsets and loudness of a document, scores by a taste, and curves of packages.

    Stored analyses of the same recordings are reused, except scores. A curve with a lane, or of a package, is
    computed here unless it needs others than these: then it is once a finder needs it. One that fails is left
    out with a notice.

    Parameters
    ----------
    first : names of other analyses, which may bring these in the same pass

    Raises
    ------
    SourceError : a recording cannot be read
    TasteError : the taste cannot be read
    """
    names = [*first, "listening"]
    if request.taste is not None:
        if missing_analyses(request, names):  # an invalid taste is reported before minutes of listening
            resolve_name(_LOAD_TASTE)(request.taste)
        names.append("score")
    curves = {name: one for name, one in ANALYSES.items() if one.lane or name in ANALYSES.added}
    names += [name for name, one in curves.items() if set(one.needs) <= set(names)]
    missing = missing_analyses(request, names)
    wanted = [name for name in names if name in missing or name == "score"]
    return analysed(request, wanted, progress, leaves_out=True)


Passing = Callable[[Iterator[NDArray[np.float32]]], Iterator[NDArray[np.float32]]]
"""Yields the mono blocks that it reads, unchanged."""


def find_beats_and_onsets(
    request: AnalysisRequest, progress: Progress, through: Passing | None = None, others: float = 0.0
) -> FoundAnalyses:
    """Find the beat grid, onsets, loudness and faults of the unedited mix.

    Reading, the other analysis and this one run on threads of their own.

    Parameters
    ----------
    through : another analysis that reads the same blocks, so that the recording is read once
    others : its work relative to this one, for the progress

    Raises
    ------
    SourceError : a recording cannot be read
    """
    state = request.state
    with CheckedMix(state, request.media) as mix:
        with ExitStack() as ahead:
            blocks = ahead.enter_context(read_ahead(mix.mono_blocks(), _BLOCKS_AHEAD))
            if through is not None:
                blocks = ahead.enter_context(read_ahead(through(blocks), _BLOCKS_AHEAD))
            made = listen(blocks, state.rate_hz, state.length_samples, progress, others=others)
        listening = replace(made.listening, **mix.faults())
    return FoundAnalyses({"beats": made.grid, "listening": listening}, listening_ids(state), made.songs)


@dataclass(frozen=True, slots=True, eq=False)
class TapsRequest:
    """Taps that lead the beats of a document.

    Attributes
    ----------
    taps_samples : float64, shape (n,), ascending positions
    """

    state: DocumentState
    media: Mapping[str, Path]
    taps_samples: NDArray[np.float64]


def follow_taps_in_document(request: TapsRequest, progress: Progress) -> BeatGrid | None:
    """Find the beats of a document in the tempo of taps; None without a pulse in it.

    Raises
    ------
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    blocks = mono_blocks(state, request.media)
    traces = trace(blocks, state.rate_hz, state.length_samples, progress.part(0.0, 0.8))
    return follow_taps(traces, request.taps_samples, progress.part(0.8, 1.0))


def mono_blocks(state: DocumentState, media: Mapping[str, Path]) -> Iterator[NDArray[np.float32]]:
    """Yield the unedited mix, folded to mono, in blocks of shape (n,) at the document's rate."""
    with Renderer(state, whole(state), media) as renderer:
        for block in renderer.blocks(_BLOCK_FRAMES):
            yield folded(block)
