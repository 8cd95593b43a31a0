"""Where the samples of a document's sources are read: the files themselves, or their converted copies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from engine.audio.conform import conformed_path
from engine.audio.peaks import PeakPyramid, build_peaks, load_peaks
from engine.audio.reader import content_hash
from engine.document.state import DocumentState
from engine.document.track import Source
from engine.errors import SourceError
from engine.progress import Progress


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


def find_media(state: DocumentState, document_folder: Path, progress: Progress) -> Mapping[str, Path]:
    """Return the path to read for every source id, converting again what the cache has lost.

    Raises
    ------
    SourceError : a source is missing
    """
    media: dict[str, Path] = {}
    for number, source in enumerate(state.sources.values()):
        share = progress.step(number, len(state.sources))
        found = locate(source, document_folder)
        media[source.id] = conformed_path(replace(source, path=str(found)), state.rate_hz, share)
    return media


def find_peaks(source: Source, media: Path, rate_hz: int, progress: Progress) -> PeakPyramid:
    """Return the peaks of a source at the document's rate, from the cache where they are there."""
    key = f"{source.content_hash}-{rate_hz}"
    return load_peaks(key) or build_peaks(media, key, progress)
