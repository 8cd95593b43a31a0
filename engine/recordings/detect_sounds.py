"""Detect and name all sounds of a document, with a precision above one half."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from engine.analysis.detection.detector import detector
from engine.analysis.detection.what_sounds import sounds_in
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.analysis import SOUNDS, Analysis, DetectedSounds
from engine.document.change import Edit
from engine.document.document import analysis_id
from engine.document.edits import set_analyses
from engine.document.listening_ids import mix_inputs
from engine.document.recorded import require_recording
from engine.document.state import DocumentState
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.mono import mono
from engine.recordings.spans import SpanRequest

NOTHING = "No sounds detected"
_MOST_SAID = 3


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
        often = [f"{word} ({count})" for word, count in counts.most_common(_MOST_SAID)]
        more = len(counts) - _MOST_SAID
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
    hearing = detector()
    blocks = mono(request, (0, state.length_samples), progress)
    sounds = sounds_in(hearing, blocks, state.rate_hz, state.length_samples)
    return FoundSounds(sounds, analysis_id(SOUNDS, mix_inputs(state), sounds.maker))
