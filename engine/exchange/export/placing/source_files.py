"""The files of sources and the times that are written into them, for formats that name files."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from engine.core.errors import SourceError
from engine.document.tracks.track import Source
from engine.sound.decoders.registry import WITH_PICTURES, media_track_of
from engine.sound.decoders.tracks import file_and_track
from engine.sound.headers.picture import Picture, can_drop_frames
from engine.sound.headers.time_reference import read_time_reference
from engine.sound.headers.video import read_picture


def source_path(source: Source, media: Mapping[str, Path]) -> Path:
    """Return where a source is now, or was when it was imported; it need not exist."""
    return file_and_track(media.get(source.id, Path(source.path)))[0].absolute()


def source_picture(source: Source, media: Mapping[str, Path]) -> Picture | None:
    """Return the picture of a source that is a video; None of any other, or where its file is missing."""
    return read_picture(source_path(source, media))


def source_begin_s(source: Source, media: Mapping[str, Path]) -> Fraction:
    """Return the timecode at which a source begins, in seconds: 0 unless its recorder wrote one into it.

    Resolve and Final Cut look for a clip by its timecode, and do not find one that is counted from 0.
    """
    picture = source_picture(source, media)
    if picture is not None:
        return picture.start.begin_s
    return Fraction(read_time_reference(source_path(source, media)), source.rate_hz)


def sound_lag_s(source: Source, media: Mapping[str, Path]) -> Fraction:
    """Return how long after the picture of its video the sound of a source begins, in seconds.

    Other programs count positions in a video from its picture. 0 without one, or where the file is missing.
    """
    path = media.get(source.id, Path(source.path))
    with suppress(SourceError):
        if source.container in WITH_PICTURES and (found := media_track_of(path)) is not None:
            return found.lag_s
    return Fraction(0)


def drops_frames(source: Source, media: Mapping[str, Path], frame_rate: Fraction) -> bool:
    """Return whether positions in a source are counted in drop frame timecode, at a frame rate.

    They are where its own timecode is, as long as the rate has one.
    """
    picture = source_picture(source, media)
    return picture is not None and picture.start.drops_frames and can_drop_frames(frame_rate)
