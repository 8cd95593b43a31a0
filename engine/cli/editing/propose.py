"""``offcut propose PROJECT FINDER``: have a finder propose edits in a document."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

from engine.cli.documents import analysing, media_of, opened, tracks_named
from engine.cli.editing.finder_flags import add_finder_flags, asked_for, flag
from engine.cli.numbers import proposal_row, span_s
from engine.cli.output import VerbOutput
from engine.document.document import Document
from engine.document.grid.recounted import grid_in_force
from engine.document.proposals import Proposal
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.finders.finder import KNOWN, FinderRequest
from engine.finders.registry import FoundEdits, find_edits, request_of, require_finder
from engine.finders.settings import SettingError
from engine.progress import Progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the verb."""
    parser.add_argument("project", type=Path, metavar="PROJECT")
    add_finder_flags(parser)
    parser.add_argument("--tracks", nargs="+", default=[], metavar="NAME", help="on these; all by default")


def run(options: argparse.Namespace, progress: Progress) -> Iterator[VerbOutput]:
    """Have a finder find edits, and put them into the document."""
    asked = asked_for(options)
    with opened(options.project) as document:
        tracks = tracks_named(document.state, options.tracks)
        found = propose_in(document, asked.name, asked.settings, progress, tracks)
        state = document.state
    rows = [_row(one, state) for one in found.found.proposals if one.id in state.proposals]
    figures = {"proposals": len(state.proposals), "finder": asked.name, **found.found.figures}
    yield VerbOutput({**figures, asked.key: rows}, found.report)


def request_in(
    document: Document, name: str, settings: Mapping[str, object], tracks: tuple[str, ...] = ()
) -> FinderRequest:
    """Return the request for a finder of a document; see `engine.finders.registry.request_of`."""
    known = {kind: document.analysis(kind) for kind in KNOWN}
    known["beats"] = grid_in_force(document.state, known["beats"])
    try:
        return request_of(name, document.state, media_of(document), known, settings, tracks)
    except SettingError as error:
        raise UsageError(error.sentence(flag)) from error


def propose_in(
    document: Document,
    name: str,
    settings: Mapping[str, object],
    progress: Progress,
    tracks: tuple[str, ...] = (),
) -> FoundEdits:
    """Have a finder find edits, and put them into a document.

    Raises
    ------
    UsageError : see `engine.finders.registry.request_of`
    DocumentError : see `analysing`
    """
    request = request_in(document, name, settings, tracks)
    with analysing(document, *require_finder(name).reads):
        found = find_edits(request, progress)
    for edit, analyses, audio in found.edits(document.state):
        document.apply(edit, analyses, audio)
    return found


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
