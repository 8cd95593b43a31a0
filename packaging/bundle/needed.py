"""Leave out the libraries that only what was left out needed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path, PurePosixPath

Entry = tuple[str, str, str]
OPENED_BY_NAME = ("libportaudio", "libpython")
"""Libraries no other is linked to."""


def needed(entries: list[Entry], linked: Callable[[str], set[str]] | None = None) -> list[Entry]:
    """Return what PyInstaller collects without libraries at the top that nothing here is linked to.

    Parameters
    ----------
    entries : (place in the bundle, file or where a link leads, kind)
    linked : what a file is linked to, by name; PyInstaller is asked where it is not given
    """
    if not sys.platform.startswith("linux"):
        return entries
    linked = linked or _linked
    by_name = {Path(place).name: (place, source) for place, source, kind in entries if kind == "BINARY"}
    waiting = [
        source for place, source, kind in entries if kind != "SYMLINK" and not _is_only_linked(place, kind)
    ]
    kept: set[str] = set()
    while waiting:
        for name in linked(waiting.pop()):
            place, source = by_name.get(name, ("", ""))
            if place and place not in kept:
                kept.add(place)
                waiting.append(source)
    stay = [
        entry
        for entry in entries
        if entry[2] == "SYMLINK" or not _is_only_linked(entry[0], entry[2]) or entry[0] in kept
    ]
    places = {place for place, _, kind in stay if kind != "SYMLINK"}
    return [entry for entry in stay if entry[2] != "SYMLINK" or _leads_to(entry) in places]


def _is_only_linked(place: str, kind: str) -> bool:
    """Tell whether a file is there only since another one is linked to it."""
    return kind == "BINARY" and "/" not in place and not place.startswith(OPENED_BY_NAME)


def _leads_to(entry: Entry) -> str:
    place, target, _ = entry
    return str(PurePosixPath(place).parent / target)


def _linked(file: str) -> set[str]:
    from PyInstaller.depend.bindepend import get_imports

    return {Path(name).name for name, _ in get_imports(file)}
