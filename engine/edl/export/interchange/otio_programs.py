"""Metadata of OpenTimelineIO files that Resolve and Premiere Pro write and read beyond the fields of OTIO.

Names and units follow published descriptions of files of DaVinci Resolve 17 to 21 and of Premiere Pro:
`Resolve_OTIO` holds the type of an audio track, the channels of a clip, its volume in dB and its pan in
percent; `PremierePro_OTIO` holds the format of the sequence and the channels.
"""

from __future__ import annotations

from typing import Any

from opentimelineio import schema

from engine.document.tracks.track import Track
from engine.edl.export.placing.frame_rates import FrameRate

RESOLVE, PREMIERE = "Resolve_OTIO", "PremierePro_OTIO"

_TYPES = {1: "Mono", 2: "Stereo"}  # more channels come in as each program decides
_VOLUME_DB, _PAN_PERCENT = (-100.0, 30.0), (-100.0, 100.0)

Metadata = dict[str, dict[str, Any]]


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
    said = {"Effect Name": effect_name, "Name": name, "Enabled": True, "Type": number, "Parameters": [values]}
    return schema.Effect(effect_name="Resolve Effect", metadata={RESOLVE: said})
