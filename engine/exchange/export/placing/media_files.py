"""Files next to a project: copies of recordings, and WAV files of audio tracks and channels.

Other programs play the first track of a video wherever a project names the video, so a WAV holds any other
track, and one channel of a recording, for formats that name whole files alone. Recordings in or below the
folder of the project are not copied. A copy keeps name and date; one of the same size and date is there
already.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from engine.core.errors import SourceError
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.core.wording import counted, listed
from engine.document.tracks import Source
from engine.exchange.names import beginning_of, name_of_file
from engine.sound.decoders.registry import media_track_of
from engine.sound.headers.bwf import Broadcast, broadcast_chunks, channel_title
from engine.sound.headers.start_times import read_broadcast_start, read_movie_start
from engine.sound.opening import address_of
from engine.sound.reader import SourceReader, read_unchanged, stamped
from engine.sound.writer import bits_of, block_dtype, export_format, write_audio

_BLOCK_BYTES = 1 << 22
_BLOCK_FRAMES = 1 << 16
_HEAD_BYTES = 4_096
_SPATIAL = "apac"
_LONGEST, _SHORT = 200, 40


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
        file = address_of(self.original).file
        return self.path.with_name(self.path.name + self.original.name[len(file.name) :])

    @property
    def size_bytes(self) -> int:
        """Size of the recording; 0 if it is missing."""
        try:
            return address_of(self.original).file.stat().st_size
        except OSError:
            return 0

    @property
    def is_there(self) -> bool:
        """Whether an export before has copied it: a file of the same size and date has the name."""
        try:
            one, other = address_of(self.original).file.stat(), self.path.stat()
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
        path = address_of(paths[source.id]).file
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
        stamp, original = stamped(one.original, one.content_hash), address_of(one.original).file
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
    files = {key: address_of(path).file for key, path in paths.items()}
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


@dataclass(frozen=True, slots=True)
class TrackFile:
    """The WAV of an audio track.

    Attributes
    ----------
    original, path : the track in its video, and the file
    source : the source as clips of a project name it
    content_hash : of the source
    """

    original: Path
    path: Path
    source: Source
    content_hash: str

    @property
    def size_bytes(self) -> int:
        """Size of its samples."""
        sample_bytes = bits_of(self.source.subtype) // 8
        return sample_bytes * self.source.channels * self.source.frames

    @property
    def is_there(self) -> bool:
        """Whether an export before has written it: a file of that size has the date of the video."""
        try:
            video, own = os.stat(address_of(self.original).file), self.path.stat()  # noqa: PTH116
        except OSError:
            return False
        is_as_long = self.size_bytes < own.st_size <= self.size_bytes + _HEAD_BYTES
        return is_as_long and int(own.st_mtime) == int(video.st_mtime)


def audio_track(path: Path) -> int:
    """Return the number of the audio track that a path means, from 1.

    A phone may have put a spatial track first, which is not read.
    """
    address = address_of(path)
    file, number = address.file, address.track
    movie = read_movie_start(file) if number == 1 else None
    if movie is not None and movie.codec == _SPATIAL:
        try:
            found = media_track_of(file)
        except SourceError:
            return number
        return found.number if found is not None else number
    return number


def track_file_name(path: Path, number: int) -> str:
    """Return the name of the WAV of a track of a video, or of the channel that a path means."""
    address = address_of(path)
    if channel := address.channel:
        file = address.file
        name = name_of_file(channel_title(file, channel))
        return f"{beginning_of(file.stem, _LONGEST, _LONGEST)} {beginning_of(name, _SHORT, _SHORT)}.wav"
    stem = PurePath(path.name.removesuffix(f"#{number}")).stem
    return f"{beginning_of(stem, _LONGEST, _LONGEST)} track {number}.wav"


def track_files(sources: Iterable[Source], media: Mapping[str, Path], out: Path) -> tuple[TrackFile, ...]:
    """Return the files, next to a project, of all sources but whole recordings and first tracks."""
    found: list[TrackFile] = []
    taken = {out.name.casefold()}
    for source in sources:
        original = media.get(source.id, Path(source.path))
        number = audio_track(original)
        if number == 1 and not address_of(original).channel:
            continue
        name = track_file_name(original, number)
        count = 2
        while name.casefold() in taken:
            name, count = f"{PurePath(name).stem} {count}.wav", count + 1
        taken.add(name.casefold())
        path = out.with_name(name).absolute()
        subtype = export_format((source.subtype,), ".wav")
        held = replace(source, path=str(path), container="WAV", subtype=subtype)
        found.append(TrackFile(original, path, held, source.content_hash))
    return tuple(found)


def write_track_files(
    wanted: Collection[TrackFile], written: list[Path], progress: Progress, *, overwrite: bool
) -> None:
    """Write files of tracks.

    Parameters
    ----------
    written : grows by each file that is whole

    Raises
    ------
    ExportError : a file exists and may not be replaced, or cannot be written
    SourceError : a recording is missing, is another one, or was written to meanwhile
    Cancelled : the user asked for it
    """
    for number, one in enumerate(wanted):
        stamp = stamped(one.original, one.content_hash)
        video = address_of(one.original).file.stat()
        with SourceReader(one.original) as reader:
            dtype = block_dtype(one.source.subtype)
            write_audio(
                one.path,
                read_unchanged(reader.blocks(_BLOCK_FRAMES, dtype), [stamp]),
                rate_hz=one.source.rate_hz,
                channels=one.source.channels,
                container="WAV",
                subtype=one.source.subtype,
                total_frames=one.source.frames,
                overwrite=overwrite,
                progress=progress.step(number, len(wanted)),
                trailing_chunks=_broadcast(one) if address_of(one.original).channel else b"",
            )
        os.utime(one.path, ns=(video.st_atime_ns, video.st_mtime_ns))
        written.append(one.path)


def _broadcast(one: TrackFile) -> bytes:
    """Return the chunks with the name of a channel and the start of its recording."""
    address = address_of(one.original)
    file, channel = address.file, address.channel
    start = read_broadcast_start(file)
    names, reference = (channel_title(file, channel),), start.reference_samples or 0
    broadcast = Broadcast("", "", reference, names, origination=start.origination)
    return broadcast_chunks(broadcast, rate_hz=one.source.rate_hz, bits=bits_of(one.source.subtype))


def track_files_sentence(files: Collection[TrackFile]) -> str:
    """Report the tracks that play from files of their own; "" without any."""
    if not files:
        return ""
    names = [shown(one.path.name) for one in files]
    is_one = len(files) == 1
    are_channels = all(address_of(one.original).channel for one in files)
    what = "one channel of a recording" if are_channels else "a further audio track of a video"
    return (
        f"Such files cannot name {what}: {listed(names)} next to it {'holds it' if is_one else 'hold them'}."
    )
