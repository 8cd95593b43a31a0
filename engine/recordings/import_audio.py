"""Import: probe each file once, build the data for the timeline, and return frozen sources.

A file that holds a microphone in each channel (poly) is offered as a track a channel.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.timebase import convert_samples
from engine.core.wording import counted, listed
from engine.document.analysis import StrokePickup
from engine.document.edits.markers import NamedSpan, add_all
from engine.document.edits.tracks import NewTrack, add_tracks
from engine.document.limits import MOST_ROWS
from engine.document.settings import set_time_of_day, starts_at
from engine.document.state import DocumentState, Edit, row_changes
from engine.document.tracks import Source
from engine.recordings.media import Media, source_of
from engine.recordings.stated.file_head import FileHead
from engine.recordings.stated.names import kit_of_names
from engine.recordings.stated.placements import Mode, Placements, clock_edits, placed_tracks
from engine.recordings.stated.start_time import StartTime, start_time
from engine.sound.conform import conformed_path
from engine.sound.decoders.decoder import Tracks
from engine.sound.decoders.forward import damage_notice
from engine.sound.headers.bwf import CuePoint, channel_title, read_channel_names, read_cue_points
from engine.sound.opening import address_of, of_channel
from engine.sound.pictures.peak_cache import read_together, source_peaks, store_channels
from engine.sound.pictures.peaks import PeakPyramid, peaks_warning
from engine.sound.reader import SourceInfo, content_hash, probe

_STEREO, _LEAST_NAMED = 2, 3
"""A file with this many named channels is split unless the user decides against it."""
_MIX = re.compile(
    r"(?i).*\b(?:mix|mixdown|master|2-?bus)\b.*|(?:mix|tr|main) ?[lr]|(?:mix|main) ?(?:left|right)"
)
_LOOKING, _HALF = 0.02, 0.5
"""Share of the work that looking at the files is, half of it for their formats."""
EMPTY = DocumentState()


class Split(StrEnum):
    """Which files become a track a channel."""

    NAMED = "named"
    """Those with three or more named channels."""
    POLY = "poly"
    """Those with more channels than a stereo recording."""
    EVERY = "every"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Poly:
    """A file with several channels.

    Attributes
    ----------
    names : of the channels that have one, by number from 1
    """

    path: Path
    channels: int
    names: Mapping[int, str]

    @property
    def is_named(self) -> bool:
        """Whether it is split unless the user decides against it."""
        return len(self.names) >= _LEAST_NAMED

    @property
    def mixes(self) -> tuple[int, ...]:
        """Channels that are a mix of others, by their names; none if that would leave no channel."""
        found = tuple(number for number, name in self.names.items() if _MIX.fullmatch(name))
        return found if len(found) < self.channels else ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """Addresses of its channels without the mixes."""
        numbers = (number for number in range(1, self.channels + 1) if number not in self.mixes)
        return tuple(of_channel(self.path, number) for number in numbers)

    @property
    def sentence(self) -> str:
        """Report the mixes that are left out; empty without any."""
        if not self.mixes:
            return ""
        named = [f"{self.names[number]} (channel {number})" for number in self.mixes]
        one = of_channel(self.path, self.mixes[0]).name
        return (
            f"{shown(self.path)} holds a mix of its other channels, which was left out: {listed(named)}. "
            f"Import {shown(one)} to have it."
        )


def formats_of(paths: Iterable[Path], progress: Progress = SILENT) -> dict[Path, SourceInfo]:
    """Return the formats of files, by path; those that cannot be read are left out."""
    wanted, found = list(dict.fromkeys(paths)), {}
    for number, path in enumerate(wanted):
        progress.check_cancelled()
        progress.report(number / len(wanted), f"Looking at {shown(path.name)}")
        with suppress(SourceError):
            found[path] = probe(path, is_listened_to=False)
    return found


def poly_files(formats: Mapping[Path, SourceInfo]) -> tuple[Poly, ...]:
    """Return the files with more than one channel."""
    found = []
    for path, info in formats.items():
        if info.channels > 1:
            with suppress(SourceError):
                names = {key: name for key, name in read_channel_names(path).items() if key <= info.channels}
                found.append(Poly(path, info.channels, names))
    return tuple(found)


def offered(paths: Sequence[Path]) -> tuple[Poly, ...]:
    """Return the files that the user is asked about: those with more than two channels."""
    return tuple(one for one in poly_files(formats_of(paths)) if one.channels > _STEREO)


def split_paths(
    paths: Sequence[Path], split: Split, formats: Mapping[Path, SourceInfo]
) -> tuple[tuple[Path, ...], tuple[str, ...]]:
    """Return the addresses to import, and a sentence for each file whose mixes are left out.

    Parameters
    ----------
    formats : of the files, see `formats_of`
    """
    if split is Split.NONE:
        return tuple(paths), ()
    least = {Split.POLY: _STEREO + 1, Split.EVERY: _STEREO}.get(split)
    found = {
        one.path: one
        for one in poly_files(formats)
        if (one.is_named if least is None else one.channels >= least)
    }
    addresses = [address for path in paths for address in (found[path].paths if path in found else (path,))]
    return tuple(addresses), tuple(one.sentence for one in found.values() if one.sentence)


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Which files to import into which document.

    Attributes
    ----------
    paths : audio files
    rate_hz : the document's rate, or 0 to take the highest of the files
    into : the document as it is; a recording that it has already is not imported again
    place : how places are proposed
    media : where each source of the document is now, by source id
    split : which files become a track a channel
    """

    paths: tuple[Path, ...]
    rate_hz: int = 0
    into: DocumentState = EMPTY
    place: Mode = Mode.ZERO
    media: Mapping[str, Path] = field(default_factory=dict)
    split: Split = Split.NAMED


@dataclass(frozen=True, slots=True)
class Imported:
    """Imported files, ready to become one edit.

    Attributes
    ----------
    rate_hz : of the document they are for
    warnings : one sentence for each thing the user should know of, files that were left out first
    cues : the cue points of the files that have any, by source id, in the source's samples
    kit : the roles of the microphones of a drum kit, by source id; None where only names were looked at
    pickup : which of them pick up the same strokes; None where they were not compared
    places : proposed places of the files; None puts each at the start of a track of its own
    heads : their headers; empty if they were not read
    titles : of audio tracks in files that have several, by source id
    """

    sources: tuple[Source, ...]
    names: tuple[str, ...]
    media: Media
    rate_hz: int
    warnings: tuple[str, ...] = ()
    cues: Mapping[str, tuple[CuePoint, ...]] = field(default_factory=dict)
    kit: Mapping[str, str] | None = None
    pickup: StrokePickup | None = None
    places: Placements | None = None
    heads: tuple[FileHead, ...] = ()
    titles: Mapping[str, str] = field(default_factory=dict)


def import_audio(request: ImportRequest, progress: Progress) -> Imported:
    """Probe, hash, convert where needed, and build the peaks of recordings.

    An unreadable file, or one already in the document, is skipped and reported.

    Raises
    ------
    SourceError : none of the files can be imported, or there are more than a document takes
    """
    if not request.paths:
        raise SourceError("There is nothing to import; name at least one audio file.")
    looking = progress.part(0.0, _LOOKING)
    formats = formats_of(request.paths, looking.part(0.0, _HALF))
    addresses, mixes = split_paths(request.paths, request.split, formats)
    request = replace(request, paths=addresses)
    most, there = MOST_ROWS["track"], len(request.into.sources)
    if there + len(addresses) > most:
        raise SourceError(
            f"{counted(len(addresses), 'recording')} and {there:,} of the document are more than the "
            f"{most:,} tracks that a document takes: import at most {max(0, most - there):,}."
        )
    looked, refused = _looked_at(request, formats, looking.part(_HALF, 1.0))
    reading = progress.part(_LOOKING, 1.0)
    rate_hz = request.rate_hz or max((one.source.rate_hz for one in looked), default=0)
    sources: list[Source] = []
    peaks: dict[str, PeakPyramid] = {}
    warnings: list[str] = []
    named = {one.source.id: one for one in looked}
    groups = read_together([one.source for one in looked], rate_hz)
    for number, group in enumerate(groups):
        share = reading.step(number, len(groups))
        stored = store_channels(group, rate_hz, share)
        for source in group:
            path, warning = named[source.id].path, named[source.id].warning
            try:
                found = stored.get(source.id) or source_peaks(source, rate_hz, share)
            except SourceError as error:
                refused.append(str(error))
                continue
            peaks[source.id] = found
            sources.append(source)
            notices = (warning, peaks_warning(found, path), damage_notice(path, warning))
            warnings += filter(None, dict.fromkeys(notices))
    if not sources:
        raise SourceError(" ".join(refused))
    paths = {source.id: Path(source.path) for source in sources}
    conformed = {source.id: conformed_path(source, rate_hz) for source in sources}
    titles = {one.source.id: one.title for one in looked if one.title and one.source.id in peaks}
    names = tuple(titles.get(key, path.stem) for key, path in paths.items())
    cues = {key: cue for key, path in paths.items() if (cue := read_cue_points(address_of(path).file))}
    media, sentences = Media(paths, conformed, peaks), (*refused, *mixes, *warnings)
    return Imported(tuple(sources), names, media, rate_hz, sentences, cues, titles=titles)


def rates_of(paths: Iterable[Path]) -> Mapping[int, int]:
    """Return the number of files per sample rate, the highest first; unreadable files are skipped."""
    rates = Counter(info.rate_hz for info in formats_of(paths).values())
    return dict(sorted(rates.items(), reverse=True))


@dataclass(frozen=True, slots=True)
class _Looked:
    """A file that was looked at, by the path that the user named: its source, and a warning or ""."""

    path: Path
    source: Source
    warning: str
    tracks: Tracks | None

    @property
    def title(self) -> str:
        """Title of its channel, or of its audio track in a file that has several; empty without one."""
        path = Path(self.source.path)
        if channel := address_of(path).channel:
            return channel_title(address_of(path).file, channel)
        return self.tracks.title if self.tracks is not None and len(self.tracks.words) > 1 else ""


def _looked_at(
    request: ImportRequest, formats: Mapping[Path, SourceInfo], progress: Progress
) -> tuple[list[_Looked], list[str]]:
    """Return the files as sources, and the reasons why others are skipped."""
    looked: list[_Looked] = []
    refused: list[str] = []
    known = set(request.into.sources)
    for number, path in enumerate(request.paths):
        progress.check_cancelled()
        progress.report(number / len(request.paths), f"Looking at {shown(path.name)}")
        try:
            found = _look_at(path, formats.get(path))
        except SourceError as error:
            refused.append(str(error))
            continue
        if found.source.id in known:
            refused.append(f"{shown(path)} is in the document already; it was not imported again.")
            continue
        known.add(found.source.id)
        looked.append(found)
    return list(_with_one_notice(looked)), refused


def _with_one_notice(looked: Sequence[_Looked]) -> Iterator[_Looked]:
    """Yield files with one notice, for all tracks of a file, of the tracks that none of them is."""
    read: dict[Path, list[int]] = defaultdict(list)
    for one in looked:
        if one.tracks is not None:
            read[one.tracks.path].append(one.tracks.chosen)
    for one in looked:
        if one.tracks is None:
            yield one
            continue
        chosen = read.pop(one.tracks.path, None)
        others = "" if chosen is None else one.tracks.notice_beside(chosen)
        warning = one.warning.removesuffix(one.tracks.notice).rstrip()
        yield replace(one, warning=" ".join(filter(None, (warning, others))))


def _look_at(path: Path, known: SourceInfo | None) -> _Looked:
    """Return a file as a source. Silence is found while its peaks are built, with progress."""
    info = known or probe(path, is_listened_to=False)
    absolute = str(path.absolute())
    if shown(absolute) != absolute:
        raise SourceError(f"{shown(path)} has a name that is not valid text: rename the file or its folder.")
    return _Looked(path, source_of(absolute, content_hash(path), info), info.warning, info.tracks)


def import_edit(state: DocumentState, imported: Imported) -> Edit:
    """Return the edit that adds the imported tracks, with their cue points as markers."""
    kit = imported.kit
    if kit is None:
        roles, named = kit_of_names(imported.names), zip(imported.sources, imported.names, strict=True)
        kit = {source.id: roles[name].value for source, name in named if name in roles}
    added = new_tracks(imported)
    edit = add_tracks(state, added, imported.rate_hz, kit)
    spans = [
        NamedSpan(span.start_samples + start, span.stop_samples + start, span.name)
        for track in added
        for source, start in zip(track.sources, track.starts_samples, strict=True)
        for span in _spans(source, imported.cues.get(source.id, ()), state.rate_hz or imported.rate_hz)
        if span.start_samples + start >= 0
    ]
    markers = add_all(state, spans, "").changes
    added_markers = f" with {counted(len(markers), 'marker')}" if markers else ""
    clocks = [] if imported.places is None else clock_edits(state, imported.places, imported.sources)
    rows = row_changes((None, row) for pair in clocks for row in pair)
    start = stated_start(state, imported)
    starts = () if start is None else set_time_of_day(state, 0, start.at).changes
    return Edit(f"{edit.label}{added_markers}", (*edit.changes, *markers, *rows, *starts))


def stated_start(state: DocumentState, imported: Imported) -> StartTime | None:
    """Return the time of day that an import gives to the start; None if a document has tracks or one."""
    if state.tracks or starts_at(state) is not None:
        return None
    return start_time(imported.heads, imported.places)


def new_tracks(imported: Imported) -> tuple[NewTrack, ...]:
    """Return the tracks of imported files, each file at its place."""
    if imported.places is not None:
        return placed_tracks(imported.places, imported.sources, imported.titles)
    names = zip(imported.names, imported.sources, strict=True)
    return tuple(NewTrack(name, (source,)) for name, source in names)


def _spans(source: Source, cues: tuple[CuePoint, ...], rate_hz: int) -> list[NamedSpan]:
    """Return the cue points inside a source as spans of the timeline, with the source at 0."""
    spans = []
    for cue in cues:
        if cue.position_samples <= source.frames:
            edges = cue.position_samples, min(cue.position_samples + cue.length_samples, source.frames)
            first, last = (convert_samples(edge, source.rate_hz, rate_hz) for edge in edges)
            spans.append(NamedSpan(first, last, cue.label))
    return spans
