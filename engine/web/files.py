"""Files of requests: those inside the served folder, and uploads.

A name from a request leads to a regular file of the folder or to nothing. An upload is written to disk while
it arrives, under a random name, up to a limit.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from engine.core.errors import SourceError, UsageError
from engine.core.files.safe_write import check_room, shown, size_words
from engine.core.wording import one_line, quoted
from engine.features.taste.anomaly.taste_header import SUFFIX
from engine.sound.decoders.registry import audio_files
from engine.sound.reader import SourceReader

MOST_BYTES = 500_000_000
_LONGEST_SHOWN = 120


class TooLargeError(UsageError):
    """More was sent than is taken."""


def shown_name(name: str) -> str:
    """Return the name that a browser gave a file as a page can show it; no file is ever called so."""
    text = name.encode("utf-8", "replace").decode("utf-8")
    last = one_line(text.replace("\\", "/").rpartition("/")[2])
    return last[:_LONGEST_SHOWN] or "recording"


async def stored(
    pieces: AsyncIterator[bytes], folder: Path, name: str, promised: int | None, most: int = MOST_BYTES
) -> Path:
    """Write an upload into a folder and return its path; a refused one is removed.

    Parameters
    ----------
    name : as it is shown
    promised : announced size in bytes
    most : how many are taken

    Raises
    ------
    TooLargeError : more comes; the rest is not waited for
    ExportError : the disk has no room
    SourceError : it is not readable audio
    """
    if promised is not None:
        _refuse_above(promised, most, name)
        check_room(folder, promised)
    path = folder / f"upload-{secrets.token_hex(8)}"
    try:
        with path.open("xb") as stream:
            size = 0
            async for piece in pieces:
                size += len(piece)
                _refuse_above(size, most, name)
                stream.write(piece)
        _refuse_noise(path, name)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _refuse_above(size: int, most: int, name: str) -> None:
    if size > most:
        raise TooLargeError(
            f"{name} is larger than {size_words(most)}: put it into the served folder, or send a part."
        )


def _refuse_noise(path: Path, name: str) -> None:
    try:
        SourceReader(path).close()
    except SourceError as error:
        raise SourceError(str(error).replace(shown(path), name)) from error


MOST_LISTED = 2_000
LONGEST_NAME = 1_000
_REPLACED = "\ufffd"
"""Replacement of undecodable bytes: listed names never contain it."""


def inside(root: Path, name: str) -> Path:
    """Return the regular file of a name, links followed, inside a folder or below.

    Parameters
    ----------
    name : relative to the folder, its parts divided by "/"

    Raises
    ------
    UsageError : the name leads out of the folder, is invalid, or the file is missing
    """
    parts = name.split("/")
    if len(name) > LONGEST_NAME or not _is_text(name):
        raise UsageError(f"{quoted(name)} is not a file name.")
    if any(part in ("", ".", "..") or "\\" in part or ":" in part[1:2] for part in parts):
        raise UsageError(f"{quoted(name)} is not a file of the folder.")
    try:
        path = Path(os.path.realpath(root.joinpath(*parts), strict=True))
        is_there = path.is_relative_to(os.path.realpath(root)) and path.is_file()
    except (OSError, ValueError):
        is_there = False
    if not is_there:
        # Nothing about files outside is disclosed, not even whether they exist.
        raise UsageError(f"There is no {quoted(name)} in the folder.")
    return path


def recordings_in(root: Path) -> tuple[str, ...]:
    """Return the names of the audio files in a folder and those below it, as `inside` takes them."""
    return _names(root, audio_files(root, lambda _error: None))


def tastes_inside(root: Path) -> tuple[str, ...]:
    """Return the names of the tastes in a folder and those below it, as `inside` takes them."""
    return _names(root, _tastes(root))


def _tastes(root: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(SUFFIX) and not name.startswith("."):
                yield Path(folder, name)


def _names(root: Path, paths: Iterator[Path]) -> tuple[str, ...]:
    found: list[str] = []
    for path in paths:
        name = path.relative_to(root).as_posix()
        try:
            inside(root, name)
        except UsageError:
            continue
        found.append(name)
        if len(found) == MOST_LISTED:
            break
    return tuple(found)


def _is_text(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return bool(name) and "\0" not in name and _REPLACED not in name
