"""Frame rates that formats count in, and the timecode, path and lag of each source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from pathlib import Path

from engine.core.errors import SourceError
from engine.core.files.safe_write import shown
from engine.core.wording import listed
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.sound.decoders.registry import WITH_PICTURES, media_track_of
from engine.sound.headers.start_times import read_time_reference
from engine.sound.headers.video import Picture, can_drop_frames, read_picture
from engine.sound.opening import address_of


def source_path(source: Source, media: Mapping[str, Path]) -> Path:
    """Return where a source is now, or was when it was imported; it need not exist."""
    return address_of(media.get(source.id, Path(source.path))).file.absolute()


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


class FrameRate(StrEnum):
    """Frames a second, for the formats that count in frames."""

    FPS_23_976 = "23.976"
    FPS_24 = "24"
    FPS_25 = "25"
    FPS_29_97 = "29.97"
    FPS_30 = "30"
    FPS_50 = "50"
    FPS_59_94 = "59.94"
    FPS_60 = "60"

    @property
    def nominal(self) -> int:
        """Nominal frame rate, up to which a timecode counts."""
        return round(float(self.value))

    @property
    def exact(self) -> Fraction:
        """Frames per second: the fractional rates are 1000/1001 of an integer."""
        is_whole = self.value == str(self.nominal)
        return Fraction(self.nominal) if is_whole else Fraction(self.nominal * 1000, 1001)


@dataclass(frozen=True, slots=True)
class PictureRate:
    """The frame rate of the videos of a document.

    Attributes
    ----------
    rate : None unless a video has a known rate that formats support
    notice : a message if videos differ, vary or are left out; else empty
    """

    rate: FrameRate | None = None
    notice: str = ""

    @property
    def usual(self) -> FrameRate:
        """The rate that is taken unless the user chooses one."""
        return self.rate or FrameRate.FPS_25


def picture_rate(state: DocumentState, media: Mapping[str, Path]) -> PictureRate:
    """Return the frame rate that most videos of a document have; of several, that of the first video.

    Parameters
    ----------
    media : where each source is now, by source id
    """
    found: dict[Path, Picture] = {}
    for source_id in dict.fromkeys(key for track in state.tracks for key in track.source_ids):
        source = state.sources[source_id]
        picture = source_picture(source, media)
        if picture is not None and picture.frame_rate is not None:
            found[source_path(source, media)] = picture
    rates = Counter(picture.frame_rate for picture in found.values() if picture.frame_rate is not None)
    known = {rate.exact: rate for rate in FrameRate}
    taken = max((rate for rate in rates if rate in known), key=lambda rate: rates[rate], default=None)
    rate = known.get(taken) if taken is not None else None
    return PictureRate(rate, _notice(found, list(rates), PictureRate(rate).usual))


def _notice(pictures: Mapping[Path, Picture], rates: list[Fraction], taken: FrameRate) -> str:
    if len(rates) > 1:
        each = listed([_number(rate) for rate in rates])
        return f"The videos have {each} frames a second: {taken} is used unless you choose another rate."
    for path, picture in pictures.items():
        if rates[0] != taken.exact:
            return (
                f"{shown(path.name)} has {_number(rates[0])} frames a second, which timecode does not "
                f"support: {taken} is used."
            )
        if picture.is_variable:
            return f"{shown(path.name)} has a variable frame rate: {taken} is its nominal one."
    return ""


def _number(rate: Fraction) -> str:
    return f"{float(rate):.3f}".rstrip("0").rstrip(".")
