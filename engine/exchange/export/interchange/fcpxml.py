"""FCPXML 1.9 for Final Cut Pro, DaVinci Resolve and Logic: sound alone, at sample positions.

A project needs a picture to hang sound on, so the main storyline is one gap as long as the result, and every
clip is connected to it. Connected sound may begin between frames: all times are fractions of a second made
from whole samples, exactly. Two clips on one lane may not overlap, so crossfaded neighbours alternate between
two lanes, each with its own fade, as two items of one track do in other editors.
"""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

from engine.core.files.safe_write import replacing
from engine.core.files.xml_text import xml_bytes, xml_text
from engine.core.progress import Progress
from engine.document.tracks import Track, audible
from engine.exchange.export.placing.clips import ResultClip, clips_of, crossfades
from engine.exchange.export.placing.marks import seams
from engine.exchange.export.placing.timecode import source_begin_s, source_path
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.edit_list import EditList, placed_markers

VERSION = "1.9"

_STEREO_PAN = "1 (Stereo Left/Right)"
_RATES = {
    32_000: "32k",
    44_100: "44.1k",
    48_000: "48k",
    88_200: "88.2k",
    96_000: "96k",
    176_400: "176.4k",
    192_000: "192k",
}


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the project; the sources are named, not opened."""
    progress.check_cancelled()
    content = xml_bytes(_document(request, progress), "fcpxml", progress)
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_bytes(content)
    progress.report(1.0, "Writing the project")
    return written_project(request, len(request.state.tracks))


def _document(request: ExportRequest, progress: Progress) -> ElementTree.Element:
    state = request.state
    edit_list = request.edit_list
    root = ElementTree.Element("fcpxml", version=VERSION)
    _add_resources(root, request)
    event = _add(_add(root, "library"), "event", name=request.title)
    project = _add(event, "project", name=request.title)

    frame = 1 / request.frame_rate.exact
    length_s = _seconds(edit_list.length_samples, edit_list)
    length_s = max(1, -(-length_s // frame)) * frame  # a gap lasts whole frames
    values = {"format": "r0", "duration": _time(length_s), "tcStart": "0s", "tcFormat": "NDF"}
    values["audioLayout"] = "stereo"  # Final Cut refuses "mono", which the definition allows
    if edit_list.rate_hz in _RATES:
        values["audioRate"] = _RATES[edit_list.rate_hz]
    spine = _add(_add(project, "sequence", **values), "spine")
    gap = _add(spine, "gap", name="Gap", offset="0s", start="0s", duration=_time(length_s))
    _add_tracks(gap, request, edit_list, progress)
    for seam in seams(state, edit_list):
        start = _time(_seconds(seam.position_samples, edit_list))
        _add(gap, "marker", start=start, duration=_time(frame), value=seam.label)
    for marker in placed_markers(state.markers.values(), edit_list):
        start_s, stop_s = (_seconds(edge, edit_list) for edge in (marker.start_samples, marker.stop_samples))
        length_s = max(frame, stop_s - start_s)
        _add(gap, "marker", start=_time(start_s), duration=_time(length_s), value=marker.name)
    return root


def _add_resources(root: ElementTree.Element, request: ExportRequest) -> None:
    """Add the format of the empty picture and one asset for each source and consolidated file."""
    resources = _add(root, "resources")
    rate = request.frame_rate
    _add(
        resources,
        "format",
        id="r0",
        name="FFVideoFormat1080p" + f"{float(rate.value):.2f}".removesuffix(".00").replace(".", ""),
        frameDuration=_time(1 / rate.exact),
        width="1920",
        height="1080",
    )
    for source_id, resource_id in _resource_ids(request).items():
        source = request.sources[source_id]
        path = source_path(source, request.named_media)
        asset = _add(
            resources,
            "asset",
            id=resource_id,
            name=path.name,
            start=_time(source_begin_s(source, request.named_media)),
            duration=_time(Fraction(source.frames, source.rate_hz)),
            hasAudio="1",
            audioSources="1",
            audioChannels=str(source.channels),
            audioRate=str(source.rate_hz),
        )
        _add(asset, "media-rep", kind="original-media", src=path.as_uri())


def _add_tracks(
    gap: ElementTree.Element, request: ExportRequest, edit_list: EditList, progress: Progress
) -> None:
    """Connect every clip of every track, each track on lanes of its own below the storyline."""
    state = request.state
    resource_ids = _resource_ids(request)
    begins_s = {key: source_begin_s(source, request.named_media) for key, source in request.sources.items()}
    played = audible(state.tracks)
    lane = 0
    for number, track in enumerate(state.tracks):
        found = clips_of(request, track)
        lanes = 2 if crossfades(found) else 1
        for place, clip in enumerate(found):
            progress.check_cancelled()
            element = _clip_element(gap, clip, edit_list, begins_s[clip.source_id])
            element.set("ref", resource_ids[clip.source_id])
            element.set("lane", str(-(lane + place % lanes + 1)))
            element.set("name", xml_text(track.name))
            element.set("enabled", str(int(track in played)))
            element.set("audioRole", _role(track))
            _add_volume(element, track, clip, edit_list)
            if track.pan:
                _add(element, "adjust-panner", mode=_STEREO_PAN, amount=f"{100 * track.pan:.6g}")
        lane += lanes
        progress.report(0.5 * (number + 1) / len(state.tracks), "Writing the project")


def _clip_element(
    gap: ElementTree.Element, clip: ResultClip, edit_list: EditList, begin_s: Fraction
) -> ElementTree.Element:
    """Add a clip with the material of its crossfades."""
    before, length = clip.before_samples, clip.before_samples + clip.length_samples + clip.after_samples
    return _add(
        gap,
        "asset-clip",
        offset=_time(_seconds(clip.result_start_samples - before, edit_list)),
        start=_time(begin_s + _seconds(clip.start_samples - before, edit_list)),
        duration=_time(_seconds(length, edit_list)),
    )


def _add_volume(element: ElementTree.Element, track: Track, clip: ResultClip, edit_list: EditList) -> None:
    """Add the gain and the fades, if any."""
    if not (track.gain_db or clip.fade_in_samples or clip.fade_out_samples):
        return
    volume = _add(element, "adjust-volume", amount=f"{track.gain_db:.6g}dB")
    if clip.fade_in_samples or clip.fade_out_samples:
        param = _add(volume, "param", name="amount")
        for name, fade in (("fadeIn", clip.fade_in_samples), ("fadeOut", clip.fade_out_samples)):
            if fade:
                _add(param, name, type="linear", duration=_time(_seconds(fade, edit_list)))


def _resource_ids(request: ExportRequest) -> dict[str, str]:
    return {source_id: f"r{number}" for number, source_id in enumerate(request.sources, 1)}


def _role(track: Track) -> str:
    """Return a subrole for a track; a dot parts role and subrole."""
    name = xml_text(" ".join(track.name.replace(".", " ").split()))
    return f"music.{name}" if name else "music"


def _seconds(samples: int, edit_list: EditList) -> Fraction:
    return Fraction(samples, max(1, edit_list.rate_hz))


def _time(seconds: Fraction) -> str:
    """Write an exact time the way FCPXML does."""
    whole = seconds.denominator == 1
    return f"{seconds.numerator}s" if whole else f"{seconds.numerator}/{seconds.denominator}s"


def _add(parent: ElementTree.Element, tag: str, /, **values: str) -> ElementTree.Element:
    return ElementTree.SubElement(parent, tag, {key: xml_text(value) for key, value in values.items()})
