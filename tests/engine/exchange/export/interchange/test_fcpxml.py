"""The FCPXML project: its exact times, its structure, and what OpenTimelineIO's adapter reads of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from engine.document.tracks import Track
from engine.exchange.export import ExportRequest, export
from engine.exchange.export.placing.timecode import FrameRate
from engine.sound.edl.build import build
from tests.engine.exchange.export.cases import CASES, Case, Piece
from tests.engine.sound.edl.recordings import timeline_state, with_cuts
from tests.sources import begun_at, played_whole


def seconds(text: str) -> Fraction:
    assert text.endswith("s")
    return Fraction(text[:-1])


def project(path: Path) -> ElementTree.Element:
    root = ElementTree.parse(path).getroot()
    assert (root.tag, root.get("version")) == ("fcpxml", "1.9")
    return root


def clips_of(root: ElementTree.Element, track: Track) -> list[ElementTree.Element]:
    return [
        clip
        for clip in root.iter("asset-clip")
        if clip.get("ref") == f"r{int(track.clips[0].source_id[1:]) + 1}"
    ]


def samples(case: Case, element: ElementTree.Element, name: str) -> int:
    exact = seconds(element.get(name)) * case.state.rate_hz
    assert exact.denominator == 1
    assert seconds(element.get(name)).denominator < 2**31
    return int(exact)


def test_clips_lie_at_samples_and_carry_their_crossfades(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.fcpxml"))
    root = project(tmp_path / "jam.fcpxml")
    fades = {segment.fade_in_samples for segment in build(case.state).segments if segment.fade_in_samples}
    for track in case.state.tracks:
        found = []
        ends = [0]
        elements = clips_of(root, track)
        for element, following in zip(elements, [*elements[1:], None], strict=True):
            offset, start, length = (samples(case, element, name) for name in ("offset", "start", "duration"))
            overlap = 0 if following is None else max(0, offset + length - samples(case, following, "offset"))
            for side, name in ((overlap, "fadeOut"), (max(0, ends[-1] - offset), "fadeIn")):
                fade = element.find(f"adjust-volume/param/{name}")
                assert fade is None or samples(case, fade, "duration") in (*fades, case.state.rate_hz // 200)
                assert side == 0 or samples(case, fade, "duration") == side
            # An overlap belongs half to either side; the odd sample lies behind the seam.
            shared = max(0, ends[-1] - offset)
            before, after = shared // 2, overlap - overlap // 2
            found.append(Piece(offset + before, start + before, length - before - after))
            ends.append(offset + length)
            assert element.get("enabled") == str(int(not track.mute))
            assert element.get("name") == track.name
        assert found == case.pieces(track)
        amounts = {element.find("adjust-volume").get("amount") for element in elements if track.gain_db}
        assert amounts in ({f"{track.gain_db:g}dB"}, set())
        panners = {element.find("adjust-panner").get("amount") for element in elements if track.pan}
        assert panners in ({f"{100 * track.pan:g}"}, set())


def test_clips_on_one_lane_never_overlap_and_tracks_share_none(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.fcpxml"))
    root = project(tmp_path / "jam.fcpxml")
    owners: dict[str, str] = {}
    ends: dict[str, int] = {}
    for clip in root.iter("asset-clip"):
        lane, offset = clip.get("lane"), samples(case, clip, "offset")
        assert int(lane) < 0
        assert owners.setdefault(lane, clip.get("ref")) == clip.get("ref")
        assert ends.get(lane, 0) <= offset
        ends[lane] = offset + samples(case, clip, "duration")


def test_markers_and_length(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.fcpxml", frame_rate=FrameRate.FPS_29_97))
    root = project(tmp_path / "jam.fcpxml")
    assert [samples(case, marker, "start") for marker in root.iter("marker")] == case.seams
    length = seconds(root.find(".//sequence").get("duration"))
    assert (length / Fraction(1001, 30_000)).denominator == 1
    assert (
        0 <= length - Fraction(build(case.state).length_samples, case.state.rate_hz) < Fraction(1001, 30_000)
    )
    assert root.find("resources/format").get("name") == "FFVideoFormat1080p2997"
    assert root.find(".//sequence").get("audioLayout") == "stereo"  # Final Cut refuses "mono"
    for asset in root.iter("asset"):
        source = list(case.state.sources.values())[int(asset.get("id")[1:]) - 1]
        assert seconds(asset.get("duration")) == Fraction(source.frames, source.rate_hz)
        assert (asset.get("audioChannels"), asset.get("audioRate")) == (
            str(source.channels),
            str(source.rate_hz),
        )
        url = urlparse(asset.find("media-rep").get("src"))
        assert (url.scheme, unquote(url.path)) == ("file", str(case.media[source.id]))


@pytest.mark.parametrize(("length_samples", "frames"), [(1, 1), (320, 1), (321, 2)])
def test_a_project_lasts_whole_frames(tmp_path: Path, length_samples: int, frames: int) -> None:
    out = tmp_path / "jam.fcpxml"
    export(ExportRequest(timeline_state(length_samples), {}, out))
    for name in ("sequence", "gap"):
        assert seconds(project(out).find(f".//{name}").get("duration")) == Fraction(frames, 25)


CHILDREN = {
    "fcpxml": ["resources", "library"],
    "resources": ["format", "asset"],
    "asset": ["media-rep"],
    "library": ["event"],
    "event": ["project"],
    "project": ["sequence"],
    "sequence": ["spine"],
    "spine": ["gap"],
    "gap": ["asset-clip", "marker"],
    "asset-clip": ["adjust-volume", "adjust-panner"],
    "adjust-volume": ["param"],
    "param": ["fadeIn", "fadeOut"],
}
NEEDED = {
    "format": {"id"},
    "asset": {"id"},
    "media-rep": {"src"},
    "sequence": {"format"},
    "gap": {"duration"},
    "asset-clip": {"ref"},
    "param": {"name"},
    "fadeIn": {"duration"},
    "fadeOut": {"duration"},
    "marker": {"start", "value"},
}


def test_the_structure_is_that_of_version_1_9(case: Case, tmp_path: Path) -> None:
    """Hold the file to the part of the format's definition that it uses: order, needed values, references."""
    export(case.request(tmp_path / "jam.fcpxml"))
    text = (tmp_path / "jam.fcpxml").read_text("utf-8")
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    root = project(tmp_path / "jam.fcpxml")
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))
    for element in root.iter():
        order = CHILDREN.get(element.tag, [])
        places = [order.index(child.tag) for child in element]
        assert places == sorted(places)
        assert NEEDED.get(element.tag, set()) <= set(element.keys())
        assert {element.get(name) for name in ("ref", "format")} - {None} <= set(ids)


def test_opentimelineio_reads_the_clips_of_hard_cuts(tmp_path: Path) -> None:
    """The adapter counts in frames, so here every edge lies on one."""
    case = next(case for case in CASES if case.name == "no cuts, three tracks")
    tracks = tuple(begun_at(track, 0) for track in case.state.tracks)
    sources = {key: replace(source, frames=48_000 * 60) for key, source in case.state.sources.items()}
    whole = played_whole(replace(case.state, tracks=tracks, sources=sources))
    state = with_cuts(whole, (48_000, 96_000), (480_000, 576_000), crossfade_ms=0.0)
    case = replace(case, state=state)
    export(case.request(tmp_path / "jam.fcpxml"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.fcpxml"), adapter_name="fcpx_xml")
    laid = [
        track
        for track in timeline.find_children(descended_from_type=otio.schema.Track)
        if any(track.find_clips())
    ]
    assert len(laid) == 3
    for found in laid:
        pieces = [
            Piece(
                *(
                    round(time.to_seconds() * 48_000)
                    for time in (
                        clip.range_in_parent().start_time,
                        clip.source_range.start_time,
                        clip.source_range.duration,
                    )
                )
            )
            for clip in found.find_clips()
        ]
        assert pieces == case.pieces(case.state.tracks[0])


RATES = {32_000: "32k", 44_100: "44.1k", 88_200: "88.2k", 96_000: "96k", 176_400: "176.4k", 192_000: "192k"}


@pytest.mark.parametrize(("rate_hz", "written"), [*RATES.items(), (8000, None), (176_401, None)])
def test_only_rates_that_final_cut_knows_are_named(rate_hz: int, written: str | None, tmp_path: Path) -> None:
    """As the document type of FCPXML lists them, beside 48k."""
    case = replace(CASES[0], state=played_whole(replace(CASES[0].state, rate_hz=rate_hz)))
    export(case.request(tmp_path / "jam.fcpxml"))
    assert project(tmp_path / "jam.fcpxml").find(".//sequence").get("audioRate") == written
