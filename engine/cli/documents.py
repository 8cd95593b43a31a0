"""Documents as verbs open them: damaged parts are reported, and the verb continues."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from engine.cli.output import in_verbs
from engine.core.errors import DocumentError, SourceError, UsageError
from engine.core.files.safe_write import shown
from engine.document.analysis import Listening, NearestReference, ScoreCurve, require_recording
from engine.document.document import Document
from engine.document.grid_readings import grid_in_force
from engine.document.state import DocumentState
from engine.recordings.media import locate, locate_all
from engine.review.evidence import Analyses

_PATIENCE_S = 3.0


@contextmanager
def opened(path: Path, *, to_read: bool = False) -> Iterator[Document]:
    """Open a document for a verb and close it after; see `Document.open`.

    A verb that only reads never blocks one that writes, and those that write wait for each other.
    """
    with Document.open(path, to_read=to_read, patience_s=_PATIENCE_S) as document:
        for kind in tuple(document.state.analyses):
            document.analysis(kind)
        if document.damage:
            print(f"offcut: warning: {shown(in_verbs(document.damage))}", file=sys.stderr)
        yield document


@contextmanager
def opened_to_edit(path: Path) -> Iterator[Document]:
    """Open a document for an edit by hand, as `opened`.

    Raises
    ------
    UsageError : it has no recording
    """
    with opened(path) as document:
        require_recording(document.state, "edit")
        yield document


@contextmanager
def analysing(document: Document, *kinds: str) -> Iterator[None]:
    """Analyse a document inside the block, while other programs can write it.

    Their answers and edits stay: store the result as an edit of the state after the block.

    Parameters
    ----------
    kinds : analyses that the result depends on, in addition to tracks and recordings

    Raises
    ------
    DocumentError : it cannot be written, before or after the block; or the tracks or analyses changed
        meanwhile
    """

    def stands_on() -> tuple[object, ...]:
        ids = [document.analysis(kind) is not None and document.state.analyses[kind] for kind in kinds]
        return document.state.rate_hz, document.state.sources, document.state.tracks, ids

    before = stands_on()
    with document.unlocked(_PATIENCE_S):
        yield
    if stands_on() != before:
        raise DocumentError(
            f"Another program changed the tracks, grid or scores of {shown(document.path)} during the "
            "analysis, so its result was not stored: try again."
        )


def media_of(document: Document) -> dict[str, Path]:
    """Return the present files of its recordings by source id, and of its stored audio by key."""
    folder = document.path.absolute().parent
    return {**document.audio_files, **locate_all(document.state, folder)}


def media_at_hand(document: Document) -> dict[str, Path]:
    """Return what `media_of` does, without the recordings that are missing."""
    folder = document.path.absolute().parent
    found = dict(document.audio_files)
    for source in document.state.sources.values():
        with suppress(SourceError):
            found[source.id] = locate(source, folder)
    return found


def tracks_named(state: DocumentState, names: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of all tracks of these names.

    Raises
    ------
    UsageError : a track of this name does not exist
    """
    found: list[str] = []
    for name in names:
        own = [track.id for track in state.tracks if track.name == name]
        if not own:
            known = ", ".join(repr(track.name) for track in state.tracks)
            raise UsageError(f"There is no track {name!r}: name some of {known}.")
        found += own
    return tuple(dict.fromkeys(found))


def analyses_of(document: Document) -> Analyses:
    """Return the active analyses from which cuts are proposed."""
    curve, listening, nearest = (document.analysis(kind) for kind in ("score", "listening", "nearest"))
    return Analyses(
        curve if isinstance(curve, ScoreCurve) else None,
        listening if isinstance(listening, Listening) else None,
        grid_in_force(document.state, document.analysis("beats")),
        nearest if isinstance(nearest, NearestReference) else None,
    )
