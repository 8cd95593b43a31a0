"""Find the songs of a document, in one pass with its beats, onsets and loudness where those are missing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from queue import SimpleQueue

from engine.analysis.found_takes import FoundTakes
from engine.analysis.learning.loop import few_threads
from engine.core.errors import Cancelled, OffcutError
from engine.core.own_process import run_in_own_process
from engine.core.progress import Progress, heeding, parallel
from engine.document.analysis import DAY, TAKES, Analysis, analysis_id, require_recording
from engine.document.edits.analyses import DRUMS, mix_inputs, role_of, takes_id
from engine.document.state import DocumentState
from engine.document.tracks import audible
from engine.features.day.day import Day
from engine.features.day.finding.evidence import Evidence, EvidenceInPassing, Floats
from engine.features.day.finding.find import day_in
from engine.features.day.known.library import Library
from engine.features.day.known.naming import with_known_names
from engine.features.day.stored import stored_day
from engine.features.takes.features import FRAMES_PER_S
from engine.features.takes.finders.takes_that_play import stored_takes
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses, missing_analyses
from engine.recordings.listen import find_beats_and_onsets, mono_blocks

_LONG_S = 600.0
"""Songs of a longer recording are found in a process of their own, so that both cores work."""
_OF_EVIDENCE, _OF_SONGS, _NAMED = 0.75, 0.15, 0.99
"""Work of the evidence relative to beats, onsets and loudness; shares of finding songs, and before names."""


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
    passing, found = EvidenceInPassing(state.rate_hz), FoundAnalyses({}, {})
    listening, finding = parallel(progress.part(0.0, _NAMED), 2, (1.0 - _OF_SONGS, _OF_SONGS))
    collected: SimpleQueue[Evidence | None] = SimpleQueue()

    def through(blocks: Iterator[Floats]) -> Iterator[Floats]:
        yield from heeding(listening, passing.passing(blocks))
        collected.put(passing.evidence())

    with few_threads(), ThreadPoolExecutor(1) as alongside:
        pending = alongside.submit(_songs, collected, _is_kit(state), finding)
        try:
            if missing_analyses(request, ["listening"]):
                found = find_beats_and_onsets(request, listening, through, _OF_EVIDENCE)
            else:
                position = 0
                for block in through(mono_blocks(state, request.media)):
                    listening.check_cancelled()
                    position += len(block)
                    listening.report(position / max(1, state.length_samples), "Finding songs")
        finally:
            collected.put(None)  # for an error before the end of the recording
        evidence, day, takes = pending.result()
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


def _songs(
    collected: SimpleQueue[Evidence | None], is_kit: bool, progress: Progress
) -> tuple[Evidence, Day, FoundTakes]:
    """Find the songs once the evidence is collected, while the search for beats goes on."""
    evidence = collected.get()
    if evidence is None:
        raise Cancelled
    find = partial(day_in, is_kit=is_kit)
    if len(evidence.frames) < _LONG_S * FRAMES_PER_S:
        return evidence, *find(evidence, progress)
    return evidence, *run_in_own_process(find, (evidence,), progress)


def _is_kit(state: DocumentState) -> bool:
    """Return whether all tracks that sound are microphones of a drum kit, by the roles that they have."""
    tracks = audible(state.tracks)
    return len(tracks) > 1 and all(one.role == DRUMS or role_of(one.role) is not None for one in tracks)
