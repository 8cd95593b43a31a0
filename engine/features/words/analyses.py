"""The analysis that transcribes the speech of a document."""

from __future__ import annotations

from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress
from engine.document.analysis import WORDS, Analysis, require_recording
from engine.document.edits.analyses import known_transcript, transcript_id
from engine.recordings.analyses import Analyser, AnalysisRequest, FoundAnalyses


def _is_current(request: AnalysisRequest, found: Analysis | None) -> bool:
    return known_transcript(request.state, found) is not None


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Transcribe a document with the installed model, as `engine.recordings.analyses` asks for it.

    Raises
    ------
    UsageError : the recogniser or its model is not installed, or the document has no recording
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    from engine.features.words.model import require_model
    from engine.features.words.transcribe import transcribe_document

    require_recording(request.state, "transcribe")
    arguments = (request.state, request.media, require_model(), "")
    found = run_in_own_process(transcribe_document, arguments, progress)
    return FoundAnalyses({WORDS: found}, {WORDS: transcript_id(found)})


WORDS_FOUND = Analyser(analyse, is_current=_is_current)
