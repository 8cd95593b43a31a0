"""Detect that a recording was changed during a read: the samples are then a mix of two recordings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.sound.decoders.tracks import file_and_track
from engine.sound.opening import explained
from engine.sound.reader import content_hash

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Stamp:
    """State of a recording before it is read.

    Attributes
    ----------
    content_hash : hash in the document; empty if unknown
    status : file number, size in bytes and time of the last change
    """

    path: Path
    content_hash: str
    status: tuple[int, int, int]


def stamped(path: Path, known_hash: str) -> Stamp:
    """Look at a recording before it is read.

    Raises
    ------
    SourceError : it cannot be read, or is not the recording that the document knows
    """
    stamp = Stamp(path, known_hash, _status(path))
    if known_hash and content_hash(path) != known_hash:
        raise SourceError(
            f"{shown(path)} has changed since it was imported: import it again, or restore the old file."
        )
    return stamp


def read_unchanged(blocks: Iterable[Read], stamps: Sequence[Stamp]) -> Iterator[Read]:
    """Pass blocks on, and at their end look at the recordings they were read from again.

    The hash is compared too, since some disks know the time of a change to two seconds only.

    Raises
    ------
    SourceError : one of them is gone, or was written to meanwhile
    """
    yield from blocks
    for stamp in stamps:
        is_same = _status(stamp.path) == stamp.status
        if not is_same or (stamp.content_hash and content_hash(stamp.path) != stamp.content_hash):
            raise SourceError(
                f"{shown(stamp.path)} was changed while it was read: have the program that writes it finish, "
                "bring the recording back, then try again."
            )


def _status(path: Path) -> tuple[int, int, int]:
    with explained(path):
        found = file_and_track(path)[0].stat()
    return found.st_ino, found.st_size, found.st_mtime_ns
