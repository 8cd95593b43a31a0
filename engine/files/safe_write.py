"""Write a file so that nobody ever sees half of it, and nothing that was there is lost by accident."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.errors import ExportError
from engine.files.part_files import PartFile, sweep
from engine.wording import reason_of

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def shown(path: Path | str) -> str:
    """Return a path as a sentence can hold it: bytes that are no text become replacement signs."""
    return os.fsencode(path).decode("utf-8", "replace")


@contextmanager
def replacing(path: Path, *, overwrite: bool = False, follow_symlinks: bool = True) -> Iterator[Path]:
    """Give a temporary path beside `path`, and move what was written there into place at the end.

    The body writes the temporary file and closes it. When the body succeeds, the file is flushed to the disk
    and takes the name `path` in one step; when anything fails, or the job is cancelled, the temporary file is
    removed and `path` is as it was. What writers that were killed left in the folder goes too.

    Parameters
    ----------
    overwrite : replace a file that is already there; the caller has asked the user
    follow_symlinks : whether a link is followed, since the user chose it, or replaced, since Offcut chose the
        name and wrote no link

    Yields
    ------
    part : an empty file in the same folder, named ``.NAME.0123abcd.part``

    Raises
    ------
    ExportError : the file exists and `overwrite` is False (also when it appeared meanwhile), its folder is
        missing or cannot be written, or the disk is full
    """
    target = Path(os.path.realpath(path)) if follow_symlinks else path
    held = _held_part(target, overwrite)
    part = held.path
    try:
        yield part
        settle(part)
        if os.name == "nt":  # which renames nothing that is open
            held.let_go()
        _take_the_name(part, target, overwrite)
    except FileExistsError as error:
        raise ExportError(exists_sentence(path)) from error
    except OSError as error:
        raise _sentence(path, error) from error
    finally:
        held.let_go()
        part.unlink(missing_ok=True)
    _flush_folder(target.parent)


def check_target(path: Path, *, overwrite: bool = False) -> None:
    """Find out whether `replacing` could write a file, and leave nothing behind.

    Raises
    ------
    ExportError : as `replacing` does before its body runs
    """
    held = _held_part(Path(os.path.realpath(path)), overwrite)
    held.let_go()
    held.path.unlink(missing_ok=True)


def _held_part(target: Path, overwrite: bool) -> PartFile:
    try:
        if target.is_dir() and not target.is_symlink():
            raise ExportError(f"{shown(target)} is a folder: choose a file name inside it.")
        if target.exists() and not overwrite:
            raise ExportError(exists_sentence(target))
        sweep(target.parent)
        return PartFile(target)
    except OSError as error:
        raise _sentence(target, error) from error


def settle(part: Path) -> None:
    """Have the disk take what was written so far.

    The end of a large file waits for all that the disk has not taken yet, and nothing can be cancelled then;
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


def exists_sentence(path: Path) -> str:
    """Say that a file is there already."""
    return f"{shown(path)} already exists: choose another name, or allow it to be replaced."


def no_folder_sentence(path: Path) -> str:
    """Say that the folder of a file is not there."""
    folder = shown(Path(path).parent)
    return f"{shown(path)} cannot be written because there is no folder {folder}: choose another."


def _sentence(path: Path, error: OSError) -> ExportError:
    name, folder = shown(path), shown(Path(path).parent)
    other = error.filename
    if isinstance(other, str) and Path(other).parent != Path(os.path.realpath(path)).parent:
        return ExportError(f"{name} was not written: {shown(other)}: {reason_of(error)}.")
    if error.errno in _FULL:
        return ExportError(
            f"{name} was not written because the disk is full: free some space or choose another disk."
        )
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ExportError(no_folder_sentence(path))
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ExportError(f"{name} cannot be written, {folder} is read-only for you: choose another folder.")
    if error.errno == errno.ENAMETOOLONG:
        return ExportError(f"{name} has too long a name for its disk: choose a shorter one.")
    return ExportError(f"{name} was not written: {reason_of(error)}.")
