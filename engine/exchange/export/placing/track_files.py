"""Audio tracks of videos, and channels, as files of their own, for formats that name whole files alone.

Other programs play the first track of a video wherever a project names the video. Track 1 is named as the
video, at the places that its picture gives it; of any other track, and of one channel of a recording, a WAV
is written next to the project.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.progress import Progress
from engine.core.wording import listed
from engine.document.tracks.track import Source
from engine.sound.decoders.registry import media_track_of
from engine.sound.decoders.tracks import channel_of, file_and_track
from engine.sound.edl.names import beginning_of, name_of_file
from engine.sound.headers.bwf import Broadcast, broadcast_chunks
from engine.sound.headers.channel_names import channel_title
from engine.sound.headers.movie_start import read_movie_start
from engine.sound.headers.time_reference import read_broadcast_start
from engine.sound.reader import SourceReader
from engine.sound.unchanged import read_unchanged, stamped
from engine.sound.writer import bits_of, block_dtype, export_format, write_audio

_BLOCK_FRAMES = 1 << 16
_HEAD_BYTES = 4_096
_SPATIAL = "apac"
_LONGEST, _SHORT = 200, 40


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
            video, own = os.stat(file_and_track(self.original)[0]), self.path.stat()  # noqa: PTH116
        except OSError:
            return False
        is_as_long = self.size_bytes < own.st_size <= self.size_bytes + _HEAD_BYTES
        return is_as_long and int(own.st_mtime) == int(video.st_mtime)


def audio_track(path: Path) -> int:
    """Return the number of the audio track that a path means, from 1.

    A phone may have put a spatial track first, which is not read.
    """
    file, number = file_and_track(path)
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
    if channel := channel_of(path):
        file, _ = file_and_track(path)
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
        if number == 1 and not channel_of(original):
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
        video = file_and_track(one.original)[0].stat()
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
                trailing_chunks=_broadcast(one) if channel_of(one.original) else b"",
            )
        os.utime(one.path, ns=(video.st_atime_ns, video.st_mtime_ns))
        written.append(one.path)


def _broadcast(one: TrackFile) -> bytes:
    """Return the chunks with the name of a channel and the start of its recording."""
    file, channel = file_and_track(one.original)[0], channel_of(one.original)
    start = read_broadcast_start(file)
    names, reference = (channel_title(file, channel),), start.reference_samples or 0
    said = Broadcast("", "", reference, names, origination=start.origination)
    return broadcast_chunks(said, rate_hz=one.source.rate_hz, bits=bits_of(one.source.subtype))


def track_files_sentence(files: Collection[TrackFile]) -> str:
    """Report the tracks that play from files of their own; "" without any."""
    if not files:
        return ""
    names = [shown(one.path.name) for one in files]
    is_one = len(files) == 1
    are_channels = all(channel_of(one.original) for one in files)
    what = "one channel of a recording" if are_channels else "a further audio track of a video"
    return (
        f"Such files cannot name {what}: {listed(names)} next to it {'holds it' if is_one else 'hold them'}."
    )
