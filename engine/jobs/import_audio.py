"""Import: look at each file once, make what the timeline needs, and hand back frozen sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.audio.conform import conformed_path
from engine.audio.peak_cache import source_peaks
from engine.audio.peaks import PeakPyramid, peaks_warning
from engine.audio.reader import content_hash, probe
from engine.document.change import Edit
from engine.document.state import DocumentState
from engine.document.track import Source
from engine.document.track_edits import add_tracks
from engine.errors import SourceError
from engine.jobs.media import Media
from engine.progress import Progress
from engine.safe_write import shown


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
    warnings : one sentence for each thing the user should know of
    """

    sources: tuple[Source, ...]
    names: tuple[str, ...]
    media: Media
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
    conformed: dict[str, Path] = {}
    peaks: dict[str, PeakPyramid] = {}
    warnings: list[str] = []
    rate_hz = request.rate_hz
    for number, path in enumerate(request.paths):
        source, warning = _look_at(path)
        if source.id in request.known or source.id in peaks:
            raise SourceError(f"{shown(path)} is in the document already; nothing was imported.")
        rate_hz = rate_hz or source.rate_hz
        peaks[source.id] = source_peaks(source, rate_hz, progress.step(number, len(request.paths)))
        conformed[source.id] = conformed_path(source, rate_hz)
        sources.append(source)
        said = (warning, peaks_warning(peaks[source.id], path))
        warnings += [sentence for sentence in dict.fromkeys(said) if sentence]
    paths = {source.id: Path(source.path) for source in sources}
    names = tuple(Path(source.path).stem for source in sources)
    return Imported(tuple(sources), names, Media(paths, conformed, peaks), tuple(warnings))


def _look_at(path: Path) -> tuple[Source, str]:
    """Return a file as a source, and a sentence where something about it is odd."""
    info = probe(path)
    absolute = str(path.absolute())
    if shown(absolute) != absolute:
        raise SourceError(f"{shown(path)} has a name that is no text: rename the file or its folder.")
    digest = content_hash(path)
    source = Source(
        id=digest[:12],
        path=absolute,
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
