"""Find out before a large file is begun whether its disk has room for it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from math import ceil
from pathlib import Path

from engine.core.errors import ExportError
from engine.core.files.safe_write import shown


def check_room(folder: Path, size_bytes: int) -> None:
    """Look at the free space of a folder's disk.

    Raises
    ------
    ExportError : there is less than is needed
    """
    with suppress(OSError):  # a system that cannot tell will say when the disk is full
        free_bytes = shutil.disk_usage(folder).free
        if size_bytes > free_bytes:
            raise ExportError(
                f"{shown(folder)} has room for {size_words(free_bytes)} and {size_words(size_bytes)} are "
                "needed: free some space or choose another folder."
            )


def size_words(size_bytes: int) -> str:
    """Write a size the way file managers do: "812 kB", "1.9 GB"."""
    for unit, name in ((10**9, "GB"), (10**6, "MB")):
        if size_bytes >= unit:
            return f"{size_bytes / unit:.{1 if size_bytes < 100 * unit else 0}f} {name}"
    return f"{max(1, ceil(size_bytes / 1000))} kB"
