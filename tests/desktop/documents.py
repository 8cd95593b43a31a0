"""Documents with analyses and proposals, made in milliseconds."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.core.progress import SILENT
from engine.document.analysis import ScoreCurve
from engine.document.document import Document
from engine.document.edits.analyses import listening_ids
from engine.document.edits.proposals import replace_proposals, set_analyses
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.recordings.analyses import AnalysisRequest, FoundAnalyses
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from engine.recordings.listen import listen_to_document
from engine.recordings.media import locate_all

CUTS = ((4_000, 8_000), (12_000, 16_000))
_ANALYSED: dict[str, FoundAnalyses] = {}


def make_document(
    path: Path, recording: Path, cuts: tuple[tuple[int, int], ...] = CUTS, *, is_analysed: bool = True
) -> Path:
    """Make a document with scores, proposed cuts and the analyses that the window makes of one it opens."""
    imported = import_audio(ImportRequest((recording,)), SILENT)
    positions = np.arange(0, imported.sources[0].frames, 400, dtype=np.int64)
    curve = ScoreCurve(positions, np.linspace(0, 1, len(positions), dtype=np.float32), "test")
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        proposals = [
            Proposal(f"cut-{start}", "cut", start, stop, 0.9, "Odd.", "test") for start, stop in cuts
        ]
        document.apply(set_analyses(document.state, {"score": "score-0"}, "Heard"), {"score-0": curve})
        document.apply(replace_proposals(document.state, proposals, {"threshold": 0.5}, "Proposed"))
        if not is_analysed:
            return path
        found = _analysed(document.state, path.parent)
        edit = set_analyses(document.state, found.ids, "Recording analysed", by_listening=True)
        document.apply(edit, {found.ids[kind]: analysis for kind, analysis in found.analyses.items()})
    return path


def _analysed(state: DocumentState, folder: Path) -> FoundAnalyses:
    """Return the analyses of a document; the same recordings are analysed once in a process."""
    key = listening_ids(state)["listening"]
    if key not in _ANALYSED:
        _ANALYSED[key] = listen_to_document(AnalysisRequest(state, locate_all(state, folder)), SILENT)
    return _ANALYSED[key]
