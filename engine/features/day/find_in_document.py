"""Find the songs of a document, in one pass with its beats, onsets and loudness where those are missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import Cancelled, OffcutError
from engine.core.progress import Progress, heeding
from engine.core.timebase import samples_to_s
from engine.document.analysis import DAY, TAKES, Analysis, analysis_id, require_recording
from engine.document.edits.analyses import DRUMS, mix_inputs, role_of, takes_id
from engine.document.state import DocumentState
from engine.document.tracks import audible
from engine.features.day.evidence import EvidenceInPassing
from engine.features.day.find import day_in
from engine.features.day.known.library import Library
from engine.features.day.known.naming import with_known_names
from engine.features.day.stored import stored_day
from engine.features.takes.finders.takes_that_play import stored_takes
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses, missing_analyses
from engine.recordings.listen import find_beats_and_onsets, mono_blocks

_OF_EVIDENCE = 1.15
"""Work of the evidence relative to beats, onsets and loudness: the networks of voices."""
_COMPARED, _COMPARED_EACH_S, _NAMED = 0.11, 2.9e-5, 0.99
"""Work of comparing passages relative to reading, and more with the length; and the share before names."""


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the songs, takes, talk and idle time of a document, as `engine.recordings.analyses` asks for them.

    Raises
    ------
    UsageError : the document has no recording
    OffcutError : the networks of voices are not installed
    SourceError : a recording cannot be read
    Cancelled : the user asked for it
    """
    state = request.state
    require_recording(state, "analyse")
    length_s = samples_to_s(state.length_samples, state.rate_hz)
    read = 1.0 / (1.0 + _COMPARED + _COMPARED_EACH_S * length_s)
    passing, reading = EvidenceInPassing(state.rate_hz), progress.part(0.0, read)
    found = FoundAnalyses({}, {})

    def through(blocks: Iterator[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        return heeding(reading, passing.passing(blocks))

    if missing_analyses(request, ["listening"]):
        found = find_beats_and_onsets(request, reading, through, _OF_EVIDENCE)
    else:
        position = 0
        for block in through(mono_blocks(state, request.media)):
            reading.check_cancelled()
            position += len(block)
            reading.report(position / max(1, state.length_samples), "Finding songs")
    reading.check_cancelled()
    evidence = passing.evidence()
    reading.check_cancelled()
    day, takes = day_in(evidence, progress.part(read, _NAMED), is_kit=_is_kit(state))
    notices: tuple[str, ...] = ()
    try:
        day = with_known_names(day, evidence.frames, Library(), progress.part(_NAMED, 1.0))
    except Cancelled:
        raise
    except OffcutError as error:  # songs are found without their names, too
        notices = (str(error),)
    stored = stored_day(state, day)
    made: dict[str, Analysis] = {DAY: stored, TAKES: stored_takes(takes)}
    ids = {DAY: analysis_id(DAY, mix_inputs(state), stored.maker), TAKES: takes_id(state)}
    return found | FoundAnalyses(made, ids, notices=notices)


def _is_kit(state: DocumentState) -> bool:
    """Return whether all tracks that sound are microphones of a drum kit, by the roles that they have."""
    tracks = audible(state.tracks)
    return len(tracks) > 1 and all(one.role == DRUMS or role_of(one.role) is not None for one in tracks)
