"""Open ordinary files only: a pipe may block forever, a device never end, a link lead elsewhere."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Windows has neither: there a link is looked for before, and what is no file cannot be named like one.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_BINARY = getattr(os, "O_BINARY", 0)


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
