"""An OpenTimelineIO timeline: the tracks as clips of the sources, with gaps, crossfades and markers.

Every time is a whole number of samples at the document's rate, so nothing is rounded.
"""

from __future__ import annotations

from opentimelineio import opentime, schema

from engine.document.tracks.track import Track, audible
from engine.edl.export.clips import Clip, clips_of, crossfades, source_path, with_gaps
from engine.edl.export.request import Exported, ExportRequest, accepted_edits, counted_edits, edit_figures
from engine.edl.export.seams import seams
from engine.edl.placed_markers import placed_markers
from engine.files.safe_write import replacing, shown
from engine.progress import Progress
from engine.wording import counted
from engine.xml_text import xml_text


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the timeline; the sources are named, not opened."""
    progress.check_cancelled()
    timeline = _timeline(request, progress)
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_text(timeline.to_json_string(indent=1) + "\n", encoding="utf-8", newline="\n")
    progress.report(1.0, "Writing the timeline")
    tracks, edits = len(request.state.tracks), accepted_edits(request.state)
    sentence = f"Wrote {counted(tracks, 'track')} with {counted_edits(edits)} to {shown(request.out.name)}."
    return Exported(request.out, sentence, {"tracks": float(tracks), **edit_figures(edits)})


def _timeline(request: ExportRequest, progress: Progress) -> schema.Timeline:
    state = request.state
    edit_list = request.edit_list
    timeline = schema.Timeline(xml_text(request.title))
    timeline.global_start_time = _time(0, edit_list.rate_hz)
    heard = audible(state.tracks)
    for number, track in enumerate(state.tracks):
        laid = _track(request, track, progress)
        laid.enabled = track in heard
        timeline.tracks.append(laid)
        progress.report(0.5 * (number + 1) / len(state.tracks), "Writing the timeline")
    for seam in seams(state, edit_list):
        timeline.tracks.markers.append(
            schema.Marker(
                name=xml_text(seam.label),
                marked_range=_span(seam.position_samples, 0, edit_list.rate_hz),
                color=schema.MarkerColor.RED,
            )
        )
    for marker in placed_markers(state.markers.values(), edit_list):
        length = marker.stop_samples - marker.start_samples
        timeline.tracks.markers.append(
            schema.Marker(
                name=xml_text(marker.name),
                marked_range=_span(marker.start_samples, length, edit_list.rate_hz),
                color=schema.MarkerColor.YELLOW,
            )
        )
    return timeline


def _track(request: ExportRequest, track: Track, progress: Progress) -> schema.Track:
    """Return a track; what OTIO has no place for, such as gain and pan, stands in the metadata."""
    rate_hz = request.edit_list.rate_hz
    laid = schema.Track(name=xml_text(track.name), kind=schema.TrackKind.Audio)
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
            laid.append(schema.Gap(source_range=_span(0, silence, rate_hz)))
        if number in fades:
            before, after = fades[number]
            laid.append(
                schema.Transition(
                    transition_type=schema.TransitionTypes.SMPTE_Dissolve,
                    in_offset=_time(before, rate_hz),
                    out_offset=_time(after, rate_hz),
                )
            )
        laid.append(_clip(request, clip, rate_hz))
    return laid


def _clip(request: ExportRequest, clip: Clip, rate_hz: int) -> schema.Clip:
    source = request.sources[clip.source_id]
    path = source_path(source, request.media)
    return schema.Clip(
        name=xml_text(path.name),
        media_reference=schema.ExternalReference(
            target_url=path.as_uri(), available_range=_span(0, source.frames, source.rate_hz)
        ),
        source_range=_span(clip.start_samples, clip.length_samples, rate_hz),
    )


def _time(samples: int, rate_hz: int) -> opentime.RationalTime:
    return opentime.RationalTime(samples, rate_hz)


def _span(start_samples: int, length_samples: int, rate_hz: int) -> opentime.TimeRange:
    return opentime.TimeRange(_time(start_samples, rate_hz), _time(length_samples, rate_hz))
