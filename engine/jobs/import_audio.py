"""Import: look at each file once, make what the timeline needs, and hand back frozen sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from engine.audio.bwf import CuePoint
from engine.audio.conform import conformed_path
from engine.audio.cue_points import read_cue_points
from engine.audio.peak_cache import source_peaks
from engine.audio.peaks import PeakPyramid, peaks_warning
from engine.audio.reader import content_hash, probe
from engine.document.change import Edit
from engine.document.marker_edits import NamedSpan, add_all
from engine.document.state import DocumentState
from engine.document.track import Source
from engine.document.track_edits import add_tracks
from engine.errors import SourceError
from engine.jobs.media import Media
from engine.progress import Progress
from engine.safe_write import shown
from engine.timebase import convert_samples
from engine.wording import counted


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
    cues : the cue points of the files that have any, by source id, in the source's samples
    """

    sources: tuple[Source, ...]
    names: tuple[str, ...]
    media: Media
    warnings: tuple[str, ...] = ()
    cues: Mapping[str, tuple[CuePoint, ...]] = field(default_factory=dict)


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
    cues = {key: found for key, path in paths.items() if (found := read_cue_points(path))}
    return Imported(tuple(sources), names, Media(paths, conformed, peaks), tuple(warnings), cues)


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
    """Return the edit that places what was imported, with its cue points as markers."""
    edit = add_tracks(state, imported.sources, imported.names)
    spans = [
        span
        for source in imported.sources
        for span in _spans(
            source, imported.cues.get(source.id, ()), state.rate_hz or imported.sources[0].rate_hz
        )
    ]
    markers = add_all(state, spans, "").changes
    told = f" with {counted(len(markers), 'marker')}" if markers else ""
    return Edit(f"{edit.label}{told}", (*edit.changes, *markers))


def _spans(source: Source, cues: tuple[CuePoint, ...], rate_hz: int) -> list[NamedSpan]:
    """Return the cue points that lie in a source as spans of the timeline, where it begins at 0."""
    spans = []
    for cue in cues:
        if cue.position_samples <= source.frames:
            stop = min(cue.position_samples + cue.length_samples, source.frames)
            first, last = (
                convert_samples(edge, source.rate_hz, rate_hz) for edge in (cue.position_samples, stop)
            )
            spans.append(NamedSpan(first, last, cue.label))
    return spans
