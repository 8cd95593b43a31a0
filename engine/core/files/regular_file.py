"""Open ordinary files only, and lock documents: a pipe may block forever, a device never end.

The write lock of a document is held by the first program that opens it, until it closes the document or ends.
It is the operating system's, on a hidden file next to the document, so it ends with its holder. It is not on
the document itself: SQLite has its own locks there, and on some systems the two would collide.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from hashlib import blake2b
from pathlib import Path
from typing import BinaryIO

# Windows has neither: there a link is looked for before, and what is no file cannot be named like one.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)


def open_regular(path: Path, *, follow_symlinks: bool = True) -> BinaryIO:
    """Open an ordinary file for reading.

    Raises
    ------
    OSError : it cannot be read or is something else, a link where these are not followed
    """
    try:
        handle = open_handle(path, os.O_RDONLY, follow_symlinks=follow_symlinks)
    except ValueError as error:
        raise OSError(errno.EINVAL, "Its name holds a character that no name can hold", str(path)) from error
    return os.fdopen(handle, "rb")


def open_handle(path: Path, flags: int, *, follow_symlinks: bool) -> int:
    """Open an ordinary file as `os.open` does; the caller closes the handle.

    Raises
    ------
    OSError : it cannot be opened, or is not an ordinary file (FileExistsError)
    ValueError : the name is invalid
    """
    if not follow_symlinks and not _NO_FOLLOW and path.is_symlink():
        raise _in_the_way(path, "It is a link")
    more = _NO_WAIT | _BINARY | (0 if follow_symlinks else _NO_FOLLOW)
    try:
        handle = os.open(path, flags | more, 0o666)
    except OSError as error:
        if not follow_symlinks and path.is_symlink():
            raise _in_the_way(path, "It is a link") from error
        if error.errno in (errno.EISDIR, errno.ENXIO):  # a folder that would be written, a socket
            raise _in_the_way(path, "It is not a regular file") from error
        raise
    kind = os.fstat(handle).st_mode
    if not stat.S_ISREG(kind):
        os.close(handle)
        if stat.S_ISDIR(kind):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise _in_the_way(path, "It is not a regular file")
    return handle


def read_beginning(path: Path, most_bytes: int) -> bytes:
    """Return the content of an ordinary file, up to `most_bytes` bytes.

    Raises
    ------
    OSError : it cannot be read or is something else
    """
    with open_regular(path) as stream:
        return stream.read(most_bytes)


def _in_the_way(path: Path, text: str) -> FileExistsError:
    return FileExistsError(errno.EEXIST, text, str(path))


class DocumentLock:
    """The right to write a document. `release` gives it back; so does the end of the program."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path

    def release(self) -> None:
        """Let others write."""
        if self._handle < 0:
            return
        is_empty = os.fstat(self._handle).st_size == 0  # as Offcut's are
        if os.name == "posix" and is_empty and _is_still_there(self._handle, self._path):
            # Before another can have it: who waits looks for its name again.
            self._path.unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = -1


def lock_path(path: Path) -> Path:
    """Return the file that stands for the right to write `path`, the same through every link to it."""
    target = Path(os.path.realpath(path))
    digest = blake2b(os.fsencode(target.name), digest_size=4).hexdigest()
    return target.with_name(f".{target.stem[:40]}.{digest}.lock")


def take_lock(path: Path) -> DocumentLock | None:
    """Take the write lock of a document; None if another window holds it.

    Raises
    ------
    FileExistsError : something other than a file of Offcut's, such as a link, has the path of the lock
    OSError : the folder takes no new file
    """
    beside = lock_path(path)
    while True:
        handle = open_handle(beside, os.O_RDWR | os.O_CREAT, follow_symlinks=False)
        try:
            _lock(handle)
        except OSError as error:
            if error.errno in _HELD:
                os.close(handle)
                return None
            # This file system has no locks; SQLite still sees to it that no edit writes over another.
        if _is_still_there(handle, beside):
            return DocumentLock(handle, beside)
        os.close(handle)


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_still_there(handle: int, path: Path) -> bool:
    """Return whether the locked file still has its name: the previous holder may just have removed it."""
    try:
        return os.path.samestat(os.fstat(handle), path.lstat())
    except FileNotFoundError:
        return False
