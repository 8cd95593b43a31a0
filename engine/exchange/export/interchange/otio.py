"""An OpenTimelineIO timeline: the tracks as clips of the sources, with gaps, crossfades and markers.

Times count video frames, as film programs take the rate of a time for that of the sequence. Positions in the
result are whole frames: programs that round each time by itself leave out clips that then overlap. Sound
keeps its position to the sample, so the start in a source is a fraction of a frame, and the metadata hold the
samples of both. Crossfades shorter than a frame are in the metadata only: Kdenlive 26.08 makes mixes without
a length of them. `Resolve_OTIO` and `PremierePro_OTIO` follow published descriptions of their files.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from opentimelineio import opentime, schema

from engine.core.files.safe_write import replacing
from engine.core.files.xml_text import xml_text
from engine.core.progress import Progress
from engine.core.timebase import samples_to_video_frames
from engine.document.tracks import Source, Track, audible
from engine.exchange.export.placing.clips import ResultClip, clips_of, crossfades, lost_in_frames
from engine.exchange.export.placing.marks import seams
from engine.exchange.export.placing.timecode import FrameRate, source_path, source_picture
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.edit_list import placed_markers

RESOLVE, PREMIERE = "Resolve_OTIO", "PremierePro_OTIO"

_TYPES = {1: "Mono", 2: "Stereo"}  # more channels come in as each program decides
_VOLUME_DB, _PAN_PERCENT = (-100.0, 30.0), (-100.0, 100.0)

Metadata = dict[str, dict[str, Any]]
_ENCODED = re.compile(r"(?:%[0-9A-F]{2})+")
_RESERVED = "%#?:\\"


def timeline_metadata() -> Metadata:
    """Return the versions of both blocks."""
    return {RESOLVE: {"Resolve OTIO Meta Version": "1.0"}, PREMIERE: {"MetadataVersion": "1.0"}}


def sequence_metadata(rate_hz: int, frame_rate: FrameRate) -> Metadata:
    """Return the format of the sequence: full HD, since the video track is empty."""
    return {
        PREMIERE: {
            "AudioFrameRate": float(rate_hz),
            "PixelAspectRatio": {"numerator": 1.0, "denominator": 1.0},
            "VideoFrameRate": float(frame_rate.exact),
            "VideoResolution": {"width": 1920, "height": 1080},
        }
    }


def track_metadata(track: Track, channels: int) -> Metadata:
    """Return the type of a track whose source has `channels` channels."""
    resolve: dict[str, Any] = {"Locked": False, "SoloOn": track.solo}
    if channels not in _TYPES:
        return {RESOLVE: resolve}
    resolve["Audio Type"] = _TYPES[channels]
    channel_format = {"ChannelType": _TYPES[channels], "NumberOfChannels": channels}
    return {RESOLVE: resolve, PREMIERE: {"AudioChannels": channel_format}}


def clip_metadata(channels: int) -> Metadata:
    """Return the channels of a clip, all of its file."""
    numbers = range(channels)
    resolve = {"Channels": [{"Source Channel ID": number, "Source Track ID": 0} for number in numbers]}
    if channels not in _TYPES:
        return {RESOLVE: resolve}
    assigned = [{"SecondaryChannelIndex": number} for number in numbers]
    premiere = {
        "AudioChannels": {"ChannelType": _TYPES[channels], "SecondaryAssignments": assigned},
        "OriginalChannelGroupIndex": 0,
        "SourceClipIndex": 0,
    }
    return {RESOLVE: resolve, PREMIERE: premiere}


def clip_effects(track: Track) -> list[schema.Effect]:
    """Return the gain and the pan of a track as Resolve has them on each clip; empty if both are 0."""
    found = []
    if track.gain_db:
        volume = "Fairlight Clip Volume and Fades", "Volume", 62
        found.append(_resolve_effect(*volume, "volume", track.gain_db, _VOLUME_DB))
    if track.pan:
        pan = "Fairlight Clip Pan", "Pan", 72
        found.append(_resolve_effect(*pan, "pan", 100.0 * track.pan, _PAN_PERCENT))
    return found


def _resolve_effect(
    effect_name: str, name: str, number: int, parameter: str, value: float, limits: tuple[float, float]
) -> schema.Effect:
    """Return an effect with one constant value, clipped to its limits."""
    lowest, highest = limits
    values = {
        "Parameter ID": parameter,
        "Parameter Value": min(max(value, lowest), highest),
        "Default Parameter Value": 0.0,
        "Key Frames": {},
        "Variant Type": "Double",
        "minValue": lowest,
        "maxValue": highest,
    }
    effect = {
        "Effect Name": effect_name,
        "Name": name,
        "Enabled": True,
        "Type": number,
        "Parameters": [values],
    }
    return schema.Effect(effect_name="Resolve Effect", metadata={RESOLVE: effect})


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the timeline; the sources are named, not opened."""
    progress.check_cancelled()
    timeline = _Writer(request, progress).timeline()
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing the timeline")
    lost = lost_in_frames(request.edit_list, request.frame_rate.exact)
    return written_project(request, len(request.state.tracks), frames=str(request.frame_rate), more=lost)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A clip in whole frames of the result.

    Attributes
    ----------
    start, end : in the result; apart
    source_start : where it begins in its medium, in frames, so that no sound moves in the result
    source_end : where its medium ends, counted like that
    timecode : where its medium begins, which both are counted from
    """

    clip: ResultClip
    start: int
    end: int
    source_start: Fraction
    source_end: Fraction
    timecode: Fraction

    @property
    def source_stop(self) -> Fraction:
        """Where it ends in its medium."""
        return self.source_start + self.end - self.start


class _Writer:
    """Writes the timeline of one request."""

    def __init__(self, request: ExportRequest, progress: Progress) -> None:
        self._request, self._progress = request, progress
        self._rate_hz = request.edit_list.rate_hz
        self._frame_rate = request.frame_rate.exact
        self._timecodes = {key: self._timecode(source) for key, source in request.sources.items()}

    def _timecode(self, source: Source) -> Fraction:
        """Return the frame from which a medium counts: readers look for that of a video, not for `bext`."""
        picture = source_picture(source, self._request.named_media)
        return Fraction(0) if picture is None else picture.start.begin_s * self._frame_rate

    def timeline(self) -> schema.Timeline:
        """Return the tracks and the markers."""
        request, edit_list = self._request, self._request.edit_list
        state = request.state
        timeline = schema.Timeline(xml_text(request.title), metadata=timeline_metadata())
        timeline.global_start_time = self._at(0)
        timeline.tracks.metadata.update(sequence_metadata(edit_list.rate_hz, request.frame_rate))
        played = audible(state.tracks)
        for number, track in enumerate(state.tracks):
            laid = self._track(track)
            laid.enabled = track in played
            timeline.tracks.append(laid)
            self._progress.report(0.5 * (number + 1) / len(state.tracks), "Writing the timeline")
        markers = timeline.tracks.markers
        for seam in seams(state, edit_list):
            at = seam.position_samples
            markers.append(self._marker(seam.label, at, at, schema.MarkerColor.RED))
        for marker in placed_markers(state.markers.values(), edit_list):
            span = marker.start_samples, marker.stop_samples
            markers.append(self._marker(marker.name, *span, schema.MarkerColor.YELLOW))
        return timeline

    def _marker(self, name: str, start_samples: int, stop_samples: int, color: str) -> schema.Marker:
        """Return a marker; Kdenlive shows its comment, others its name."""
        text = xml_text(name)
        start, stop = self._frame(start_samples), self._frame(stop_samples)
        samples = {"start_samples": start_samples, "length_samples": stop_samples - start_samples}
        return schema.Marker(
            name=text,
            comment=text,
            marked_range=self._range(start, stop - start),
            color=color,
            metadata={"offcut": {"rate_hz": self._rate_hz, **samples}},
        )

    def _track(self, track: Track) -> schema.Track:
        """Return a track; its values as Offcut has them are in the metadata, too."""
        channels = self._request.state.channels(track)
        laid = schema.Track(
            name=xml_text(track.name), kind=schema.TrackKind.Audio, metadata=track_metadata(track, channels)
        )
        laid.metadata["offcut"] = {
            "gain_db": track.gain_db,
            "pan": track.pan,
            "color": track.color,
            "group": xml_text(track.group),
            "role": xml_text(track.role),
            "mute": track.mute,
            "solo": track.solo,
        }
        found = clips_of(self._request, track)
        fades = crossfades(found)
        left: tuple[int, _Placed] | None = None
        for number, clip in enumerate(found):
            self._progress.check_cancelled()
            placed = self._placed(clip)
            if placed is None:
                continue
            silence = placed.start - (left[1].end if left else 0)
            if silence:
                laid.append(schema.Gap(source_range=self._range(0, silence)))
            elif left and left[0] == number - 1 and self._frames(sum(fades.get(number, ()))) >= 1:
                laid.append(self._transition(left[1], placed, fades[number]))
            laid.append(self._clip(track, placed))
            left = number, placed
        return laid

    def _placed(self, clip: ResultClip) -> _Placed | None:
        """Return a clip in frames, within its medium; None if it is shorter than a frame."""
        source = self._request.sources[clip.source_id]
        ahead = self._frames(clip.start_samples - clip.result_start_samples)
        source_end = Fraction(source.frames, source.rate_hz) * self._frame_rate
        first = self._frame(clip.result_start_samples)
        end = min(self._frame(clip.result_stop_samples), floor(source_end - ahead))
        start = max(first, ceil(-ahead))
        if first < end <= start:  # the medium begins within the only frame
            start = end - 1
        timecode, source_start = self._timecodes[clip.source_id], max(start + ahead, Fraction(0))
        return _Placed(clip, start, end, source_start, source_end, timecode) if start < end else None

    def _transition(self, left: _Placed, right: _Placed, reach: tuple[int, int]) -> schema.Transition:
        """Return a crossfade, no longer than both media go on."""
        before, after = (self._frames(samples) for samples in reach)
        return schema.Transition(
            transition_type=schema.TransitionTypes.SMPTE_Dissolve,
            in_offset=self._at(min(before, right.source_start)),
            out_offset=self._at(min(after, left.source_end - left.source_stop)),
        )

    def _clip(self, track: Track, placed: _Placed) -> schema.Clip:
        clip = placed.clip
        source = self._request.sources[clip.source_id]
        path = source_path(source, self._request.named_media)
        exact = {
            "rate_hz": self._rate_hz,
            "start_samples": clip.start_samples,
            "length_samples": clip.length_samples,
            "result_start_samples": clip.result_start_samples,
            "before_samples": clip.before_samples,
            "after_samples": clip.after_samples,
            "fade_in_samples": clip.fade_in_samples,
            "fade_out_samples": clip.fade_out_samples,
            "result_start_frame": placed.start,
            "result_stop_frame": placed.end,
        }
        return schema.Clip(
            name=xml_text(path.name),
            media_reference=schema.ExternalReference(
                target_url=_url(path, self._request),
                available_range=self._range(placed.timecode, placed.source_end),
            ),
            source_range=self._range(placed.timecode + placed.source_start, placed.end - placed.start),
            metadata={**clip_metadata(source.channels), "offcut": exact},
            effects=clip_effects(track),
        )

    def _frame(self, samples: int) -> int:
        return samples_to_video_frames(samples, self._rate_hz, self._frame_rate)

    def _frames(self, samples: int) -> Fraction:
        return samples * self._frame_rate / self._rate_hz

    def _at(self, frames: Fraction | int) -> opentime.RationalTime:
        return opentime.RationalTime(float(frames), float(self._frame_rate))

    def _range(self, start: Fraction | int, length: Fraction | int) -> opentime.TimeRange:
        return opentime.TimeRange(self._at(start), self._at(length))


def _url(path: Path, request: ExportRequest) -> str:
    """Return a URL, relative if the recordings are collected next to the timeline."""
    folder = request.out.parent.absolute()
    if request.options.collect and path.is_relative_to(folder):
        return _plain(quote(path.relative_to(folder).as_posix()))
    return _plain(path.as_uri())


def _plain(address: str) -> str:
    """Return an address with spaces and letters as they are: Kdenlive 26.08 looks for the encoded name."""

    def decoded(match: re.Match[str]) -> str:
        text = unquote(match[0], errors="surrogateescape")
        return "".join(
            char
            if char.isprintable() and char not in _RESERVED
            else quote(char, safe="", errors="surrogateescape")
            for char in text
        )

    return _ENCODED.sub(decoded, address)
