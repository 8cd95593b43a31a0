"""Sources, and the tracks that place clips of them on the document's timeline."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from engine.core.timebase import convert_samples
from engine.document.tracks.clip import Clip


class Picture(StrEnum):
    """How a lane shows its sound."""

    WAVEFORM = "waveform"
    SPECTROGRAM = "spectrogram"


@dataclass(frozen=True, slots=True)
class Source:
    """An audio file on disk. Offcut never writes to it.

    Attributes
    ----------
    id : stable within the document
    path : absolute path at import
    content_hash : `engine.sound.reader.content_hash` of the file
    rate_hz, channels, frames : as the file has them
    container, subtype : libsndfile's names, such as "WAV" and "PCM_16"
    """

    id: str
    path: str
    content_hash: str
    rate_hz: int
    channels: int
    frames: int
    container: str
    subtype: str


@dataclass(frozen=True, slots=True)
class Track:
    """Clips of sources on the document's timeline.

    Attributes
    ----------
    position : position from the top, from 0
    pan : -1 left, 0 middle, 1 right; of a stereo track, its balance
    color : "#rrggbb"; empty for that of its group
    role : its content, such as "vocals"; free text
    height_px : of its lane in logical pixels at 100 %; 0 for its share of the window
    is_collapsed : drawn as one thin row
    channels_open : drawn as a row a channel
    picture : picture in its lane
    clips : at least one, the bottom layer first, see `engine.document.tracks.clip`
    """

    id: str
    name: str
    position: int
    group: str = ""
    gain_db: float = 0.0
    mute: bool = False
    solo: bool = False
    pan: float = 0.0
    color: str = ""
    role: str = ""
    height_px: int = 0
    is_collapsed: bool = False
    channels_open: bool = True
    picture: Picture = Picture.WAVEFORM
    clips: tuple[Clip, ...] = ()

    @property
    def start_samples(self) -> int:
        """Where its first clip begins on the timeline."""
        return min(clip.start_samples for clip in self.clips)

    @property
    def stop_samples(self) -> int:
        """Where its last clip ends on the timeline."""
        return max(clip.stop_samples for clip in self.clips)

    @property
    def plays_from_start(self) -> bool:
        """Whether it is one clip that plays a source unchanged from its beginning."""
        first = self.clips[0]
        return len(self.clips) == 1 and first.is_plain and not first.offset_samples

    @property
    def source_ids(self) -> tuple[str, ...]:
        """The sources of its clips, each once."""
        return tuple(dict.fromkeys(clip.source_id for clip in self.clips))


def source_length_samples(source: Source, rate_hz: int) -> int:
    """Return the length of a source in samples at the document's rate."""
    return convert_samples(source.frames, source.rate_hz, rate_hz)


def whole_clip(source: Source, rate_hz: int, start_samples: int = 0) -> Clip:
    """Return a clip of a whole source."""
    return Clip(f"clip-{source.id}", source.id, start_samples, 0, source_length_samples(source, rate_hz))


def is_whole(clip: Clip, source: Source, rate_hz: int) -> bool:
    """Return whether a clip plays all of a source unchanged."""
    length = source_length_samples(source, rate_hz)
    return clip.is_plain and (clip.offset_samples, clip.length_samples) == (0, length)


def audible(tracks: tuple[Track, ...]) -> tuple[Track, ...]:
    """Return the audible tracks: the soloed ones if any, without the muted ones."""
    soloed = any(track.solo for track in tracks)
    return tuple(track for track in tracks if not track.mute and (track.solo or not soloed))


def sound_of(tracks: tuple[Track, ...]) -> tuple[object, ...]:
    """Return the fields that affect the sound of tracks: equal values differ only in names and display."""
    return tuple(
        (tuple(clip.sound for clip in track.clips), track.gain_db, track.pan, track.mute, track.solo)
        for track in tracks
    )
