"""Final Cut Pro 7 XML ("xmeml" version 5), which Premiere Pro, DaVinci Resolve and Media Composer read too.

The format counts video frames and holds one channel a track: a stereo source becomes two linked tracks. Each
position in the result is rounded to the nearest frame by itself, from its integer sample, and the source's
start follows it: a clip is placed half a frame off at most, and plays its source half a frame off at most.
Its end in the source follows from its start and the rounded length. A clip that rounds to no frame at all is
left out. A crossfade becomes a transition around the cut, one frame long at least; the clips keep the places
that they have without it. Its curve is the renderer's where the recording can be read, else equal power.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor
from xml.etree import ElementTree

from engine.core.files.safe_write import replacing
from engine.core.files.xml_text import child, xml_bytes
from engine.core.progress import Progress
from engine.core.timebase import samples_to_video_frames, timecode
from engine.document.tracks import Source, Track, audible
from engine.exchange.export.placing.clips import FrameClip, clips_of, frame_clips, lost_in_frames
from engine.exchange.export.placing.marks import known_curves, seams
from engine.exchange.export.placing.timecode import FrameRate, drops_frames, source_begin_s, source_path
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.crossfade import Curve
from engine.sound.edl.edit_list import EditList, placed_markers
from engine.sound.edl.render import mix_channels
from engine.sound.edl.tracks.voice import sides
from engine.sound.writer import bits_of, export_format

_STEREO = 2
_LOUDEST = 10.0 ** (12.0 / 20.0)  # the level filter ends at +12 dB
_PICTURE = {
    "width": 1920,
    "height": 1080,
    "anamorphic": "FALSE",
    "pixelaspectratio": "square",
    "fielddominance": "none",
    "colordepth": 24,
}
_TRANSITIONS = {
    Curve.EQUAL_GAIN: ("Cross Fade ( 0dB)", "KGAudioTransCrossFade0dB"),
    Curve.EQUAL_POWER: ("Cross Fade (+3dB)", "KGAudioTransCrossFade3dB"),
}
_WIPE = {"wipecode": 0, "wipeaccuracy": 100, "startratio": 0, "endratio": 1, "reverse": "FALSE"}


@dataclass(frozen=True, slots=True)
class _Item:
    """A clip with the number that makes its ids unique, and the curve of the transition at its start."""

    number: int
    placed: FrameClip
    source: Source
    curve: Curve = Curve.EQUAL_POWER

    @property
    def transition(self) -> tuple[int, int]:
        """From where to where the transition at its start reaches, around the cut."""
        first = self.placed.start - self.placed.crossfade // 2
        return first, first + self.placed.crossfade


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the sequence; the sources are named, not opened."""
    progress.check_cancelled()
    content = xml_bytes(_Writer(request, progress).document(), "xmeml", progress)
    with replacing(request.out, overwrite=request.overwrite) as part:
        part.write_bytes(content)
    progress.report(1.0, "Writing the sequence")
    lost = lost_in_frames(request.edit_list, request.frame_rate.exact)
    return written_project(request, len(request.state.tracks), frames=str(request.frame_rate), more=lost)


class _Writer:
    """Builds the elements of one sequence; remembers which files were described already."""

    def __init__(self, request: ExportRequest, progress: Progress) -> None:
        self._request = request
        self._progress = progress
        self._edit_list: EditList = request.edit_list
        self._frames_per_s: Fraction = request.frame_rate.exact
        self._described: set[str] = set()
        self._items = 0

    def document(self) -> ElementTree.Element:
        """Return the whole document."""
        state = self._request.state
        root = ElementTree.Element("xmeml", version="5")
        sequence = child(root, "sequence")
        sequence.set("id", "sequence-1")
        sequence.set("explodedTracks", "true")
        child(sequence, "name", self._request.title)
        child(sequence, "duration", self._frames(self._edit_list.length_samples))
        self._add_rate(sequence)
        self._add_timecode(sequence, Fraction(0))
        media = child(sequence, "media")
        self._add_video_format(media)
        audio = child(media, "audio")
        child(audio, "numOutputChannels", max(2, mix_channels(state)))
        child(audio, "format").append(_characteristics(24, self._edit_list.rate_hz))
        for number, track in enumerate(state.tracks):
            begun, done = (0.5 * count / len(state.tracks) for count in (number, number + 1))
            self._add_track(audio, track, self._progress.part(begun, done))
            self._progress.report(done, "Writing the sequence")
        for seam in seams(state, self._edit_list):
            self._add_marker(sequence, seam.title, seam.label, seam.position_samples)
        for marker in placed_markers(state.markers.values(), self._edit_list):
            stop = marker.stop_samples if marker.is_region else None
            self._add_marker(sequence, marker.name, "", marker.start_samples, stop)
        return root

    def _add_video_format(self, media: ElementTree.Element) -> None:
        """Describe a full HD picture, or else Premiere makes a DV sequence; no track has video."""
        picture = child(child(child(media, "video"), "format"), "samplecharacteristics")
        self._add_rate(picture)
        for name, value in _PICTURE.items():
            child(picture, name, value)

    def _add_marker(
        self,
        sequence: ElementTree.Element,
        name: str,
        comment: str,
        start_samples: int,
        stop_samples: int | None = None,
    ) -> None:
        marker = child(sequence, "marker")
        child(marker, "comment", comment)
        child(marker, "name", name)
        child(marker, "in", self._frames(start_samples))
        child(marker, "out", -1 if stop_samples is None else self._frames(stop_samples))

    def _frames(self, samples: int) -> int:
        rate_hz = max(1, self._edit_list.rate_hz)
        return samples_to_video_frames(samples, rate_hz, self._frames_per_s)

    def _add_rate(self, parent: ElementTree.Element) -> None:
        rate: FrameRate = self._request.frame_rate
        element = child(parent, "rate")
        child(element, "timebase", rate.nominal)
        child(element, "ntsc", _flag(self._frames_per_s.denominator != 1))

    def _add_timecode(
        self, parent: ElementTree.Element, begin_s: Fraction, *, is_dropping: bool = False
    ) -> None:
        frame = floor(begin_s * self._frames_per_s + Fraction(1, 2))
        element = child(parent, "timecode")
        self._add_rate(element)
        nominal = self._request.frame_rate.nominal
        child(element, "string", timecode(frame, nominal, drops_frames=is_dropping))
        child(element, "frame", frame)
        child(element, "displayformat", "DF" if is_dropping else "NDF")

    def _add_track(self, audio: ElementTree.Element, track: Track, progress: Progress) -> None:
        """Add one track for each channel of the source."""
        channels = self._request.state.channels(track)
        items = list(self._clip_items(track, progress))
        first_index = len(audio.findall("track")) + 1
        is_audible = track in audible(self._request.state.tracks)
        for channel in range(1, channels + 1):
            element = child(audio, "track")
            _say_channel(element, channel, channels)
            for place, item in enumerate(items, 1):
                self._progress.check_cancelled()
                if item.placed.crossfade:
                    self._add_transition(element, item)
                self._add_item(element, track, item, channel)
                if channels > 1:
                    for other in range(1, channels + 1):
                        self._add_link(element[-1], item, other, first_index + other - 1, place)
            child(element, "enabled", _flag(is_audible))
            child(element, "locked", _flag(False))
            if channels == _STEREO:
                child(element, "outputchannelindex", channel)

    def _clip_items(self, track: Track, progress: Progress) -> Iterator[_Item]:
        sources, rate_hz = self._request.sources, self._edit_list.rate_hz
        found = list(frame_clips(clips_of(self._request, track), sources, rate_hz, self._frames_per_s))
        curves = known_curves(self._request, track, progress) if any(one.crossfade for one in found) else ()
        for placed in found:
            self._items += 1
            curve = curves[placed.clip.segment] if curves and placed.crossfade else Curve.EQUAL_POWER
            yield _Item(self._items, placed, sources[placed.clip.source_id], curve)

    def _add_transition(self, parent: ElementTree.Element, item: _Item) -> None:
        name, effect_id = _TRANSITIONS[item.curve]
        start, end = item.transition
        element = child(parent, "transitionitem")
        child(element, "start", start)
        child(element, "end", end)
        child(element, "alignment", "center")
        self._add_rate(element)
        effect = child(element, "effect")
        for field, value in (("name", name), ("effectid", effect_id), ("effecttype", "transition")):
            child(effect, field, value)
        child(effect, "mediatype", "audio")
        for field, setting in _WIPE.items():
            child(effect, field, setting)

    def _add_item(self, parent: ElementTree.Element, track: Track, item: _Item, channel: int) -> None:
        source, placed = item.source, item.placed
        element = child(parent, "clipitem")
        element.set("id", _item_id(item, channel))
        element.set("premiereChannelType", "stereo" if source.channels == _STEREO else "mono")
        child(element, "masterclipid", f"masterclip-{self._number(source)}")
        child(element, "name", track.name)
        child(element, "enabled", _flag(True))
        child(element, "duration", self._source_frames(source))
        self._add_rate(element)
        child(element, "start", placed.start)
        child(element, "end", placed.end)
        child(element, "in", placed.source_in)
        child(element, "out", placed.source_in + placed.length)
        self._add_file(element, source)
        source_track = child(element, "sourcetrack")
        child(source_track, "mediatype", "audio")
        child(source_track, "trackindex", channel)
        level = 10.0 ** (track.gain_db / 20.0)
        if source.channels > 1 and channel <= 2:
            level *= sides(track.pan)[channel - 1]  # of a linked pair, pan says where each channel is heard
        if level != 1.0:
            element.append(_filter("Audio Levels", "audiolevels", "level", (0.0, _LOUDEST), level))
        if track.pan and source.channels == 1:
            element.append(_filter("Audio Pan", "audiopan", "pan", (-1.0, 1.0), track.pan))

    def _source_frames(self, source: Source) -> int:
        return samples_to_video_frames(source.frames, source.rate_hz, self._frames_per_s)

    def _number(self, source: Source) -> int:
        """Return the number of a file and of its master clip."""
        return list(self._request.sources).index(source.id) + 1

    def _add_file(self, parent: ElementTree.Element, source: Source) -> None:
        """Describe a file at its first occurrence, and only name it later."""
        element = child(parent, "file")
        element.set("id", f"file-{self._number(source)}")
        if source.id in self._described:
            return
        self._described.add(source.id)
        path = source_path(source, self._request.named_media)
        child(element, "name", path.name)
        child(element, "pathurl", path.as_uri().replace("file:///", "file://localhost/", 1))
        self._add_rate(element)
        is_dropping = drops_frames(source, self._request.named_media, self._frames_per_s)
        self._add_timecode(
            element, source_begin_s(source, self._request.named_media), is_dropping=is_dropping
        )
        child(element, "duration", self._source_frames(source))
        audio = child(child(element, "media"), "audio")
        bits = min(24, bits_of(export_format([source.subtype], ".wav")))
        audio.append(_characteristics(bits, source.rate_hz))
        child(audio, "channelcount", source.channels)

    def _add_link(
        self, item_element: ElementTree.Element, item: _Item, channel: int, track_index: int, place: int
    ) -> None:
        link = child(item_element, "link")
        child(link, "linkclipref", _item_id(item, channel))
        child(link, "mediatype", "audio")
        child(link, "trackindex", track_index)
        child(link, "clipindex", place)


def _say_channel(element: ElementTree.Element, channel: int, channels: int) -> None:
    """Set the channel of a clip, without which Premiere imports a stereo source as two mono tracks.

    Premiere supports pairs and single channels; more than two channels are imported one by one.
    """
    is_pair = channels == _STEREO
    element.set("currentExplodedTrackIndex", str(channel - 1 if is_pair else 0))
    element.set("totalExplodedTrackCount", str(_STEREO if is_pair else 1))
    element.set("premiereTrackType", "Stereo" if is_pair else "Mono")


def _item_id(item: _Item, channel: int) -> str:
    return f"clipitem-{item.number}-{channel}"


def _characteristics(bits: int, rate_hz: int) -> ElementTree.Element:
    element = ElementTree.Element("samplecharacteristics")
    child(element, "depth", bits)
    child(element, "samplerate", rate_hz)
    return element


def _filter(
    name: str, effect_id: str, parameter_id: str, limits: tuple[float, float], value: float
) -> ElementTree.Element:
    """Return the filter that sets one value of a clip, which the format keeps within limits."""
    filtered = ElementTree.Element("filter")
    effect = child(filtered, "effect")
    child(effect, "name", name)
    for field in ("effectid", "effectcategory", "effecttype"):
        child(effect, field, effect_id)
    child(effect, "mediatype", "audio")
    parameter = child(effect, "parameter")
    child(parameter, "parameterid", parameter_id)
    child(parameter, "name", parameter_id.capitalize())
    child(parameter, "valuemin", f"{limits[0]:.6g}")
    child(parameter, "valuemax", f"{limits[1]:.6g}")
    child(parameter, "value", f"{min(max(value, limits[0]), limits[1]):.6f}")
    return filtered


def _flag(value: bool) -> str:
    return "TRUE" if value else "FALSE"
