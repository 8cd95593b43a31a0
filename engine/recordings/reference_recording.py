"""Prepare the audio of a training example for playback next to a document."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.document.tracks.track import Source
from engine.sound.conform import conformed_path
from engine.sound.reader import content_hash, probe

_DEEPEST = 3
"""Depth of the search for recordings below the folder of a taste, which may be a home folder."""


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
    info = probe(found)
    source = Source(
        id="kept",
        path=str(found),
        content_hash=request.content_hash or content_hash(found),
        rate_hz=info.rate_hz,
        channels=info.channels,
        frames=info.frames,
        container=info.container,
        subtype=info.subtype,
    )
    return conformed_path(source, request.rate_hz, progress)


def find_reference(path: Path, expected_hash: str, folders: Sequence[Path], progress: Progress) -> Path:
    """Find a training recording at its old path, else by name and content in some folders and below.

    Raises
    ------
    SourceError : none of the folders has it, or the file with its name is another recording
    """
    changed = ""
    for candidate in _reference_candidates(path, folders if expected_hash else ()):
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
        f"{shown(path)}from the training data of the taste is missing: put {shown(path.name)} back, "
        "or next to the taste."
    )


def _reference_candidates(path: Path, folders: Sequence[Path]) -> Iterator[Path]:
    if path.is_file():
        yield path
    for folder in dict.fromkeys(folders):
        for where, inside, names in os.walk(folder):
            if path.name in names and Path(where) / path.name != path:
                yield Path(where) / path.name
            inside.sort()
            if len(Path(where).relative_to(folder).parts) >= _DEEPEST:
                inside.clear()
