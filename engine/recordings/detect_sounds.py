"""Detect and name the sounds of a document, in the mix of some of its tracks folded to mono."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.analysis.detection.detector import detector
from engine.analysis.detection.spectra import MEL
from engine.analysis.detection.what_sounds import sounds_in
from engine.analysis.signal.streams import resampled
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import SOUNDS, Analysis, DetectedSounds, analysis_id, require_recording
from engine.document.edits.analyses import mix_inputs
from engine.document.edits.proposals import set_analyses
from engine.document.state import DocumentState, Edit
from engine.document.tracks import audible
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.media import without_missing
from engine.recordings.track_audio import RepairedTracks, Span, SpanRequest

NOTHING = "No sounds detected"
_MOST_LISTED = 3
_BLOCK_SAMPLES = 1 << 17


def mono(
    request: SpanRequest,
    window: Span,
    progress: Progress,
    rate_hz: int = MEL.rate_hz,
    opened: RepairedTracks | None = None,
) -> Iterator[NDArray[np.float32]]:
    """Yield the mix of the tracks in a window, folded to mono, at the sample rate of the network."""
    state = without_missing(request.state, request.media)
    own = RepairedTracks(state, request.media, progress) if opened is None else nullcontext(opened)
    with own as tracks:
        wanted = (one for one in audible(state.tracks) if not request.tracks or one.id in request.tracks)
        voices = [tracks.voice(track) for track in wanted]

        def blocks() -> Iterator[NDArray[np.float32]]:
            start, stop = window
            for first in range(start, stop, _BLOCK_SAMPLES):
                progress.check_cancelled()
                progress.report((first - start) / (stop - start), "Analysing")
                last = min(stop, first + _BLOCK_SAMPLES)
                mixed = np.zeros(last - first, np.float32)
                for voice in voices:
                    mixed += voice.read(first, last).mean(axis=1) * voice.gain
                yield mixed

        yield from resampled(blocks(), state.rate_hz, rate_hz)


@dataclass(frozen=True, slots=True, eq=False)
class FoundSounds:
    """Sounds detected in a document."""

    sounds: DetectedSounds
    analysis_id: str

    def put_into(self, state: DocumentState) -> tuple[Edit, dict[str, Analysis]]:
        """Return the edit that stores the sounds in the document, and the analysis it refers to."""
        edit = set_analyses(state, {SOUNDS: self.analysis_id}, self.sentence, by_listening=True)
        return edit, {self.analysis_id: self.sounds}

    @property
    def sentence(self) -> str:
        """Summarize the detected sounds."""
        counts = Counter(self.sounds.words)
        if not counts:
            return NOTHING
        often = [f"{word} ({count})" for word, count in counts.most_common(_MOST_LISTED)]
        more = len(counts) - _MOST_LISTED
        others = f" and {counted(more, 'other')}" if more > 0 else ""
        return f"Detected {counted(counts.total(), 'sound')}: {', '.join(often)}{others}"


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Detect the sounds on all audible tracks, as `engine.recordings.analyses` asks for them."""
    found = detect_sounds(SpanRequest(request.state, request.media), progress)
    return FoundAnalyses({SOUNDS: found.sounds}, {SOUNDS: found.analysis_id})


def detect_sounds(request: SpanRequest, progress: Progress) -> FoundSounds:
    """Detect the sounds on all audible tracks.

    Raises
    ------
    UsageError : the document has no recording
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    require_recording(state, "analyse")
    blocks = mono(request, (0, state.length_samples), progress)
    sounds = sounds_in(detector(), blocks, state.rate_hz, state.length_samples)
    return FoundSounds(sounds, analysis_id(SOUNDS, mix_inputs(state), sounds.maker))
