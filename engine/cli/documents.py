"""Documents as verbs open them: what of one cannot be read is told, and the verb goes on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.document.analysis import Listening
from engine.document.document import Document
from engine.document.edits import set_analyses
from engine.document.grid.edits import keeping_edited
from engine.document.state import DocumentState
from engine.errors import UsageError
from engine.files.safe_write import shown
from engine.jobs.recordings.media import locate_all
from engine.progress import Progress


@contextmanager
def opened(path: Path) -> Iterator[Document]:
    """Open a document for a verb and close it after; see `Document.open`."""
    with Document.open(path) as document:
        for kind in tuple(document.state.analyses):
            document.analysis(kind)
        if document.damage:
            print(f"offcut: warning: {shown(document.damage)}", file=sys.stderr)
        yield document


def media_of(document: Document) -> dict[str, Path]:
    """Return where its recordings are now, by source id, and what holds its stored audio, by key."""
    folder = document.path.absolute().parent
    return {**document.audio_files, **locate_all(document.state, folder)}


def listen(
    document: Document, media: Mapping[str, Path], progress: Progress, taste: Path | None = None
) -> None:
    """Find what the document does not know yet of its sound, with a taste its scores too, and keep it there.

    Raises
    ------
    SourceError, TasteError : see `engine.jobs.listen.listen_to_document`
    """
    from engine.jobs.listen import ListenRequest, listen_to_document  # torch: not for every verb

    known = document.analysis("listening")
    known = known if isinstance(known, Listening) else None
    heard = listen_to_document(ListenRequest(document.state, media, taste, known), progress)
    if heard.ids:
        label = "Listened" if taste is None else f"Listened with {taste.stem}"
        document.apply(
            set_analyses(document.state, keeping_edited(document.state, heard.ids), label),
            {heard.ids[kind]: found for kind, found in heard.analyses.items()},
        )


def tracks_named(state: DocumentState, names: Sequence[str]) -> tuple[str, ...]:
    """Return the ids of all tracks of these names.

    Raises
    ------
    UsageError : there is no track of a name
    """
    found: list[str] = []
    for name in names:
        own = [track.id for track in state.tracks if track.name == name]
        if not own:
            known = ", ".join(repr(track.name) for track in state.tracks)
            raise UsageError(f"There is no track {name!r}: name some of {known}.")
        found += own
    return tuple(dict.fromkeys(found))
