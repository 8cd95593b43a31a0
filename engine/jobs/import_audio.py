"""Import: look at each file once, make what the timeline needs, and hand back frozen sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.audio.conform import conformed_path
from engine.audio.reader import content_hash, probe
from engine.document.change import Edit
from engine.document.edits import add_tracks
from engine.document.state import DocumentState
from engine.document.track import Source
from engine.errors import SourceError
from engine.jobs.media import find_peaks
from engine.progress import Progress


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Which files to import into which document.

    Attributes
    ----------
    paths : audio files, one track each
    rate_hz : the document's rate, or 0 to take that of the first file
    known : ids of the sources the document has already
    """

    paths: tuple[Path, ...]
    rate_hz: int = 0
    known: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Imported:
    """What was imported, ready to become one edit.

    Attributes
    ----------
    media : where the samples of each source are read, by source id
    warnings : one sentence for each thing the user should know of
    """

    sources: tuple[Source, ...]
    names: tuple[str, ...]
    media: Mapping[str, Path] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


def import_audio(request: ImportRequest, progress: Progress) -> Imported:
    """Probe, hash, convert where needed, and build the peaks of recordings.

    Raises
    ------
    SourceError : a file cannot be read, or is in the document already; nothing is imported then
    """
    if not request.paths:
        raise SourceError("There is nothing to import; name at least one audio file.")
    sources: list[Source] = []
    media: dict[str, Path] = {}
    warnings: list[str] = []
    rate_hz = request.rate_hz
    for number, path in enumerate(request.paths):
        share = progress.step(number, len(request.paths))
        source, warning = look_at(path)
        if source.id in request.known or source.id in media:
            raise SourceError(f"{path} is in the document already; nothing was imported.")
        rate_hz = rate_hz or source.rate_hz
        media[source.id] = conformed_path(source, rate_hz, share.part(0.0, 0.7))
        peaks = find_peaks(source, media[source.id], rate_hz, share.part(0.7, 1.0))
        sources.append(source)
        warnings += [sentence for sentence in (warning, peaks.warning) if sentence]
    names = tuple(Path(source.path).stem for source in sources)
    return Imported(tuple(sources), names, media, tuple(warnings))


def look_at(path: Path) -> tuple[Source, str]:
    """Return a file as a source, and a sentence where something about it is odd."""
    info = probe(path)
    digest = content_hash(path)
    source = Source(
        id=digest[:12],
        path=str(path.absolute()),
        content_hash=digest,
        rate_hz=info.rate_hz,
        channels=info.channels,
        frames=info.frames,
        container=info.container,
        subtype=info.subtype,
    )
    return source, info.warning


def import_edit(state: DocumentState, imported: Imported) -> Edit:
    """Return the edit that places what was imported."""
    return add_tracks(state, imported.sources, imported.names)
