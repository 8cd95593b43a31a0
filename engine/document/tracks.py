"""Sources, and the tracks that place clips of them on the document's timeline.

A clip is a span of a source. The clips of a track are layers, the last on top: where clips overlap, the upper
one plays, and its fades are crossfades with the clip below.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf

from engine.core.latest import found_once_of
from engine.core.timebase import convert_samples, united

SILENT_DB = -inf
"""Gain of a clip that covers those below it and reads no file; never stored."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A span of one source, placed on the document's timeline.

    Attributes
    ----------
    id : stable within the document
    start_samples : on the timeline
    offset_samples : in the source at the document's rate, where the clip begins
    length_samples : at least 1
    fade_in_samples, fade_out_samples : within the clip; together at most its length
    name : as drawn; empty for the name of the file
    is_locked : whether moving, trimming and splitting it are refused
    """

    id: str
    source_id: str
    start_samples: int
    offset_samples: int
    length_samples: int
    gain_db: float = 0.0
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    name: str = ""
    is_locked: bool = False

    @property
    def stop_samples(self) -> int:
        """Its end on the timeline."""
        return self.start_samples + self.length_samples

    @property
    def shift_samples(self) -> int:
        """Where the source begins on the timeline; below 0 if that is before the timeline does."""
        return self.start_samples - self.offset_samples

    @property
    def take(self) -> tuple[str, int]:
        """Its source, and where that begins on the timeline: parts of one take share both."""
        return self.source_id, self.shift_samples

    @property
    def is_plain(self) -> bool:
        """Whether the source plays unchanged, without gain and fades."""
        return not (self.gain_db or self.fade_in_samples or self.fade_out_samples)

    @property
    def sound(self) -> tuple[str, int, int, int, float, int, int]:
        """The fields that affect its sound."""
        place = self.source_id, self.start_samples, self.offset_samples, self.length_samples
        return *place, self.gain_db, self.fade_in_samples, self.fade_out_samples

    @property
    def opaque(self) -> tuple[int, int]:
        """The span [start, stop) in which nothing below it plays."""
        return self.start_samples + self.fade_in_samples, self.stop_samples - self.fade_out_samples


@dataclass(frozen=True, slots=True)
class Visible:
    """A span of the timeline in which a clip plays, alone or in a crossfade."""

    clip: Clip
    start_samples: int
    stop_samples: int


def visible(clips: Sequence[Clip]) -> tuple[Visible, ...]:
    """Return where each clip plays: its span without the opaque spans of the clips above it.

    Those of the bottom layer come first, each ascending.
    """
    found = []
    for place, clip in enumerate(clips):
        here, end = clip.start_samples, clip.stop_samples
        above = (upper.opaque for upper in clips[place + 1 :])
        covering = [(start, stop) for start, stop in above if start < end and stop > here]
        for start, stop in united(covering).tolist() if covering else ():
            if here < start:
                found.append(Visible(clip, here, start))
            here = max(here, stop)
        if here < end:
            found.append(Visible(clip, here, end))
    return tuple(found)


@found_once_of(64)
def visible_in_time(clips: tuple[Clip, ...]) -> tuple[Visible, ...]:
    """Return where each clip plays, ascending; known clips are not parted again."""
    return tuple(sorted(visible(clips), key=lambda one: one.start_samples))


def rejoined(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    """Return clips with those joined that continue each other, as after a split: they sound the same."""
    found: list[Clip] = []
    for clip in clips:
        last = found[-1] if found else None
        if (
            last is not None
            and last.take == clip.take
            and last.stop_samples == clip.start_samples
            and last.gain_db == clip.gain_db
            and not (last.fade_out_samples or clip.fade_in_samples)
        ):
            length = last.length_samples + clip.length_samples
            found[-1] = replace(last, length_samples=length, fade_out_samples=clip.fade_out_samples)
        else:
            found.append(clip)
    return tuple(found)


def within(clip: Clip, start_samples: int, stop_samples: int) -> Clip:
    """Return a clip with other edges; its sound stays where it is, and its fades as long as they fit."""
    length = stop_samples - start_samples
    fade_in = min(clip.fade_in_samples, length)
    return replace(
        clip,
        start_samples=start_samples,
        offset_samples=start_samples - clip.shift_samples,
        length_samples=length,
        fade_in_samples=fade_in,
        fade_out_samples=min(clip.fade_out_samples, length - fade_in),
    )


def free_id(clip_id: str, taken: Collection[str]) -> str:
    """Return an id for a part of a clip that is not taken."""
    base, number = clip_id.partition("~")[0], 2
    while f"{base}~{number}" in taken:
        number += 1
    return f"{base}~{number}"


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
    clips : at least one, the bottom layer first, see `engine.document.tracks`
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
