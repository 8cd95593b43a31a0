"""Where a document's sources are, and what has to be made of them before they are drawn and played."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.audio.conform import conformed_path
from engine.audio.peak_cache import source_peaks
from engine.audio.peaks import PeakPyramid
from engine.audio.reader import content_hash
from engine.document.state import DocumentState
from engine.document.track import Source
from engine.errors import SourceError
from engine.progress import Progress


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """The document whose sources are wanted, and the folder it lies in."""

    state: DocumentState
    document_folder: Path


@dataclass(frozen=True, slots=True)
class Media:
    """What of a document's sources can be drawn and played.

    Attributes
    ----------
    paths : the original file of each source that was found, by source id
    conformed : the file that holds its samples at the document's rate
    peaks : its peaks at that rate
    missing : one sentence for each source that was not found
    """

    paths: Mapping[str, Path] = field(default_factory=dict)
    conformed: Mapping[str, Path] = field(default_factory=dict)
    peaks: Mapping[str, PeakPyramid] = field(default_factory=dict)
    missing: tuple[str, ...] = ()


def locate(source: Source, document_folder: Path) -> Path:
    """Find the file of a source: where it was imported from, else beside the document.

    Raises
    ------
    SourceError : it is in neither place, or what lies beside the document is another recording
    """
    imported_from = Path(source.path)
    if imported_from.is_file():
        return imported_from
    beside = document_folder / imported_from.name
    if beside.is_file() and content_hash(beside) == source.content_hash:
        return beside
    raise SourceError(
        f"{imported_from} is no longer there; put {imported_from.name} back, or beside the document."
    )


def locate_all(state: DocumentState, document_folder: Path) -> Mapping[str, Path]:
    """Return the original file of every source, by source id.

    Raises
    ------
    SourceError : one is missing
    """
    return {source.id: locate(source, document_folder) for source in state.sources.values()}


def find_media(request: MediaRequest, progress: Progress) -> Media:
    """Find the sources of a document that is being opened, and make again what the caches have lost.

    A missing source is told, not raised: the rest of the document can be worked on without it.
    """
    paths: dict[str, Path] = {}
    conformed: dict[str, Path] = {}
    peaks: dict[str, PeakPyramid] = {}
    missing: list[str] = []
    state = request.state
    for number, source in enumerate(state.sources.values()):
        share = progress.step(number, len(state.sources))
        try:
            found = locate(source, request.document_folder)
            here = replace(source, path=str(found))
            peaks[source.id] = source_peaks(here, state.rate_hz, share)
            conformed[source.id] = conformed_path(here, state.rate_hz)
            paths[source.id] = found
        except SourceError as error:
            missing.append(str(error))
    return Media(paths, conformed, peaks, tuple(missing))
