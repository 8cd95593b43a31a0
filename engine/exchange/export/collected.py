"""Copies of the recordings in the folder of a project, so that both can be moved to another machine.

A recording in or below that folder is not copied. A copy keeps name and date; one that an earlier export
wrote, of the same size and date, is not copied again.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.wording import counted
from engine.document.tracks.track import Source
from engine.sound.decoders.tracks import file_and_track
from engine.sound.unchanged import read_unchanged, stamped

_BLOCK_BYTES = 1 << 22


@dataclass(frozen=True, slots=True)
class Collected:
    """A recording that is copied.

    Attributes
    ----------
    original, path : current path, and path of the copy
    content_hash : hash stored in the document
    """

    source_id: str
    original: Path
    path: Path
    content_hash: str

    @property
    def named(self) -> Path:
        """The copy, or the same audio track in it."""
        file, _ = file_and_track(self.original)
        return self.path.with_name(self.path.name + self.original.name[len(file.name) :])

    @property
    def size_bytes(self) -> int:
        """Size of the recording; 0 if it is missing."""
        try:
            return file_and_track(self.original)[0].stat().st_size
        except OSError:
            return 0

    @property
    def is_there(self) -> bool:
        """Whether an export before has copied it: a file of the same size and date has the name."""
        try:
            one, other = file_and_track(self.original)[0].stat(), self.path.stat()
        except OSError:
            return False
        return (one.st_size, int(one.st_mtime)) == (other.st_size, int(other.st_mtime))


def collected_media(sources: Sequence[Source], media: Mapping[str, Path], out: Path) -> tuple[Collected, ...]:
    """Return a copy, with a unique name, for each recording outside the folder of a project."""
    folder = out.parent.absolute()
    paths = {source.id: media.get(source.id, Path(source.path)).absolute() for source in sources}
    taken = {path.name.casefold() for path in paths.values() if path.parent == folder} | {out.name.casefold()}
    found: list[Collected] = []
    copied: dict[Path, Path] = {}
    for source in sources:
        path, _ = file_and_track(paths[source.id])
        if path.is_relative_to(folder):
            continue
        if path in copied:
            found.append(Collected(source.id, paths[source.id], copied[path], source.content_hash))
            continue
        name, number = path.name, 2
        while name.casefold() in taken:
            name, number = f"{path.stem} {number}{path.suffix}", number + 1
        taken.add(name.casefold())
        copied[path] = folder / name
        found.append(Collected(source.id, paths[source.id], folder / name, source.content_hash))
    return tuple(found)


def copy_media(
    wanted: Collection[Collected], written: list[Path], progress: Progress, *, overwrite: bool
) -> None:
    """Copy recordings.

    Parameters
    ----------
    written : grows by each copy that is whole

    Raises
    ------
    ExportError : a file exists and may not be replaced, or cannot be written
    SourceError : a recording is missing, is another one, or was written to meanwhile
    Cancelled : the user asked for it
    """
    whole = max(1, sum(one.size_bytes for one in wanted))
    done = 0
    for one in {one.path: one for one in wanted}.values():
        stamp, (original, _) = stamped(one.original, one.content_hash), file_and_track(one.original)
        with replacing(one.path, overwrite=overwrite) as part:
            with part.open("wb") as stream:
                for block in read_unchanged(_blocks(original), [stamp]):
                    progress.check_cancelled()
                    stream.write(block)
                    done += len(block)
                    progress.report(min(1.0, done / whole), f"Copying {shown(one.path.name)}")
            status = original.stat()
            os.utime(part, ns=(status.st_atime_ns, status.st_mtime_ns))
        written.append(one.path)


def copy_recordings(
    sources: Sequence[Source], media: Mapping[str, Path], folder: Path, progress: Progress
) -> dict[str, Path]:
    """Copy the recordings outside of a folder into it, each file once.

    Returns
    -------
    The path of each copied source, by id. A further audio track of a file is one of its copy.

    Raises
    ------
    ExportError, SourceError, Cancelled : as `copy_media`
    """
    paths = {source.id: media.get(source.id, Path(source.path)).absolute() for source in sources}
    files = {key: file_and_track(path)[0] for key, path in paths.items()}
    first: dict[Path, Source] = {}
    for source in sorted(sources, key=lambda one: paths[one.id] != files[one.id]):
        is_whole = paths[source.id] == files[source.id]  # the hash of a further track is not that of its file
        first.setdefault(files[source.id], source if is_whole else replace(source, content_hash=""))
    wanted = collected_media(tuple(first.values()), files, folder / "recordings")
    copy_media([one for one in wanted if not one.is_there], [], progress, overwrite=False)
    copies = {one.original: one.path for one in wanted}
    return {
        key: copies[file].with_name(copies[file].name + paths[key].name[len(file.name) :])
        for key, file in files.items()
        if file in copies
    }


def with_copies(media: Mapping[str, Path], copies: Sequence[Collected]) -> dict[str, Path]:
    """Return where each recording is once the copies are made."""
    return {**media, **{one.source_id: one.named for one in copies}}


def copies_sentence(copies: Sequence[Collected]) -> str:
    """Report the recordings copied next to a project; "" if none were."""
    if not copies:
        return ""
    files = {one.path for one in copies}
    return f"{counted(len(files), 'recording')} copied next to it, to move them together."


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            yield block
