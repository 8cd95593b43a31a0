"""Temporary files of writers: each has an owner, and those of dead writers are removed.

A writer holds its file open and, if the system supports it, locked. The lock ends with the process in every
case, so a file that another process can lock has lost its writer. Windows refuses to remove an open file,
which has the same effect.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import sys
import time
from pathlib import Path

from engine.core.files.regular_file import open_handle

_NAME = re.compile(r"\..{1,40}\.[0-9a-f]{8}\.part", re.DOTALL)
_IS_WINDOWS = sys.platform == "win32"
_LONGEST_STEM = 40
_SUFFIX = ".part"
_CROWDED = 500
"""Entries of a folder from which on looking at all of them for each file that is written would be slow."""
_LEAST_REST = 100.0
"""Pause between scans of a crowded folder, as a multiple of the time of the last one."""
_next_look_s: dict[str, float] = {}
# O_EXCL alone follows no link where POSIX holds; some network file systems are lax about it.
_NEW = os.O_CREAT | os.O_EXCL | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0)

if not _IS_WINDOWS:
    import fcntl


class PartFile:
    """An empty file next to a target, held by this process until `let_go`.

    Raises
    ------
    OSError : it cannot be made
    """

    def __init__(self, target: Path) -> None:
        while True:
            # Made by hand, since tempfile's files are readable by their owner only. The name is shortened
            # because a file system limits a name to 255 bytes and the target may use them all.
            name = f".{target.name[:_LONGEST_STEM]}.{secrets.token_hex(4)}.part"
            self.path = target.with_name(name)
            self._handle = os.open(self.path, _NEW, 0o666)
            # A sweep may come between making and locking; then there is another name to try.
            if _locked(self._handle) is not False and _is_there(self._handle):
                return
            self.let_go()

    def let_go(self) -> None:
        """Hold it no longer; a second time does nothing."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)


def sweep(folder: Path) -> int:
    """Remove files of dead writers from a folder; return their number.

    Files of living writers stay, and so do files whose writer is unknown.
    """
    return _looked_through(folder)[0]


def sweep_before_writing(folder: Path) -> None:
    """Remove the same before a file is written, of a crowded folder only in a hundredth of the time."""
    key, now_s = str(folder), time.monotonic()
    if now_s < _next_look_s.get(key, now_s):
        return
    _, entries = _looked_through(folder)
    if entries >= _CROWDED:
        after_s = time.monotonic()
        _next_look_s[key] = after_s + _LEAST_REST * (after_s - now_s)


def _looked_through(folder: Path) -> tuple[int, int]:
    """Remove files of dead writers; return their number, and that of the entries scanned."""
    removed = looked_at = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            looked_at += 1
            name = entry.name
            if name.endswith(_SUFFIX) and _NAME.fullmatch(name) and entry.is_file(follow_symlinks=False):
                removed += _removed_if_abandoned(Path(entry.path))
    return removed, looked_at


def _removed_if_abandoned(path: Path) -> bool:
    try:
        if _IS_WINDOWS:
            path.unlink()
            return True
        handle = open_handle(path, os.O_RDONLY, follow_symlinks=False)
        try:
            abandoned = _locked(handle) is True
            if abandoned:
                path.unlink()
        finally:
            os.close(handle)
    except OSError:
        return False
    return abandoned


def _locked(handle: int) -> bool | None:
    """Lock an open file for this process; False if another holds it, None without support for locks."""
    if _IS_WINDOWS:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        return False if error.errno in (errno.EWOULDBLOCK, errno.EACCES) else None
    return True


def _is_there(handle: int) -> bool:
    return _IS_WINDOWS or os.fstat(handle).st_nlink > 0
