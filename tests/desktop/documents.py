"""Documents that were listened to, without the minutes of listening."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.document import edits
from engine.document.analysis import ScoreCurve
from engine.document.document import Document
from engine.document.proposals import Proposal
from engine.progress import SILENT
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit

CUTS = ((4_000, 8_000), (12_000, 16_000))


def make_document(path: Path, recording: Path, cuts: tuple[tuple[int, int], ...] = CUTS) -> Path:
    """A document that was listened to: scores, and the cuts proposed."""
    imported = import_audio(ImportRequest((recording,)), SILENT)
    positions = np.arange(0, imported.sources[0].frames, 400, dtype=np.int64)
    curve = ScoreCurve(positions, np.linspace(0, 1, len(positions), dtype=np.float32), "test")
    with Document.create(path) as document:
        document.apply(import_edit(document.state, imported))
        proposals = [
            Proposal(f"cut-{start}", "cut", start, stop, 0.9, "Odd.", "test") for start, stop in cuts
        ]
        document.apply(edits.set_analyses(document.state, {"score": "score-0"}, "Heard"), {"score-0": curve})
        document.apply(edits.replace_proposals(document.state, proposals, {"threshold": 0.5}, "Proposed"))
    return path
