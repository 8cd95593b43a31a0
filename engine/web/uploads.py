"""Uploads: written to disk as they arrive, under a name of ours, up to a limit."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator
from pathlib import Path

from engine.core.errors import SourceError, UsageError
from engine.core.files.disk_room import check_room, size_words
from engine.core.files.safe_write import shown
from engine.core.wording import one_line
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
