"""An OpenTimelineIO timeline: the tracks as clips of the sources, with gaps, crossfades and markers.

Times count video frames, as film programs take the rate of a time for that of the sequence. They are not
rounded: a sample between two frames is a fraction of a frame.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from opentimelineio import opentime, schema

from engine.document.tracks.track import Track, audible
from engine.edl.export.clips import Clip, clips_of, crossfades, source_path, with_gaps
from engine.edl.export.interchange.otio_programs import (
    clip_effects,
    clip_metadata,
    sequence_metadata,
    timeline_metadata,
    track_metadata,
)
from engine.edl.export.request import Exported, ExportRequest, accepted_edits, counted_edits, edit_figures
from engine.edl.export.seams import seams
from engine.edl.placed_markers import placed_markers
from engine.files.safe_write import replacing, shown
from engine.progress import Progress
from engine.wording import counted
from engine.xml_text import xml_text

Time = Callable[[int], opentime.RationalTime]
"""Converts samples to frames."""


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the timeline; the sources are named, not opened."""
    progress.check_cancelled()
    timeline = _timeline(request, progress)
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing the timeline")
    tracks, edits = len(request.state.tracks), accepted_edits(request.state)
    sentence = (
        f"Wrote {counted(tracks, 'track')} with {counted_edits(edits)} at {request.options.frame_rate} "
        f"frames a second to {shown(request.out.name)}."
    )
    return Exported(request.out, sentence, {"tracks": float(tracks), **edit_figures(edits)})


def _timeline(request: ExportRequest, progress: Progress) -> schema.Timeline:
    state = request.state
    edit_list = request.edit_list
    at = _time(edit_list.rate_hz, request)
    timeline = schema.Timeline(xml_text(request.title), metadata=timeline_metadata())
    timeline.global_start_time = at(0)
    timeline.tracks.metadata.update(sequence_metadata(edit_list.rate_hz, request.options.frame_rate))
    heard = audible(state.tracks)
    for number, track in enumerate(state.tracks):
        laid = _track(request, track, at, progress)
        laid.enabled = track in heard
        timeline.tracks.append(laid)
        progress.report(0.5 * (number + 1) / len(state.tracks), "Writing the timeline")
    for seam in seams(state, edit_list):
        timeline.tracks.markers.append(
            schema.Marker(
                name=xml_text(seam.label),
                marked_range=opentime.TimeRange(at(seam.position_samples), at(0)),
                color=schema.MarkerColor.RED,
            )
        )
    for marker in placed_markers(state.markers.values(), edit_list):
        length = marker.stop_samples - marker.start_samples
        timeline.tracks.markers.append(
            schema.Marker(
                name=xml_text(marker.name),
                marked_range=opentime.TimeRange(at(marker.start_samples), at(length)),
                color=schema.MarkerColor.YELLOW,
            )
        )
    return timeline


def _track(request: ExportRequest, track: Track, at: Time, progress: Progress) -> schema.Track:
    """Return a track; its values as Offcut has them are in the metadata, too."""
    channels = request.state.sources[track.source_id].channels
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
    found = clips_of(request, track)
    fades = crossfades(found)
    for number, (silence, clip) in enumerate(with_gaps(found)):
        progress.check_cancelled()
        if silence:
            laid.append(schema.Gap(source_range=opentime.TimeRange(at(0), at(silence))))
        if number in fades:
            before, after = fades[number]
            laid.append(
                schema.Transition(
                    transition_type=schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=at(before),
                    out_offset=at(after),
                )
            )
        laid.append(_clip(request, track, clip, at))
    return laid


def _clip(request: ExportRequest, track: Track, clip: Clip, at: Time) -> schema.Clip:
    source = request.sources[clip.source_id]
    path = source_path(source, request.media)
    in_source = _time(source.rate_hz, request)
    return schema.Clip(
        name=xml_text(path.name),
        media_reference=schema.ExternalReference(
            target_url=_url(path, request),
            available_range=opentime.TimeRange(in_source(0), in_source(source.frames)),
        ),
        source_range=opentime.TimeRange(at(clip.start_samples), at(clip.length_samples)),
        metadata=clip_metadata(source.channels),
        effects=clip_effects(track),
    )


def _url(path: Path, request: ExportRequest) -> str:
    """Return an address, which moves with the timeline where the recordings are collected beside it."""
    folder = request.out.parent.absolute()
    if request.options.collect and path.is_relative_to(folder):
        return quote(path.relative_to(folder).as_posix())
    return path.as_uri()


def _time(rate_hz: int, request: ExportRequest) -> Time:
    """Return what converts samples at a rate to frames of the request."""
    frame_rate = request.options.frame_rate.exact

    def at(samples: int) -> opentime.RationalTime:
        return opentime.RationalTime(float(samples * frame_rate / max(1, rate_hz)), float(frame_rate))

    return at
