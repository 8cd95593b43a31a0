"""Write files atomically, without accidental loss of existing files."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.core.errors import ExportError, FileExistsAlreadyError
from engine.core.files.part_files import PartFile, sweep_before_writing
from engine.core.wording import reason_of

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST = 300
"""Characters of a path in a sentence."""


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
    name = path.name if _distinguishes_case(path.parent, folder) else path.name.casefold()
    return (folder.st_dev, folder.st_ino), name


def _distinguishes_case(folder: Path, known: os.stat_result) -> bool:
    whole = folder.absolute()
    if whole.name == whole.name.swapcase():
        return True
    swapped = _status(whole.with_name(whole.name.swapcase()))
    return swapped is None or not os.path.samestat(swapped, known)


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
