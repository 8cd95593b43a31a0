"""Find the sources of a document again on disk, and prepare them for display and playback.

Training recordings of a taste are found in the same way, and prepared for playback next to a document.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import SILENT, Progress
from engine.core.wording import counted, listed
from engine.document.edits.proposals import move_sources
from engine.document.state import DocumentState, Edit
from engine.document.tracks import SILENT_DB, Source, Track
from engine.sound.conform import conformed_path
from engine.sound.opening import address_of
from engine.sound.pictures.peak_cache import read_together, source_peaks, store_channels
from engine.sound.pictures.peaks import PeakPyramid
from engine.sound.reader import SourceInfo, content_hash, probe

_REPORT_EVERY_S = 0.3  # each time costs a picture of all lanes
_DEEPEST = 3
"""Depth of the search for recordings below the folder of a taste, which may be a home folder."""


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A document and its folder, to find its sources."""

    state: DocumentState
    document_folder: Path


@dataclass(frozen=True, slots=True)
class Media:
    """Sources of a document that can be displayed and played.

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


@dataclass(frozen=True, slots=True)
class Relinked:
    """Missing recordings that were found in a folder.

    Attributes
    ----------
    edit : has the document read them there
    refused : one sentence for each file that has the name of a missing recording and holds another
    """

    edit: Edit
    refused: tuple[str, ...] = ()


def source_of(path: str, digest: str, info: SourceInfo) -> Source:
    """Return a file as a source, with the start of its content hash as its id."""
    stated = info.rate_hz, info.channels, info.frames, info.container, info.subtype
    return Source(digest[:12], path, digest, *stated)


def locate(source: Source, document_folder: Path) -> Path:
    """Find the file of a source: at its original path, else next to the document.

    Raises
    ------
    SourceError : it is in neither place, cannot be read, or is no longer the recording that was imported
    """
    imported_from = Path(source.path)
    problem = None
    for place in (imported_from, document_folder / imported_from.name):
        if not os.path.exists(address_of(place).file):  # noqa: PTH110 - a folder that may not be looked into holds nothing for us
            continue
        try:
            if content_hash(place) == source.content_hash:
                return place
            problem = problem or SourceError(
                f"{shown(place)} is not the recording that was imported, it has changed since: "
                "bring the old file back, or look for it in another folder."
            )
        except SourceError as error:
            problem = problem or error
    file = address_of(imported_from).file  # whose channel or track the source may be
    raise problem or SourceError(
        f"{shown(file)} is missing; put {shown(file.name)} back, or next to the document."
    )


def locate_all(state: DocumentState, document_folder: Path) -> Mapping[str, Path]:
    """Return the original file of every source, by source id.

    Raises
    ------
    SourceError : one is missing
    """
    return {source.id: locate(source, document_folder) for source in state.sources.values()}


def find_media(
    request: MediaRequest, progress: Progress, found_some: Callable[[Media], object] | None = None
) -> Media:
    """Find the sources of a document being opened, and rebuild missing caches.

    Sources follow the order of the tracks, so that the topmost tracks are drawn first. A missing source is
    reported, not raised: the rest of the document stays usable.

    Parameters
    ----------
    found_some : receives the newly found sources a few times a second, while others remain
    """
    state = request.state
    all_found, new = _Found(), _Found()
    reported_s = time.monotonic()
    of_tracks = dict.fromkeys(key for track in state.tracks for key in track.source_ids)
    sources = [state.sources[key] for key in {**of_tracks, **dict.fromkeys(state.sources)}]
    groups = read_together(sources, state.rate_hz)
    for number, group in enumerate(groups):
        share = progress.step(number, len(groups))
        here: list[Source] = []
        for source in group:
            with all_found.noting_missing(state, source):
                here.append(replace(source, path=str(locate(source, request.document_folder))))
        stored = store_channels(here, state.rate_hz, share)
        for source in here:
            with all_found.noting_missing(state, source):
                peaks = stored.get(source.id) or source_peaks(source, state.rate_hz, share)
                conformed = conformed_path(source, state.rate_hz)
                for found in (all_found, new):
                    found.take(source.id, Path(source.path), conformed, peaks)
        if found_some is not None and time.monotonic() - reported_s >= _REPORT_EVERY_S:
            found_some(new.media())
            new, reported_s = _Found(), time.monotonic()
    return all_found.media()


class _Found:
    """Accumulates the sources found so far."""

    def __init__(self) -> None:
        self._paths: dict[str, Path] = {}
        self._conformed: dict[str, Path] = {}
        self._peaks: dict[str, PeakPyramid] = {}
        self._missing: list[str] = []

    @contextmanager
    def noting_missing(self, state: DocumentState, source: Source) -> Iterator[None]:
        """Note a source as missing where its file cannot be read."""
        try:
            yield
        except SourceError as error:
            self._missing.append(f"{error}{_silent_clips(state, source.id)}")

    def take(self, source_id: str, path: Path, conformed: Path, peaks: PeakPyramid) -> None:
        """Add a source."""
        self._paths[source_id], self._conformed[source_id], self._peaks[source_id] = path, conformed, peaks

    def media(self) -> Media:
        """Return all of it."""
        return Media(dict(self._paths), dict(self._conformed), dict(self._peaks), tuple(self._missing))


def without_missing(state: DocumentState, media: Mapping[str, Path]) -> DocumentState:
    """Return the document with the clips of missing sources silent, so that the others can be played.

    Tracks without any found source are muted. If no source was found, the document is returned unchanged.
    """
    if not media:
        return state

    def audible(track: Track) -> Track:
        found = media.keys() & set(track.source_ids)
        if len(found) == len(track.source_ids):
            return track
        if not found:
            return replace(track, mute=True, solo=False)
        clips = (one if one.source_id in found else replace(one, gain_db=SILENT_DB) for one in track.clips)
        return replace(track, clips=tuple(clips))

    tracks = tuple(map(audible, state.tracks))
    return state if tracks == state.tracks else replace(state, tracks=tracks)


def _silent_clips(state: DocumentState, source_id: str) -> str:
    """Return a sentence about the clips that a missing source leaves silent; "" for a track of its own."""
    tracks = [track for track in state.tracks if source_id in track.source_ids]
    count = sum(clip.source_id == source_id for track in tracks for clip in track.clips)
    if all(len(track.clips) == 1 for track in tracks):
        return ""
    clips, are = (counted(count, "clip"), "are") if count > 1 else ("clip", "is")
    return f" Its {clips} on {listed([track.name for track in tracks])} {are} silent until then."


def relink(
    state: DocumentState, document_folder: Path, folder: Path, progress: Progress = SILENT
) -> Relinked:
    """Find the missing sources of a document in a folder and its subfolders by file content.

    Files with the name of a missing recording are looked at first, then others of its kind.

    Raises
    ------
    SourceError : none is missing, or none of the missing is there
    Cancelled : the user ended the search
    """
    missing = {source.content_hash: source for source in _missing(state, document_folder)}
    if not missing:
        raise SourceError("No recording of this document is missing.")
    found: dict[str, str] = {}
    others: dict[str, str] = {}
    candidates = _candidates(folder, missing.values())
    for number, candidate in enumerate(candidates):
        progress.check_cancelled()
        progress.report(number / len(candidates), f"Looking at {shown(candidate.name)}")
        try:
            source = missing.get(content_hash(candidate))
        except SourceError:
            continue  # it cannot be read, so it is not the one
        if source is None:
            others.setdefault(candidate.name, shown(candidate))
        else:
            found.setdefault(source.id, str(candidate.absolute()))
        if len(found) == len(missing):
            break
    refused = tuple(
        f"{others[name]} has the name of a missing recording but holds another, so it was left alone."
        for source in missing.values()
        if source.id not in found and (name := Path(source.path).name) in others
    )
    if not found:
        what = counted(len(missing), "missing recording")
        raise SourceError(
            refused[0] if refused else f"{shown(folder)} does not contain {what}: choose another folder."
        )
    return Relinked(move_sources(state, found), refused)


def _missing(state: DocumentState, document_folder: Path) -> Iterator[Source]:
    for source in state.sources.values():
        try:
            locate(source, document_folder)
        except SourceError:
            yield source


def _candidates(folder: Path, missing: Collection[Source]) -> list[Path]:
    """Return the files that may be one of the missing, those of the same name first, in a fixed order."""
    names = {Path(source.path).name for source in missing}
    suffixes = {Path(source.path).suffix.lower() for source in missing}
    tracks = {name.rpartition("#")[2] for name in names if "#" in name}
    files = [Path(where) / name for where, _, held in os.walk(folder) for name in held]
    files += [file.with_name(f"{file.name}#{track}") for file in files for track in tracks]
    of_kind = (file for file in files if file.name in names or file.suffix.lower() in suffixes)
    return sorted(of_kind, key=lambda file: (file.name not in names, file))


@dataclass(frozen=True, slots=True)
class ReferenceRequest:
    """Which recording is wanted at which rate.

    Attributes
    ----------
    path : where it was when it was listened with the taste
    content_hash : of the file; empty where that is not known, and then only `path` is tried
    folders : where to look for it if it is not there, such as that of the taste
    """

    path: Path
    content_hash: str
    folders: tuple[Path, ...]
    rate_hz: int


def prepare_reference(request: ReferenceRequest, progress: Progress) -> Path:
    """Find a training recording; return a file with its samples at the rate of the document.

    Raises
    ------
    SourceError : it is gone or has changed, or cannot be read
    """
    found = find_reference(request.path, request.content_hash, request.folders, progress)
    source = source_of(str(found), request.content_hash or content_hash(found), probe(found))
    return conformed_path(source, request.rate_hz, progress)


def find_reference(path: Path, expected_hash: str, folders: Sequence[Path], progress: Progress) -> Path:
    """Find a training recording at its old path, else by name and content in some folders and below.

    Raises
    ------
    SourceError : none of the folders has it, or the file with its name is another recording
    """
    changed = ""

    def candidates() -> Iterator[Path]:
        if path.is_file():
            yield path
        for folder in dict.fromkeys(folders if expected_hash else ()):
            for where, inside, names in os.walk(folder):
                if path.name in names and Path(where) / path.name != path:
                    yield Path(where) / path.name
                inside.sort()
                if len(Path(where).relative_to(folder).parts) >= _DEEPEST:
                    inside.clear()

    for candidate in candidates():
        progress.check_cancelled()
        try:
            if not expected_hash or content_hash(candidate) == expected_hash:
                return candidate
            changed = changed or shown(candidate)
        except SourceError:
            continue
    if changed:
        raise SourceError(
            f"{changed} has changed since the taste learned from it: bring the old file back, "
            "or learn the taste again."
        )
    raise SourceError(
        f"{shown(path)} from the training data of the taste is missing: put {shown(path.name)} back, "
        "or next to the taste."
    )
