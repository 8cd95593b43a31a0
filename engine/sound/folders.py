"""The audio files in a folder, found by their names, one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from engine.sound.decoders.registry import audio_suffixes


def audio_files(path: Path, unreadable: Callable[[OSError], object]) -> Iterator[Path]:
    """Yield the audio files in a folder and the folders below it, in the order of their names.

    A path that is not a folder is yielded as it is, with any suffix. Hidden files and folders, such as those
    of other systems, are skipped, and linked folders are not followed.

    Parameters
    ----------
    unreadable : called for each folder that cannot be listed
    """
    if not os.path.isdir(path):  # noqa: PTH112 - what may not be looked at is refused when it is read
        yield path
        return
    suffixes = audio_suffixes()
    for folder, below, names in os.walk(path, onerror=unreadable):
        below[:] = sorted(name for name in below if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in suffixes:
                yield Path(folder, name)
