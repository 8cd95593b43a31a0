"""Write files atomically, without accidental loss of existing files.

A writer holds its temporary file open and, if the system supports it, locked. The lock ends with the process
in every case, so a file that another process can lock has lost its writer, and is removed. Windows refuses to
remove an open file, which has the same effect.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from math import ceil
from pathlib import Path

from engine.core.errors import ExportError, FileExistsAlreadyError
from engine.core.files.regular_file import open_handle
from engine.core.wording import reason_of

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST = 300
"""Characters of a path in a sentence."""
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
            is_taken_away = _locked(self._handle) is False
            if not is_taken_away and (_IS_WINDOWS or os.fstat(self._handle).st_nlink > 0):
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
    with suppress(OSError), os.scandir(folder) as entries:
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


def shown(path: Path | str) -> str:
    """Return a path for messages: bytes that are not text become replacement characters."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def replacing(
    path: Path,
    *,
    overwrite: bool = False,
    reads: Iterable[Path] = (),
    is_own_name: bool = False,
    has_checksum: bool = False,
) -> Iterator[Path]:
    """Yield a temporary path next to `path`, and move the written file into place at the end.

    The body writes the temporary file and closes it. When the body succeeds, the file is flushed to the disk
    and takes the name `path` in one step; when anything fails, or the job is cancelled, the temporary file is
    removed and `path` is unchanged. Files of killed writers in the folder are removed, too. A link is
    replaced by the file; its target is never written.

    Parameters
    ----------
    overwrite : replace an existing file or link; the caller has asked the user
    reads : the files that the same work reads, see `require_unread`
    is_own_name : the name is Offcut's, in a folder of its own: everything except a folder is replaced
    has_checksum : readers verify the file and can make it again, so that the flush to disk is skipped

    Yields
    ------
    part : an empty file in the same folder, named ``.NAME.0123abcd.part``

    Raises
    ------
    ExportError : the file exists and `overwrite` is False (also when it appeared meanwhile), it is one of
        `reads`, a folder, a pipe or a device, its folder is missing or cannot be written, or the disk is full
    """
    held = _held_part(path, overwrite, reads, is_own_name)
    part = held.path
    try:
        yield part
        if not has_checksum:
            settle(part)
        if os.name == "nt":  # which renames nothing that is open
            held.let_go()
        _take_the_name(part, path, overwrite)
    except FileExistsError as error:
        raise FileExistsAlreadyError(brief(path)) from error
    except OSError as error:
        raise _sentence(path, error) from error
    finally:
        held.let_go()
        part.unlink(missing_ok=True)
    if not has_checksum:
        _flush_folder(path.parent)


def check_target(path: Path, *, overwrite: bool = False, reads: Iterable[Path] = ()) -> None:
    """Find out whether `replacing` could write a file, and leave nothing behind.

    Raises
    ------
    ExportError : as `replacing` does before its body runs
    """
    held = _held_part(path, overwrite, reads)
    held.let_go()
    held.path.unlink(missing_ok=True)


def require_unread(path: Path, reads: Iterable[Path]) -> None:
    """Refuse to write a file that the same work reads, under any name.

    Files are compared by identity, so that symbolic and hard links, other spellings of a path
    and, where the disk does not distinguish them, upper and lower case make no difference.

    Raises
    ------
    ExportError : `path` is one of `reads`
    """
    target = _status(path)
    if target is None:
        return
    for one in reads:
        read = _status(one)
        if read is not None and os.path.samestat(target, read):
            same = "" if one == path else f"is the same file as {brief(one)}, which "
            raise ExportError(
                f"{brief(path)} {same}is read here and never written over: choose another name."
            )


def target_key(path: Path) -> tuple[object, str]:
    """Return the same key for two paths that would be written as one file.

    On a disk that does not distinguish them, names in upper and lower case are the same.
    """
    folder = _status(path.parent)
    if folder is None:
        return os.path.realpath(path.parent), path.name
    whole, name = path.parent.absolute(), path.name
    if whole.name != whole.name.swapcase():
        swapped = _status(whole.with_name(whole.name.swapcase()))
        if swapped is not None and os.path.samestat(swapped, folder):
            name = name.casefold()
    return (folder.st_dev, folder.st_ino), name


def is_taken(path: Path) -> bool:
    """Return whether a file, a folder or a link has this name; False if that is unknown."""
    try:
        return os.path.lexists(path)
    except (OSError, ValueError):
        return False


def _status(path: Path) -> os.stat_result | None:
    """Return the status of a file, links followed; None if it is missing."""
    try:
        return path.stat()
    except (OSError, ValueError):
        return None


def _held_part(target: Path, overwrite: bool, reads: Iterable[Path], is_own_name: bool = False) -> PartFile:
    require_unread(target, reads)
    try:
        found = _status(target)
        is_link = target.is_symlink()
        if found is not None and stat.S_ISDIR(found.st_mode) and not (is_own_name and is_link):
            raise ExportError(f"{shown(target)} is a folder: choose a file name inside it.")
        if is_taken(target) and not overwrite:
            raise FileExistsAlreadyError(brief(target))
        if found is not None and not stat.S_ISREG(found.st_mode) and not is_own_name:
            raise ExportError(f"{shown(target)} is a pipe or a device, not a file: choose another name.")
        sweep_before_writing(target.parent)
        return PartFile(target)
    except OSError as error:
        raise _sentence(target, error) from error
    except ValueError as error:
        raise ExportError(
            f"{brief(target)} has a character that no file name can have: choose another name."
        ) from error


def settle(part: Path) -> None:
    """Flush the file to the disk.

    Closing a large file waits for all data not yet on the disk, and cannot be cancelled;
    writers of such files call this from time to time.
    """
    with part.open("r+b") as stream:
        os.fsync(stream.fileno())


def _take_the_name(part: Path, target: Path, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        target.hardlink_to(part)  # unlike a rename, it fails when the name was taken meanwhile
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (exFAT, some network shares): claim the name first, then replace the empty claim.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            part.replace(target)
        except OSError:
            target.unlink(missing_ok=True)
            raise


def _flush_folder(folder: Path) -> None:
    # The new name is on the disk only when the folder is; Windows does it by itself and cannot open folders.
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems refuse it for folders; the file itself is safe
    finally:
        os.close(handle)


def brief(path: Path | str) -> str:
    """Return a path as `shown`, but of an endless one only its beginning and its end."""
    text = shown(path)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST // 2]}…{text[-_LONGEST // 2 :]}"


def _sentence(path: Path, error: OSError) -> ExportError:
    name, folder = brief(path), brief(Path(path).parent)
    other = error.filename
    if isinstance(other, str) and Path(other).parent != path.parent:
        return ExportError(f"{name} was not written: {shown(other)}: {reason_of(error)}.")
    if error.errno in _FULL:
        return ExportError(
            f"{name} was not written because the disk is full: free some space or choose another disk."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ExportError(f"{name} cannot be written because there is no folder {folder}: choose another.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExportError(f"{name} cannot be written: {folder} is read-only for you. Choose another folder.")
    if error.errno == errno.ENAMETOOLONG:
        return ExportError(f"{name} has too long a name for its disk: choose a shorter one.")
    return ExportError(f"{name} was not written: {reason_of(error)}.")


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
