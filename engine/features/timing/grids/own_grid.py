"""A grid from the user, with notices about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.regular_file import read_beginning
from engine.core.files.safe_write import shown
from engine.core.wording import reason_of
from engine.document.analysis import BeatGrid

_MOST_BYTES = 16 * 2**20


@dataclass(frozen=True, slots=True, eq=False)
class OwnGrid:
    """A grid, and a sentence where something about it is not as one would expect; else an empty one."""

    grid: BeatGrid
    notice: str = ""


def bytes_of_file(path: Path) -> bytes:
    """Return the content of a small file.

    Raises
    ------
    SourceError : it cannot be read, or is larger than any such file
    """
    try:
        held = read_beginning(path, _MOST_BYTES + 1)
    except OSError as error:
        raise SourceError(f"{shown(path)} cannot be read: {reason_of(error)}.") from error
    if len(held) > _MOST_BYTES:
        raise SourceError(f"{shown(path)} has more than 16 MB, too much for a grid: give another file.")
    return held
