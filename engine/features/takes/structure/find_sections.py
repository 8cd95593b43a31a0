"""Find the sections of a document on its beats, which are analysed first where it has none."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.core.progress import Progress
from engine.core.timebase import s_to_samples_array
from engine.document.analysis import Analysis, BeatGrid
from engine.document.change import Edit, merged
from engine.document.edits import set_analyses
from engine.document.grid.edits import keeping_edited
from engine.document.grid.recounted import grid_in_force
from engine.document.marks.section_edits import set_sections, sound_key
from engine.document.marks.sections import SECTIONS, StoredSections
from engine.document.recorded import require_recording
from engine.document.state import DocumentState
from engine.features.takes.structure.find import find_structure
from engine.features.takes.structure.sections import Structure
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses, Stored
from engine.recordings.listen import find_beats_and_onsets, mono_blocks


@dataclass(frozen=True, slots=True, eq=False)
class FoundSections:
    """Sections found in a document.

    Attributes
    ----------
    analysed : beats and onsets that the document did not have: id and analysis by kind
    """

    structure: Structure
    stored: StoredSections
    analysed: Stored = field(default_factory=dict)

    @property
    def sentence(self) -> str:
        """Summarize the result."""
        return self.structure.sentence

    def put_into(self, state: DocumentState) -> tuple[Edit, dict[str, Analysis]]:
        """Return the edit that stores the sections in a document, and the analyses it refers to."""
        edit, analyses = set_sections(state, self.stored, "Found sections")
        ids = keeping_edited(state, {kind: key for kind, (key, _) in self.analysed.items()})
        before = set_analyses(state, ids, edit.label)
        changes = merged(before.changes, edit.changes)
        return Edit(edit.label, changes, by_listening=True), {**dict(self.analysed.values()), **analyses}


def find_sections(request: AnalysisRequest, progress: Progress) -> FoundSections:
    """Find the sections of the unedited mix.

    Raises
    ------
    UsageError : the document has no recording
    SourceError : a recording is missing or cannot be read
    Cancelled : the user asked for it
    """
    state, grid = request.state, grid_in_force(request.state, request.analyses.get("beats"))
    require_recording(state, "analyse")
    analysed: Stored = {}
    if grid is None:
        found = find_beats_and_onsets(request, progress.part(0.0, 0.7))
        analysed, found_beats = found.stored, found.analyses["beats"]
        assert isinstance(found_beats, BeatGrid), "a document without a grid is analysed"
        grid = found_beats
        progress = progress.part(0.7, 1.0)
    blocks = mono_blocks(state, request.media)
    structure = find_structure(blocks, state.rate_hz, state.length_samples, grid, progress)
    return FoundSections(structure, stored_sections(structure, state), analysed)


def analyse(request: AnalysisRequest, progress: Progress) -> FoundAnalyses:
    """Find the sections on the active grid, as `engine.recordings.analyses` asks for them."""
    _, stored = set_sections(request.state, find_sections(request, progress).stored, "")
    ((key, sections),) = stored.items()
    return FoundAnalyses({SECTIONS: sections}, {SECTIONS: key})


def stored_sections(structure: Structure, state: DocumentState) -> StoredSections:
    """Return sections as a document stores them."""
    sections = structure.sections
    spans_s = np.array([(one.start_s, one.stop_s) for one in sections], np.float64).reshape(-1, 2)
    spans = np.minimum(s_to_samples_array(spans_s, state.rate_hz), state.length_samples)
    labels = [one.label for one in sections]
    confidences = np.array([one.confidence for one in sections], np.float64)
    return StoredSections(spans, labels, confidences, sound_key(state))
