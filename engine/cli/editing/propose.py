"""``offcut propose PROJECT FINDER``: have a finder propose edits in a document."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from engine.cli.documents import analysing, media_of, opened
from engine.cli.editing.finder_flags import add_finder_flags, asked_for
from engine.cli.numbers import proposal_row, span_s
from engine.cli.output import VerbOutput
from engine.document.grid.recounted import grid_in_force
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.finders.finder import KNOWN
from engine.finders.registry import find_edits, request_of
from engine.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the verb takes."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    add_finder_flags(parser)


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Have a finder find edits, and put them into the document."""
    asked = asked_for(options)
    with opened(options.project) as document:
        known = {kind: document.analysis(kind) for kind in KNOWN}
        known["beats"] = grid_in_force(document.state, known["beats"])
        request = request_of(asked.name, document.state, media_of(document), known, asked.settings)
        with analysing(document, *KNOWN):
            found = find_edits(request, progress)
        for edit, analyses, audio in found.edits(document.state):
            document.apply(edit, analyses, audio)
        state = document.state
    rows = [_row(one, state) for one in found.found.proposals]
    figures = {"proposals": len(state.proposals), "finder": asked.name, **found.found.figures}
    yield VerbOutput({**figures, asked.key: rows}, found.sentence)


def _row(one: Proposal, state: DocumentState) -> dict[str, object]:
    names = {track.id: track.name for track in state.tracks}
    return {
        **proposal_row(one, state.rate_hz, "kind", "score", "payload", "reason"),
        "evidence": one.evidence.value,
        "tracks": [names[key] for key in one.tracks],
        "alternatives": [
            {"label": other.label, **span_s(other, state.rate_hz), "payload": other.payload}
            for other in one.alternatives
        ],
    }
