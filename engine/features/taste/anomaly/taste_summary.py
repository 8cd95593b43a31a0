"""Summary of a taste for lists, read from the head of its file alone: hundreds of them in a moment."""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import TasteError
from engine.core.progress import Progress
from engine.features.taste.anomaly.taste_header import VERSION, head_of

SUFFIX = ".taste"
NOT_THERE = "The file is missing: moved, renamed or on another disk."
UNREADABLE = "The file cannot be read."
DAMAGED = "The file is damaged or not a taste."
TOO_NEW = "Made by a newer Offcut: update Offcut to use it."


@dataclass(frozen=True, slots=True)
class TasteSummary:
    """Facts of a taste, or the reason why it cannot be read.

    Attributes
    ----------
    recordings, duration_s : its training data; 0 if it stores none
    written_s : when its file was written last, in seconds since 1970
    stamp : size in bytes and time in ns of the file that was read; another one needs to be read again
    trouble : the reason why it cannot be used, "" if it can, judged by the head of its file
    """

    recordings: int = 0
    duration_s: float = 0.0
    written_s: float = 0.0
    stamp: tuple[int, int] = (0, 0)
    trouble: str = ""


def tastes_in(folder: Path) -> tuple[Path, ...]:
    """Return the taste files of a folder by their names.

    Raises
    ------
    OSError : the folder cannot be read
    """
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if entry.name.endswith(SUFFIX) and entry.is_file()]
    return tuple(folder / name for name in sorted(names, key=lambda name: (name.casefold(), name)))


def summaries(
    paths: Iterable[Path], known: Mapping[Path, TasteSummary], progress: Progress
) -> dict[Path, TasteSummary]:
    """Return the summary of each taste; unchanged files are not read again."""
    found = {}
    for path in paths:
        progress.check_cancelled()
        found[path] = summary_of(path, known.get(path))
    return found


def summary_of(path: Path, known: TasteSummary | None = None) -> TasteSummary:
    """Return the summary of a taste file; an invalid file is reported, never raised."""
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return TasteSummary(trouble=NOT_THERE)
    except (OSError, ValueError):
        return TasteSummary(trouble=UNREADABLE)
    stamp = (status.st_size, status.st_mtime_ns)
    if known is not None and known.stamp == stamp and not known.trouble:
        return known
    try:
        head = head_of(path)
        if head.stop_bytes > status.st_size:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        version, kept = head.facts["version"], head.facts.get("kept", [])
        if type(version) is not int or version < 1:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        if version > VERSION:
            return TasteSummary(stamp=stamp, trouble=TOO_NEW)
        duration_s = math.fsum(float(recording["duration_s"]) for recording in kept)
        if not math.isfinite(duration_s) or duration_s < 0.0:
            return TasteSummary(stamp=stamp, trouble=DAMAGED)
        return TasteSummary(len(kept), duration_s, status.st_mtime, stamp)
    except OSError:
        return TasteSummary(stamp=stamp, trouble=UNREADABLE)
    except (TasteError, struct.error, ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        return TasteSummary(stamp=stamp, trouble=DAMAGED)
