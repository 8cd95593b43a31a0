"""A REAPER project that opens the sources themselves, with the cuts and crossfades in place.

Every clip becomes one item; neighbours overlap by their crossfade, and each item carries its half of it as a
fade, over silence where its medium has nothing. Times are seconds, converted from samples once, here: REAPER
plays each source at its own rate.

A fade line is ``FADEIN shape length auto_length shape 0 curve 0``. Equal gain is REAPER's shape 0, a straight
line, exactly. Equal power is its shape 2, which every version has: a straight line bent by the curve c. For
c < 0 a fade in is (1 + c) x - c x (2 - x); a fade out is mirrored, and the sign of its curve with it. With
c = -0.85 it is within 0.028 of the sine used here, and a crossfade within 0.07 dB of its power.
"""

from __future__ import annotations

from os import fspath
from pathlib import Path

import rpp
from rpp.encoder import encode

from engine.core.errors import ExportError
from engine.core.files.safe_write import replacing, shown
from engine.core.progress import Progress
from engine.document.state import DocumentState
from engine.document.tracks import Source, Track
from engine.exchange.export.placing.clips import ResultClip, clips_of
from engine.exchange.export.placing.marks import seam_curves, seams, tempo_map
from engine.exchange.export.placing.timecode import source_path
from engine.exchange.export.request import Exported, ExportRequest, written_project
from engine.sound.edl.crossfade import Curve
from engine.sound.edl.edit_list import EditList, placed_markers
from engine.sound.edl.render import mix_channels

_FADES = {Curve.EQUAL_GAIN: ("0", 0.0), Curve.EQUAL_POWER: ("2", -0.85)}  # shape and curve of a fade in
_MIX_ITEMS = "1"  # items that overlap are mixed, whatever the preferences say
_PAN_LAW, _PAN_MODE = "1", "3"  # 0 dB in the middle, and "stereo balance / mono pan": what the renderer does
_NO_COLOR = 16_576
_QUARTER_NOTES = 4 * 65_536
_SOURCE_TYPES = {
    "FLAC": "FLAC",
    "MP3": "MP3",
    "MPEG": "MP3",
    "OGG": "VORBIS",
    "wv": "WAVPACK",
    **dict.fromkeys(("mov", "matroska", "asf", "avi"), "VIDEO"),
}


def write(request: ExportRequest, progress: Progress) -> Exported:
    """Write the project; every seam is listened to for its curve, so the sources must be there."""
    state = request.state
    with replacing(request.out, overwrite=request.overwrite) as part:
        project = _project(request, progress)
        # REAPER reads names as bytes: those that are no text must come out as they were.
        text = _text(project, progress)
        part.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
    progress.report(1.0, "Writing the REAPER project")
    return written_project(request, len(state.tracks))


def _text(project: rpp.Element, progress: Progress) -> str:
    """Write a project out as `rpp.dumps` does, but part by part, so that a long one can be cancelled."""
    head = rpp.dumps(rpp.Element(project.tag, project.attrib)).removesuffix(">\n")
    parts = [head]
    for element in project:
        progress.check_cancelled()
        parts.append(encode(element, level=1))
    return "".join([*parts, ">\n"])


def _project(request: ExportRequest, progress: Progress) -> rpp.Element:
    state = request.state
    edit_list = request.edit_list
    channels = max(2, mix_channels(state) + mix_channels(state) % 2)  # REAPER counts in pairs
    project = rpp.Element("REAPER_PROJECT", ["0.1", "7.0", "0"])
    project.extend([["ITEMMIX", _MIX_ITEMS], ["SAMPLERATE", str(state.rate_hz), "1", "0"]])
    project.append(["MASTER_NCH", str(channels), "2"])
    project.extend([*_tempo(request, edit_list), *_markers(state, edit_list)])
    for number, track in enumerate(state.tracks):
        share = progress.part(number / len(state.tracks), (number + 1) / len(state.tracks))
        project.append(_track_element(request, track, channels, share))
    return project


def _tempo(request: ExportRequest, edit_list: EditList) -> list[list[str] | rpp.Element]:
    """Return the tempo map, a point wherever the length of beats or bars changes; nothing without beats.

    A point is ``PT seconds bpm shape time_signature``; shape 1 holds the tempo until the next, and the time
    signature is 65,536 times its lower number plus its upper one.
    """
    tempo, beats = tempo_map(request.grid, edit_list)
    if not beats:
        return []
    bars = dict(tempo.bars())
    quarters = sorted({quarter for quarter, _ in tempo.tempi()} | bars.keys())
    points = [
        ["PT", _number(tempo.starts_us[quarter] / 1e6), _number(60e6 / tempo.lengths_us[quarter]), "1"]
        + ([str(_QUARTER_NOTES + bars[quarter])] if quarter in bars else [])
        for quarter in quarters
    ]
    first_bpm = points[0][2]
    envelope = rpp.Element("TEMPOENVEX", [], [["ACT", "1", "-1"], ["VIS", "1", "0", "1"], *points])
    return [["TEMPO", first_bpm, str(bars.get(0, tempo.bar_quarters)), "4"], envelope]


def _markers(state: DocumentState, edit_list: EditList) -> list[list[str]]:
    """Return a line for each seam and marker of the result and two for each region, the second its end."""
    named: list[tuple[tuple[int, ...], str]] = [
        ((seam.position_samples,), seam.label) for seam in seams(state, edit_list)
    ]
    for marker in placed_markers(state.markers.values(), edit_list):
        edges = (marker.start_samples, marker.stop_samples) if marker.is_region else (marker.start_samples,)
        named.append((edges, _one_line(marker.name)))
    return [
        ["MARKER", str(number), _number(edge / state.rate_hz), "" if place else name, str(len(edges) - 1)]
        for number, (edges, name) in enumerate(sorted(named, key=lambda one: one[0]), 1)
        for place, edge in enumerate(edges)
    ]


def _track_element(request: ExportRequest, track: Track, channels: int, progress: Progress) -> rpp.Element:
    """Return a track with its items, each with its medium."""
    element = rpp.Element("TRACK")
    element.extend(
        [
            ["NAME", _one_line(track.name)],
            ["PEAKCOL", _color(track.color)],
            ["VOLPAN", _number(10.0 ** (track.gain_db / 20.0)), _number(track.pan), _PAN_LAW, "-1", "1"],
            ["PANMODE", _PAN_MODE],
            ["MUTESOLO", str(int(track.mute)), str(int(track.solo)), "0"],
            ["NCHAN", str(channels)],
            ["MAINSEND", "1", "0"],
        ]
    )
    state = request.state
    curves = list(seam_curves(request, track, progress))
    found = clips_of(request, track, over_silence=True)
    paths = {
        key: _path_in_project(source_path(request.sources[key], request.named_media), request.out)
        for key in dict.fromkeys(clip.source_id for clip in found)
    }
    for clip in found:
        item = _item_element(track, clip, (curves[clip.segment], curves[clip.segment + 1]), state.rate_hz)
        item.append(_source_element(request.sources[clip.source_id], paths[clip.source_id]))
        element.append(item)
    return element


def _item_element(track: Track, clip: ResultClip, curves: tuple[Curve, Curve], rate_hz: int) -> rpp.Element:
    """Return the item of a clip, the material of its fades included."""
    before = clip.before_samples

    def seconds(samples: int) -> str:
        return _number(samples / rate_hz)

    item = rpp.Element("ITEM")
    item.extend(
        [
            ["POSITION", seconds(clip.result_start_samples - before)],
            ["LENGTH", seconds(before + clip.length_samples + clip.after_samples)],
            ["LOOP", "0"],
            ["ALLTAKES", "0"],
            ["FADEIN", *_fade(curves[0], seconds(clip.fade_in_samples), 1)],
            ["FADEOUT", *_fade(curves[1], seconds(clip.fade_out_samples), -1)],
            ["MUTE", "0", "0"],
            ["NAME", _one_line(track.name)],
            ["VOLPAN", "1", "0", "1", "-1"],
            ["SOFFS", seconds(clip.start_samples - before)],
            ["PLAYRATE", "1", "1", "0", "-1", "0", "0.0025"],
            ["CHANMODE", "0"],
        ]
    )
    return item


def _fade(curve: Curve, length_s: str, sign: int) -> list[str]:
    """Return the values of a fade line; `sign` is 1 for a fade in and -1 for a fade out."""
    shape, bend = _FADES[curve]
    return [shape, length_s, length_s, shape, "0", _number(sign * bend), "0"]


def _source_element(source: Source, path: str) -> rpp.Element:
    kind = (
        "OPUS"
        if (source.container, source.subtype) == ("OGG", "OPUS")
        else _SOURCE_TYPES.get(source.container, "WAVE")
    )
    return rpp.Element("SOURCE", [kind], [["FILE", path]])


def _path_in_project(path: Path, project: Path) -> str:
    """Return the path as the project names it: relative if the source is in or below its folder."""
    absolute, folder = path.absolute(), project.parent.absolute()
    written = fspath(absolute.relative_to(folder) if absolute.is_relative_to(folder) else absolute)
    if len(written.splitlines()) != 1 or all(quote in written for quote in "\"'`"):
        raise ExportError(
            f"A REAPER project cannot name {shown(path)}, which holds a line break or all of \", ' and `: "
            "rename the file."
        )
    return written


def _color(color: str) -> str:
    """Return "#rrggbb" as a REAPER colour: blue, green, red, and a flag that a colour is set."""
    if not color:
        return str(_NO_COLOR)
    red, green, blue = bytes.fromhex(color[1:])
    return str(1 << 24 | blue << 16 | green << 8 | red)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _number(value: float) -> str:
    """Write a number with every digit that matters and no exponent, which REAPER would not read."""
    return f"{value:.12f}".rstrip("0").rstrip(".") or "0"
