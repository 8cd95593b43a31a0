"""The formats that count in video frames, read back by pycmx and by OpenTimelineIO's adapters."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import floor
from pathlib import Path
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

import opentimelineio as otio
import pycmx
import pytest

from engine.core.errors import ExportError
from engine.document.tracks import audible
from engine.exchange.export import export
from engine.exchange.export.placing.timecode import FrameRate
from engine.sound.edl.build import build
from tests.engine.exchange.export.cases import CASES, EVERYTHING_CUT, Case, Piece
from tests.mostly_long import mostly_long
from tests.sources import played_whole

EXACT = {
    FrameRate.FPS_25: Fraction(25),
    FrameRate.FPS_24: Fraction(24),
    FrameRate.FPS_29_97: Fraction(30_000, 1001),
    FrameRate.FPS_60: Fraction(60),
}


def frame(samples: int, rate_hz: int, rate: FrameRate) -> int:
    return floor(Fraction(samples, rate_hz) * EXACT[rate] + Fraction(1, 2))


def in_frames(case: Case, pieces: list[Piece], rate: FrameRate) -> list[Piece]:
    """Round each edge by itself, and how far ahead the source is; what rounds to nothing is left out."""
    found = []
    for piece in pieces:
        start, stop, ahead = (
            frame(at, case.state.rate_hz, rate)
            for at in (
                piece.result_start,
                piece.result_start + piece.length,
                piece.start - piece.result_start,
            )
        )
        if start < stop:
            found.append(Piece(start, start + ahead, stop - start))
    return found


def off_frames(found: list[Piece], expected: list[Piece], rate_hz: int, rate: FrameRate) -> list[Fraction]:
    """Return by how many frames each clip plays the source too late."""
    per_sample = EXACT[rate] / rate_hz
    return [
        one.start - one.result_start - (piece.start - piece.result_start) * per_sample
        for one, piece in zip(found, expected, strict=True)
    ]


def counted(timecode: str, nominal: int) -> int:
    hours, minutes, seconds, frames = map(int, timecode.split(":"))
    return ((hours * 60 + minutes) * 60 + seconds) * nominal + frames


@pytest.mark.parametrize("rate", EXACT)
def test_pycmx_reads_every_event(case: Case, rate: FrameRate, tmp_path: Path) -> None:
    done = export(case.request(tmp_path / "jam.edl", frame_rate=rate))
    with done.path.open(encoding="utf-8") as stream:
        read = pycmx.parse_cmx3600(stream)
    assert read.title == "Jäm & <Co>"
    nominal = round(EXACT[rate])
    found: dict[int, list[Piece]] = {}
    for event in read.events:
        (edit,) = event.edits
        assert edit.transition.kind == "C"
        (channel,) = edit.channels.channels
        codes = (edit.source_in, edit.source_out, edit.record_in, edit.record_out)
        source_in, source_out, record_in, record_out = (counted(code, nominal) for code in codes)
        assert source_out - source_in == record_out - record_in > 0
        found.setdefault(channel, []).append(Piece(record_in, source_in, record_out - record_in))
        track = audible(case.state.tracks)[channel - 1]
        assert edit.clip_name == case.media[track.clips[0].source_id].name
        assert edit.source == f"TAKE{track.clips[0].source_id[1:]}"
    expected = [in_frames(case, case.pieces(track), rate) for track in audible(case.state.tracks)]
    assert [found[channel] for channel in sorted(found)] == expected
    assert done.figures["events"] == sum(map(len, expected))


def test_rounding_does_not_add_up_over_500_cuts(tmp_path: Path) -> None:
    case = CASES[-1]
    assert len(build(case.state).segments) == 501
    export(case.request(tmp_path / "jam.edl"))
    with (tmp_path / "jam.edl").open(encoding="utf-8") as stream:
        events = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    first = [edit for edit in events if edit.channels.a1]
    assert [edit.record_out for edit in first[:-1]] == [edit.record_in for edit in first[1:]]
    pieces = case.pieces(case.state.tracks[0])
    found = []
    for edit, piece in zip(first, pieces, strict=True):
        record_in, record_out, source_in = (
            counted(code, 25) for code in (edit.record_in, edit.record_out, edit.source_in)
        )
        assert abs(Fraction(record_in, 25) - Fraction(piece.result_start, 44_100)) <= Fraction(1, 50)
        found.append(Piece(record_in, source_in, record_out - record_in))
    assert max(map(abs, off_frames(found, pieces, 44_100, FrameRate.FPS_25))) <= Fraction(1, 2)


@mostly_long("rate", EXACT, keep=(FrameRate.FPS_29_97,))
def test_a_clip_in_frames_plays_its_source_half_a_frame_off_at_most(rate: FrameRate, tmp_path: Path) -> None:
    case = CASES[-1]
    export(case.request(tmp_path / "jam.xml", frame_rate=rate))
    tracks = ElementTree.parse(tmp_path / "jam.xml").findall("sequence/media/audio/track")
    for element, track in ((tracks[0], case.state.tracks[0]), (tracks[2], case.state.tracks[1])):
        found = [
            Piece(*(int(item.findtext(name)) for name in ("start", "in", "duration")))
            for item in element.findall("clipitem")
        ]
        off = off_frames(found, case.pieces(track), case.state.rate_hz, rate)
        assert max(map(abs, off)) <= Fraction(1, 2)


def test_opentimelineio_reads_the_edit_decision_list(case: Case, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.edl"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.edl"), rate=25)
    heard = audible(case.state.tracks)
    assert [track.name for track in timeline.tracks] == [f"A{n}" for n in range(1, len(heard) + 1)]
    for laid, track in zip(timeline.tracks, heard, strict=True):
        found = [
            Piece(
                int(clip.transformed_time_range(clip.visible_range(), timeline.tracks).start_time.value),
                int(clip.source_range.start_time.value),
                int(clip.duration().value),
            )
            for clip in laid.find_clips()
        ]
        assert found == in_frames(case, case.pieces(track), FrameRate.FPS_25)


@pytest.mark.parametrize(
    ("names", "reels"),
    [
        (("The long take.wav", "The long take (2).flac", "🥁.wav"), ("THELONGT", "THELONG2", "REEL")),
        (("take.wav", "Take.flac", "TAKE!.wav"), ("TAKE", "TAKE2", "TAKE3")),
    ],
)
def test_reels_stay_apart_and_short(tmp_path: Path, names: tuple[str, ...], reels: tuple[str, ...]) -> None:
    case = CASES[1]
    media = {f"s{n}": tmp_path / f"{n}" / name for n, name in enumerate(names)}
    tracks = tuple(replace(track, mute=False) for track in case.state.tracks)
    export(replace(case, state=replace(case.state, tracks=tracks), media=media).request(tmp_path / "jam.edl"))
    lines = [
        line.split() for line in (tmp_path / "jam.edl").read_text("utf-8").splitlines() if line[:3].isdigit()
    ]
    assert [line[1] for line in lines] == [reels[0], reels[2], reels[1]]  # in the order they are heard


def test_past_a_day_no_timecode_counts(tmp_path: Path) -> None:
    case = CASES[0]
    source = replace(case.state.sources["s0"], frames=44_100 * 86_401)
    long = replace(case, state=played_whole(replace(case.state, sources={"s0": source})))
    with pytest.raises(ExportError, match="24 hours"):
        export(long.request(tmp_path / "jam.edl"))
    assert not list(tmp_path.iterdir())


@mostly_long("rate", EXACT, keep=(FrameRate.FPS_25, FrameRate.FPS_29_97))
def test_opentimelineio_reads_the_final_cut_7_xml(case: Case, rate: FrameRate, tmp_path: Path) -> None:
    export(case.request(tmp_path / "jam.xml", frame_rate=rate))
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.xml"), adapter_name="fcp_xml")
    assert timeline.name == "Jäm & <Co>"
    tracks = iter(timeline.tracks)
    for track in case.state.tracks:
        source = case.state.sources[track.clips[0].source_id]
        # The adapter takes the two tracks of a pair for the one that Premiere shows.
        for _ in range(1 if source.channels == 2 else source.channels):
            laid = next(tracks)
            assert laid.kind == otio.schema.TrackKind.Audio
            assert laid.metadata["fcp_xml"]["enabled"] == str(not track.mute).upper()
            found = []
            for clip in laid.find_clips():
                placed, used = clip.range_in_parent(), clip.source_range
                assert placed.duration == used.duration
                assert used.start_time.rate == pytest.approx(float(EXACT[rate]))
                found.append(
                    Piece(*(round(t.value) for t in (placed.start_time, used.start_time, used.duration)))
                )
                url = urlparse(clip.media_reference.target_url)
                assert (url.netloc, unquote(url.path)) == ("localhost", str(case.media[source.id]))
                assert clip.name == track.name
            assert found == in_frames(case, case.pieces(track), rate)
    assert next(tracks, None) is None
    markers = [round(marker.marked_range.start_time.value) for marker in timeline.tracks.markers]
    assert markers == [frame(seam, case.state.rate_hz, rate) for seam in case.seams]


def test_final_cut_7_links_channels_and_sets_levels(tmp_path: Path) -> None:
    case = CASES[3]
    export(case.request(tmp_path / "jam.xml"))
    root = ElementTree.parse(tmp_path / "jam.xml").getroot()
    assert root.get("version") == "5"
    tracks = root.findall("sequence/media/audio/track")
    places = {
        item.get("id"): (str(number), str(place))
        for number, track in enumerate(tracks, 1)
        for place, item in enumerate(track.findall("clipitem"), 1)
    }
    assert len(places) == sum(len(track.findall("clipitem")) for track in tracks)
    for number, track in enumerate(tracks[:2], 1):
        for item in track.findall("clipitem"):
            links = item.findall("link")
            assert [(link.findtext("trackindex"), link.findtext("clipindex")) for link in links] == [
                places[link.findtext("linkclipref")] for link in links
            ]
            assert item.get("id") in {link.findtext("linkclipref") for link in links}
            assert item.findtext("sourcetrack/trackindex") == str(number)
            level = float(item.findtext("filter/effect/parameter/value"))
            assert level == pytest.approx(10 ** (-6 / 20) * (0.5 if number == 1 else 1.0), abs=1e-6)
    for item in tracks[2].findall("clipitem"):
        assert item.findtext("filter/effect/effectid") == "audiopan"
        assert float(item.findtext("filter/effect/parameter/value")) == pytest.approx(-0.3)
    assert not tracks[3].findall("clipitem/filter")
    shown = [(track.get("premiereTrackType"), track.get("currentExplodedTrackIndex")) for track in tracks]
    assert shown == [("Stereo", "0"), ("Stereo", "1"), ("Mono", "0"), ("Mono", "0")]
    assert [track.get("totalExplodedTrackCount") for track in tracks] == ["2", "2", "1", "1"]
    assert [track.findtext("outputchannelindex") for track in tracks] == ["1", "2", None, None]
    for track, kind in zip(tracks, ("stereo", "stereo", "mono", "mono"), strict=True):
        assert {item.get("premiereChannelType") for item in track.findall("clipitem")} == {kind}
    assert root.findtext("sequence/media/audio/numOutputChannels") == "2"
    described = [file for file in root.iter("file") if len(file)]
    assert len({file.get("id") for file in described}) == len(described) == 3
    assert [file.findtext("media/audio/channelcount") for file in described] == ["2", "1", "1"]


@pytest.mark.parametrize("suffix", [".edl", ".xml", ".otio", ".fcpxml", ".mid", ".aaf"])
def test_everything_cut_is_an_empty_list(suffix: str, tmp_path: Path) -> None:
    done = export(EVERYTHING_CUT.request(tmp_path / f"jam{suffix}"))
    assert done.path.stat().st_size > 40
    empty = replace(EVERYTHING_CUT.state, sources={}, tracks=(), proposals={}, decisions={}, rate_hz=0)
    export(replace(EVERYTHING_CUT, state=empty, media={}).request(tmp_path / f"none{suffix}"))
