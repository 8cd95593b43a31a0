"""The plan of an audio export, made before any sample is read: files, their spans, rates and formats.

A file is the mix or a track, of the whole result or of one region, such as a song of a rehearsal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from engine.core.errors import ExportError
from engine.core.files.safe_write import shown
from engine.core.timebase import convert_samples, format_time, samples_to_s
from engine.core.wording import listed
from engine.document.state import DocumentState, Marker
from engine.document.tracks import audible
from engine.exchange.export.formats import FORMATS
from engine.exchange.export.interchange.chapters import chapters_of
from engine.exchange.export.placing.marks import removed_edit_list
from engine.exchange.export.request import RATES_HZ, Depth, ExportRequest
from engine.exchange.names import name_of_file, named_after
from engine.sound.codecs import CODECS, MOST_CHANNELS, Coding, Container, Tags
from engine.sound.edl.edit_list import EditList, placed_markers
from engine.sound.edl.render import mix_channels
from engine.sound.writer import bits_of, container_for, export_format

LEAST_S = 0.01
SAMPLES_A_S = 20_000_000
"""Rendered and written a second, of one track."""
_CODED_SAMPLES_A_S = 2_000_000  # coded, measured with MP3, of all channels together
_MOST_NAMED = 5
_SUBTYPES = {Depth.BITS_16: "PCM_16", Depth.BITS_24: "PCM_24", Depth.FLOAT_32: "FLOAT"}
_WORDS = {"FLOAT": "32-bit float", "DOUBLE": "64-bit float"}
_MOST_FLAC_CHANNELS = 8


@dataclass(frozen=True, slots=True)
class PlannedRegion:
    """The remainder of a region, as [start, stop) in samples of the result."""

    name: str
    span: tuple[int, int]


def planned_regions(
    request: ExportRequest, edit_list: EditList, span: tuple[int, int]
) -> tuple[PlannedRegion, ...]:
    """Return the regions within a span of the result, in its order.

    A region that plays twice is listed twice; overlapping regions share their common part.

    Raises
    ------
    ExportError : no region is left
    """
    regions, name = _regions(request), shown(request.out)
    if not regions:
        raise ExportError(
            f"{name} would have no files because no region is named: name a span first, or write it whole."
        )
    start, stop = span
    placed = placed_markers(regions, edit_list, onto_seams=False)
    inside = [
        PlannedRegion(one.name, (max(one.start_samples, start), min(one.stop_samples, stop)))
        for one in placed
        if one.start_samples < stop and one.stop_samples > start
    ]
    if not inside:
        raise ExportError(
            f"{name} would have no files because the result contains no region: choose another range, or "
            "write it whole."
        )
    return tuple(sorted(inside, key=lambda one: one.span))


def unheard_sentence(request: ExportRequest, edit_list: EditList) -> str:
    """List the regions that have no file because none of their audio is in the result; "" if all have one."""
    regions = _regions(request)
    placed = {one.id for one in placed_markers(regions, edit_list, onto_seams=False)}
    names = [one.name or "a region without a name" for one in _ordered(regions) if one.id not in placed]
    if not names:
        return ""
    if len(names) > _MOST_NAMED:
        names = [*names[: _MOST_NAMED - 1], f"{len(names) - _MOST_NAMED + 1} more"]
    return f"The result contains nothing of {listed(names)}: no file was written for it."


def _regions(request: ExportRequest) -> tuple[Marker, ...]:
    return _ordered(marker for marker in request.state.markers.values() if marker.is_region)


def _ordered(markers: Iterable[Marker]) -> tuple[Marker, ...]:
    return tuple(sorted(markers, key=lambda one: (one.start_samples, one.stop_samples, one.id)))


@dataclass(frozen=True, slots=True)
class PlannedAudio:
    """One audio file: its path and format, and the document as it plays there.

    Attributes
    ----------
    rate_hz : of the file; may differ from the document's
    subtype, source_subtype : libsndfile's names of the written format and of one that would hold the sources
    coding : lossy coding; None for a lossless file
    span : the part [start, stop) of the result that is in it
    tags : None in WAV, which has chunks instead
    """

    path: Path
    state: DocumentState
    container: Container
    channels: int
    rate_hz: int
    subtype: str
    source_subtype: str
    coding: Coding | None
    span: tuple[int, int]
    tags: Tags | None = None

    @property
    def frames(self) -> int:
        """Its length in samples of the document."""
        return self.span[1] - self.span[0]

    @property
    def written_frames(self) -> int:
        """Its length in samples of its own."""
        return max(1, convert_samples(self.frames, self.state.rate_hz, self.rate_hz))

    @property
    def is_converted(self) -> bool:
        """Whether its rate is another than the document's."""
        return self.rate_hz != self.state.rate_hz

    @property
    def size_bytes(self) -> int:
        """Size before FLAC compression; approximate for a lossy file."""
        if self.coding is None:
            return self.written_frames * self.channels * bits_of(self.subtype) // 8
        kbit_s = self.coding.codec.kbit_s(self.coding.quality, self.channels)
        return round(samples_to_s(self.frames, self.state.rate_hz) * kbit_s * 1_000 / 8)


@dataclass(frozen=True, slots=True)
class AudioPlan:
    """The audio files of a request.

    Attributes
    ----------
    span : the part [start, stop) of the edit list that the files come from
    measure_cost_s, cost_s : estimated duration of measuring the loudness, and of all
    """

    edit_list: EditList
    span: tuple[int, int]
    files: tuple[PlannedAudio, ...]
    measure_cost_s: float
    cost_s: float


def source_depth(state: DocumentState) -> str:
    """Return the sample format that holds all recordings, in words."""
    return depth_words(export_format([source.subtype for source in state.sources.values()], ".wav"))


def depth_words(subtype: str) -> str:
    """Return a subtype in words: "24 bit", "32-bit float"."""
    return _WORDS.get(subtype) or f"{subtype.removeprefix('PCM_').lstrip('SU')} bit"


def played_edit_list(request: ExportRequest) -> EditList:
    """Return the edit list of the result or, on request, of the removed material."""
    whole = request.edit_list
    return removed_edit_list(request.state, whole) if request.options.removed else whole


def _planned_sound(request: ExportRequest) -> tuple[EditList, tuple[int, int]]:
    """Return the edit list of a request, and the span [start, stop) of it; ExportError if that is empty."""
    state, name, removed = request.state, shown(request.out), request.options.removed
    if not state.tracks:
        raise ExportError(f"{name} would be empty because nothing is imported: import audio first.")
    edit_list = played_edit_list(request)
    if not edit_list.length_samples and removed:
        raise ExportError(f"{name} would be empty because nothing is cut: accept a cut first.")
    if not edit_list.length_samples:
        raise ExportError(f"{name} would be empty because everything is cut: reject a cut first.")
    start, stop = request.options.range_samples or (0, edit_list.length_samples)
    if not 0 <= start < stop <= edit_list.length_samples:
        length = format_time(samples_to_s(edit_list.length_samples, edit_list.rate_hz))
        raise ExportError(
            f"{name} cannot hold {format_time(samples_to_s(start, edit_list.rate_hz))} to "
            f"{format_time(samples_to_s(stop, edit_list.rate_hz))} of {length}: choose a range inside it."
        )
    return edit_list, (start, stop)


def require_regions(request: ExportRequest) -> None:
    """Check that at least one region has sound; formats without audio are not checked.

    Raises
    ------
    ExportError : no region has sound
    """
    if FORMATS[request.out.suffix.lower()].is_audio:
        planned_regions(request, *_planned_sound(request))


def written_rate_hz(request: ExportRequest) -> int:
    """Return the sample rate of the audio files of a request.

    Raises
    ------
    ExportError : the format does not take the rate requested
    """
    wanted_hz, own_hz = request.options.rate_hz, request.state.rate_hz
    codec = CODECS.get(request.out.suffix.lower())
    if codec is None:
        return wanted_hz or own_hz
    if wanted_hz is None:
        return codec.rate_for(own_hz)
    if codec.rate_for(wanted_hz) != wanted_hz:
        taken = listed([str(each) for each in codec.rates_hz if each in RATES_HZ], "or")
        name = shown(request.out.name)
        raise ExportError(f"{name} cannot be written as {codec.name} at {wanted_hz} Hz: choose {taken} Hz.")
    return wanted_hz


def planned_audio(request: ExportRequest) -> AudioPlan:
    """Return the plan of the files that a request writes; it is made once.

    Raises
    ------
    ExportError : no file is left, or the format cannot hold them
    """
    if "audio" not in request.plans:
        edit_list, span = _planned_sound(request)
        files = _planned_files(request, edit_list, span)
        render_s = (span[1] - span[0]) * len(audible(request.state.tracks)) / SAMPLES_A_S
        measure_s = 0.0 if request.options.loudness_lufs is None else render_s
        coded_s = sum(file.frames for file in files if file.coding is not None) / _CODED_SAMPLES_A_S
        cost_s = LEAST_S + measure_s + render_s + coded_s
        request.plans["audio"] = AudioPlan(edit_list, span, files, measure_s, cost_s)
    return cast(AudioPlan, request.plans["audio"])


def _planned_files(
    request: ExportRequest, edit_list: EditList, span: tuple[int, int]
) -> tuple[PlannedAudio, ...]:
    """Return the mix, or the file of each region and track."""
    album = request.title
    if not request.options.regions:
        tags = request.tags or Tags(album, album)
        if request.options.broadcast and not request.options.removed:
            tags = replace(tags, chapters=chapters_of(request, span))
        return _tracks_of(request, request.out, tags, span)
    regions = planned_regions(request, edit_list, span)
    digits = max(2, len(str(len(regions))))
    files: list[PlannedAudio] = []
    for number, region in enumerate(regions, 1):
        path = named_after(request.out, f"{number:0{digits}d} {name_of_file(region.name)}")
        tags = Tags(region.name or path.stem, album, number)
        files += _tracks_of(request, path, tags, region.span)
    return tuple(files)


def _tracks_of(
    request: ExportRequest, out: Path, tags: Tags, span: tuple[int, int]
) -> tuple[PlannedAudio, ...]:
    """Return the mix of a span, or the file of each track if stems are requested."""
    if not request.options.stems:
        return (_planned(request, out, request.state, tags, span),)
    tracks = audible(request.state.tracks)
    if not tracks:
        raise ExportError(f"{shown(out)} would have no stems because every track is muted: unmute one first.")
    files = []
    for number, track in enumerate(tracks, 1):
        path = named_after(out, f"{number:02d} {name_of_file(track.name)}")
        alone = replace(request.state, tracks=(replace(track, mute=False, solo=False),))
        title = f"{tags.title}, {track.name}" if request.options.regions else track.name
        its_tags = Tags(title, tags.album, tags.number or number)
        files.append(_planned(request, path, alone, its_tags, span))
    return tuple(files)


def _planned(
    request: ExportRequest, path: Path, state: DocumentState, tags: Tags, span: tuple[int, int]
) -> PlannedAudio:
    subtypes = [state.sources[key].subtype for track in state.tracks for key in track.source_ids]
    container, channels, depth = container_for(path.suffix), mix_channels(state), request.options.depth
    codec = CODECS.get(path.suffix.lower())
    held, rate_hz = export_format(subtypes, ".wav"), written_rate_hz(request)
    if codec is not None:
        if channels > MOST_CHANNELS:
            raise ExportError(
                f"{shown(path)} cannot hold {channels} channels, {codec.name} is written as mono or stereo: "
                "choose .wav or .flac, or one file for each track."
            )
        coding = Coding(codec, request.options.quality)
        return PlannedAudio(
            path, state, container, channels, rate_hz, codec.subtype, held, coding, span, tags
        )
    subtype = export_format(subtypes, path.suffix) if depth is None else _SUBTYPES[depth]
    if container == "FLAC" and subtype == "FLOAT":
        raise ExportError(f"{shown(path)} cannot hold floating-point samples: choose 16 or 24 bits.")
    if container == "FLAC" and channels > _MOST_FLAC_CHANNELS:
        raise ExportError(
            f"{shown(path)} cannot hold {channels} channels, FLAC ends at {_MOST_FLAC_CHANNELS}: choose .wav."
        )
    written_tags = tags if container == "FLAC" else None
    return PlannedAudio(path, state, container, channels, rate_hz, subtype, held, None, span, written_tags)


def written_range(request: ExportRequest, span: tuple[int, int]) -> tuple[int, int]:
    """Return the range from the first playback of its first sample to the next playback of its last.

    The window draws and plays the same range. Everything in between is included, even spans moved there from
    elsewhere.

    Parameters
    ----------
    span : [start, stop) in samples of the recording

    Raises
    ------
    ExportError : none of it is in the result
    """
    start, stop = played_edit_list(request).result_span(*span)
    if start < stop:
        return start, stop
    if request.options.removed:
        raise ExportError("This range has no cuts: choose another one.")
    raise ExportError("This range is cut completely: choose another one, or write the removed audio.")
