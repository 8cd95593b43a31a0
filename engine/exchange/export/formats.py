"""The formats that Offcut writes: one row each, read by the writers, the plan and the export form alike.

A new format of Offcut is one module with a `write` and one row here; other packages add a row of theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

from engine.core.extensions import Extended, UnusableError, require_type
from engine.core.extensions.names import Extension

_OWN = "engine.exchange.export.interchange"


@dataclass(frozen=True, slots=True)
class Format:
    """An export format.

    Attributes
    ----------
    suffix : such as ".wav"
    name : its name in the form
    good_for : its description in the form
    module : by its whole name, with a `write` (`engine.exchange.export.plan.Writer`); loaded when it is
        written, since some need libraries that take a quarter of a second
    is_audio : whether it holds the sound itself
    is_packed : whether its samples are compressed, so that the size can only be bounded
    is_coded : whether its coder is lossy, so that it has a quality and no bit depth
    names_media : whether it names recordings that another program opens
    names_tracks : whether it can name an audio track of a video
    listens : whether it reads every recording, to choose what it writes
    has_frames : whether it counts in video frames
    splits_channels : whether each channel of a track has clips of its own
    joins_stereo : whether a stereo track without a balance has common clips all the same
    varies_gain : whether a clip can have a gain that varies
    head_bytes : of a file without clips
    clip_bytes, fade_bytes, link_bytes : of each clip, of each crossfade, and of the links between the
        channels of a clip; measured at 4 tracks with 300 cuts
    gain_bytes, effect_bytes : of each gain curve, and of each clip with one
    clip_s : of each clip of a track's channel, measured at 16 mono tracks with 3,000 cuts
    edit_bytes : of each accepted edit
    """

    suffix: str
    name: str
    good_for: str
    module: str
    is_audio: bool = False
    is_packed: bool = False
    is_coded: bool = False
    names_media: bool = True
    names_tracks: bool = False
    listens: bool = False
    has_frames: bool = False
    splits_channels: bool = False
    joins_stereo: bool = False
    varies_gain: bool = False
    head_bytes: int = 4_096
    clip_bytes: int = 0
    fade_bytes: int = 0
    link_bytes: int = 0
    gain_bytes: int = 0
    effect_bytes: int = 0
    clip_s: float = 5e-5
    edit_bytes: int = 0


def _audio(suffix: str, name: str, good_for: str, *, is_packed: bool = True, is_coded: bool = True) -> Format:
    module = "engine.exchange.export.write_audio"
    kind = {"is_audio": True, "is_packed": is_packed, "is_coded": is_coded, "names_media": False}
    return Format(suffix, name, good_for, module, **kind)


_ROWS = (
    _audio(".wav", "WAV", "the result, uncompressed", is_packed=False, is_coded=False),
    _audio(".flac", "FLAC", "same samples, half the size", is_coded=False),
    _audio(".mp3", "MP3", "small files that play everywhere"),
    _audio(".ogg", "Ogg Vorbis", "small files, better than MP3"),
    _audio(".opus", "Opus", "smallest files, for phones"),
    Format(
        ".json",
        "Edit list",
        "every edit as numbers, for scripts",
        f"{_OWN}.edit_json",
        names_tracks=True,
        edit_bytes=505,
    ),
    *(
        Format(suffix, name, good_for, f"{_OWN}.spans", names_media=False, edit_bytes=60)
        for suffix, name, good_for in (
            (".txt", "Audacity labels", "edits and markers as labels"),
            (".csv", "LosslessCut list", "the played segments as times"),
            (".llc", "LosslessCut project", "the played segments, in order"),
            (".srt", "SubRip subtitles", "the played segments as subtitles"),
        )
    ),
    Format(
        ".rpp",
        "REAPER project",
        "sources, edits and crossfades",
        f"{_OWN}.reaper",
        listens=True,
        clip_bytes=345,
        clip_s=1e-4,
    ),
    Format(
        ".otio",
        "OpenTimelineIO",
        "for film programs and scripts",
        f"{_OWN}.otio",
        has_frames=True,
        clip_bytes=2_150,
        fade_bytes=360,
    ),
    Format(
        ".aaf",
        "AAF",
        "for Pro Tools, Media Composer",
        f"{_OWN}.aaf",
        has_frames=True,
        splits_channels=True,
        joins_stereo=True,
        varies_gain=True,
        head_bytes=460_000,
        clip_bytes=400,
        fade_bytes=2_220,
        link_bytes=490,
        gain_bytes=1_400,
        effect_bytes=2_000,
        clip_s=1e-3,
    ),
    Format(
        ".fcpxml",
        "Final Cut Pro",
        "the edits, exact to the sample",
        f"{_OWN}.fcpxml",
        has_frames=True,
        clip_bytes=172,
        fade_bytes=307,
    ),
    Format(
        ".xml",
        "Final Cut 7, Premiere",
        "the edits, to the frame",
        f"{_OWN}.xmeml",
        has_frames=True,
        splits_channels=True,
        clip_bytes=680,
        fade_bytes=707,
        link_bytes=215,
    ),
    Format(
        ".edl",
        "CMX 3600",
        "the edits as a list, to the frame",
        f"{_OWN}.cmx3600",
        has_frames=True,
        clip_bytes=195,
    ),
    Format(
        ".mid",
        "MIDI tempo map",
        "beats, tempo, edits and markers",
        f"{_OWN}.midi",
        names_media=False,
        edit_bytes=34,
    ),
)


def _added(extension: Extension, made: object) -> Format:
    """Return a format of another package; UnusableError if only Offcut itself could plan it."""
    form = require_type(made, Format)
    if (
        form.suffix != extension.name
        or not extension.name.startswith(".")
        or extension.name.lower() != form.suffix
    ):
        raise UnusableError(f"has the suffix {form.suffix!r}: register it under that, small and with its dot")
    if form.is_audio or form.has_frames:
        raise UnusableError("is a format of audio or of video frames, which only Offcut itself can add")
    if not form.name or not form.good_for:
        raise UnusableError("has no name or no description")
    if find_spec(form.module) is None:
        raise UnusableError(f"is written by the module {form.module!r}, which is missing")
    return form


FORMATS: Extended[Format] = Extended("offcut.export_formats", {each.suffix: each for each in _ROWS}, _added)
"""By suffix, in the order in which they are offered."""

AUDIO_SUFFIXES = tuple(each.suffix for each in _ROWS if each.is_audio)

CODED_SUFFIXES = tuple(each.suffix for each in _ROWS if each.is_coded)

SAMPLE_SUFFIXES = tuple(each.suffix for each in _ROWS if each.is_audio and not each.is_coded)

FRAME_SUFFIXES = tuple(each.suffix for each in _ROWS if each.has_frames)
