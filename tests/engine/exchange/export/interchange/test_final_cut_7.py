"""Transitions, format and master clips of a Final Cut 7 sequence, from recordings that are there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest

from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.placing.timecode import FrameRate
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts

CUTS = ((16_000, 24_000), (40_000, 44_800))


@pytest.fixture
def duo(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """A tone whose cuts join like phases, and stereo noise; ten seconds each."""
    tone = 0.4 * np.sin(np.arange(80_000) * 2 * np.pi * 100 / RATE_HZ)
    return recording(tmp_path, [tone, 0.2 * rng.standard_normal((80_000, 2))])


def exported(
    duo: Recording, out: Path, fade_ms: float, rate: FrameRate = FrameRate.FPS_25
) -> ElementTree.Element:
    state = with_cuts(duo.state, *CUTS, crossfade_ms=fade_ms)
    export(ExportRequest(state, duo.media, out, options=ExportOptions(frame_rate=rate)))
    return ElementTree.parse(out).getroot()


def transitions(root: ElementTree.Element) -> list[list[tuple[int, int, str]]]:
    return [
        [
            (int(one.findtext("start")), int(one.findtext("end")), one.findtext("effect/effectid"))
            for one in track.findall("transitionitem")
        ]
        for track in root.findall("sequence/media/audio/track")
    ]


@pytest.mark.parametrize(
    ("fade_ms", "spans"),
    [
        (400.0, [(45, 55), (95, 105)]),
        (200.0, [(48, 53), (98, 103)]),
        (20.0, [(50, 51), (100, 101)]),
        (0.0, []),
    ],
)
def test_crossfades_are_transitions_with_their_curve(
    duo: Recording, tmp_path: Path, fade_ms: float, spans: list[tuple[int, int]]
) -> None:
    root = exported(duo, tmp_path / "jam.xml", fade_ms)
    tone = [(*span, "KGAudioTransCrossFade0dB") for span in spans]
    noise = [(*span, "KGAudioTransCrossFade3dB") for span in spans]
    assert transitions(root) == [tone, noise, noise]
    for track in root.findall("sequence/media/audio/track"):
        tags = [one.tag for one in track if one.tag in ("clipitem", "transitionitem")]
        joined = ["transitionitem", "clipitem"] if spans else ["clipitem"]
        assert tags == ["clipitem", *joined, *joined]
        starts = [int(item.findtext("start")) for item in track.findall("clipitem")]
        assert starts == [0, 50, 100]


def test_opentimelineio_reads_them_around_the_cut(duo: Recording, tmp_path: Path) -> None:
    exported(duo, tmp_path / "jam.xml", 400.0)
    timeline = otio.adapters.read_from_file(str(tmp_path / "jam.xml"), adapter_name="fcp_xml")
    for track in timeline.tracks:
        assert track.kind == otio.schema.TrackKind.Audio
        found = [
            (one.in_offset.value, one.out_offset.value, one.range_in_parent().start_time.value)
            for one in track
            if isinstance(one, otio.schema.Transition)
        ]
        assert found == [(5, 5, 45), (5, 5, 95)]


def test_a_transition_ends_where_a_file_does(duo: Recording, tmp_path: Path) -> None:
    state = with_cuts(duo.state, (600, 8_000), (72_000, 79_900), crossfade_ms=400.0)
    export(ExportRequest(state, duo.media, tmp_path / "jam.xml"))
    root = ElementTree.parse(tmp_path / "jam.xml").getroot()
    for found, track in zip(transitions(root), root.findall("sequence/media/audio/track"), strict=True):
        items = track.findall("clipitem")
        assert len(found) == len(items) - 1
        for (start, end, _), left, right in zip(found, items, items[1:], strict=False):
            cut = int(right.findtext("start"))
            assert start <= cut < end
            assert int(right.findtext("in")) - (cut - start) >= 0
            assert int(left.findtext("out")) + (end - cut) <= int(left.findtext("duration"))
            assert cut - start <= int(left.findtext("end")) - int(left.findtext("start"))
            assert end - cut <= int(right.findtext("end")) - int(right.findtext("start"))


def test_without_the_recording_crossfades_keep_the_power(duo: Recording, tmp_path: Path) -> None:
    gone = {key: path.with_name(f"gone {path.name}") for key, path in duo.media.items()}
    root = exported(replace(duo, media=gone), tmp_path / "jam.xml", 400.0)
    assert {effect for track in transitions(root) for *_, effect in track} == {"KGAudioTransCrossFade3dB"}


def test_the_sequence_states_a_picture_and_each_file_one_master_clip(duo: Recording, tmp_path: Path) -> None:
    root = exported(duo, tmp_path / "jam.xml", 20.0, FrameRate.FPS_29_97)
    picture = root.find("sequence/media/video/format/samplecharacteristics")
    assert picture is not None
    names = ("width", "height", "pixelaspectratio", "rate/timebase", "rate/ntsc")
    assert [picture.findtext(name) for name in names] == ["1920", "1080", "square", "30", "TRUE"]
    masters = {(item.findtext("masterclipid"), item.find("file").get("id")) for item in root.iter("clipitem")}
    assert masters == {("masterclip-1", "file-1"), ("masterclip-2", "file-2")}
