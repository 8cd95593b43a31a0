"""Resources of this program: its own memory, threads, open files, child processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_OURS = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Held:
    """Resources in use at a moment.

    Attributes
    ----------
    memory_mb : its own, without mapped files
    handles : open files, pipes and sockets
    processes : that it started and that still run, and those that they started
    temporary_files : in its own folder for them
    """

    memory_mb: float
    threads: int
    handles: int
    processes: int
    temporary_files: int


def held_now(temporary: Path) -> Held:
    """Return the resources of this program; read from Linux's ``/proc``.

    Raises
    ------
    OSError : there is no ``/proc``
    """
    status = (_OURS / "status").read_text()
    return Held(
        int(status.split("RssAnon:")[1].split()[0]) / 1024,
        len(list((_OURS / "task").iterdir())),
        len(list((_OURS / "fd").iterdir())),
        _started_by(os.getpid()),
        sum(len(files) for _, _, files in os.walk(temporary)),
    )


def _started_by(process: int) -> int:
    """Count the programs that descend from one."""
    parents = {}
    for place in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may hold spaces and brackets itself.
            parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found: set[int] = set()
    new = {process}
    while new:
        new = {one for one, parent in parents.items() if parent in new} - found
        found |= new
    return len(found)
