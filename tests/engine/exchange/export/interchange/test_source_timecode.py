"""Recordings that say when they began: programs that look for clips by timecode find them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pycmx
import pytest
import soundfile
import wavinfo

from engine.exchange.export import ExportRequest, export
from engine.sound.headers.bwf import Broadcast, append_chunks, broadcast_chunks
from engine.sound.headers.start_times import read_time_reference
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, with_cuts

BEGIN_S = 13 * 3600 + 59 * 60 + 58  # a little before two in the afternoon
CUT = (16_000, 24_000)


def stamp(path: Path, time_reference_samples: int) -> None:
    """Write a time of day into a file as a recorder does."""
    said = Broadcast("", "", time_reference_samples, ("1",), ())
    append_chunks(path, broadcast_chunks(said, rate_hz=RATE_HZ, bits=16))


@pytest.fixture
def take(tmp_path: Path) -> Recording:
    """Ten seconds from a field recorder with a cut, and the same without a time of day."""
    recorded = recording(tmp_path, [np.zeros((80_000, 1)), np.zeros((80_000, 1))], subtype="PCM_16")
    stamp(recorded.media["s0"], BEGIN_S * RATE_HZ)
    return replace(recorded, state=with_cuts(recorded.state, CUT, crossfade_ms=0.0))


Exporter = Callable[[str], Path]


@pytest.fixture
def exported(take: Recording, tmp_path: Path) -> Exporter:
    def run(suffix: str) -> Path:
        return export(ExportRequest(take.state, take.media, tmp_path / f"out{suffix}")).path

    return run


def test_the_time_of_day_is_read_as_wavinfo_reads_it(take: Recording) -> None:
    stamped = take.media["s0"]
    assert wavinfo.WavInfoReader(str(stamped)).bext.time_reference == read_time_reference(stamped)
    assert read_time_reference(stamped) == BEGIN_S * RATE_HZ
    assert read_time_reference(take.media["s1"]) == 0


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"RIFF",
        b"RIFF\0\0\0\0WAVEbext\x08\0\0\0abcdefgh",
        b"RIFF\0\0\0\0WAVE" + b"bext" + struct.pack("<I", 2**31),
        b"fLaC" + bytes(500),
    ],
)
def test_a_file_that_says_nothing_begins_at_midnight(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.wav").write_bytes(content)
    assert read_time_reference(tmp_path / "a.wav") == 0
    assert read_time_reference(tmp_path / "gone.wav") == 0


def test_a_chunk_before_the_sound_is_found_too(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    soundfile.write(path, np.zeros(100), RATE_HZ)
    content = path.read_bytes()
    bext = bytes(338) + struct.pack("<Q", 12_345) + bytes(256)
    path.write_bytes(content[:12] + b"bext" + struct.pack("<I", len(bext)) + bext + content[12:])
    assert read_time_reference(path) == 12_345


def test_final_cut_counts_in_the_files_own_time(exported: Exporter) -> None:
    root = ElementTree.parse(exported(".fcpxml")).getroot()
    assert [Fraction(asset.get("start", "")[:-1]) for asset in root.iter("asset")] == [BEGIN_S, 0]
    starts = [Fraction(clip.get("start", "")[:-1]) for clip in root.iter("asset-clip")]
    assert starts == [BEGIN_S, BEGIN_S + 3, 0, 3]
    assert [clip.get("offset") for clip in root.iter("asset-clip")] == ["0s", "2s", "0s", "2s"]


def test_a_decision_list_counts_in_the_files_own_time(exported: Exporter) -> None:
    with exported(".edl").open(encoding="utf-8") as stream:
        edits = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    first = [(edit.source_in, edit.source_out, edit.record_in) for edit in edits if edit.channels.a1]
    assert first == [
        ("13:59:58:00", "14:00:00:00", "00:00:00:00"),
        ("14:00:01:00", "14:00:08:00", "00:00:02:00"),
    ]
    assert [edit.source_in for edit in edits if edit.channels.a2] == ["00:00:00:00", "00:00:03:00"]


def test_a_recording_over_midnight_starts_the_day_anew(take: Recording, tmp_path: Path) -> None:
    path = tmp_path / "late.wav"
    soundfile.write(path, np.zeros(80_000), RATE_HZ, subtype="PCM_16")
    stamp(path, (24 * 3600 - 2) * RATE_HZ)
    media = {**take.media, "s0": path}
    export(ExportRequest(take.state, media, tmp_path / "out.edl"))
    with (tmp_path / "out.edl").open(encoding="utf-8") as stream:
        edits = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    assert [edit.source_out for edit in edits if edit.channels.a1] == ["00:00:00:00", "00:00:08:00"]


def test_final_cut_7_says_where_the_file_begins(exported: Exporter) -> None:
    path = exported(".xml")
    root = ElementTree.parse(path).getroot()
    described = [file for file in root.iter("file") if len(file)]
    assert [file.findtext("timecode/string") for file in described] == ["13:59:58:00", "00:00:00:00"]
    assert [file.findtext("timecode/frame") for file in described] == [str(BEGIN_S * 25), "0"]
    assert [item.findtext("in") for item in root.iter("clipitem")] == ["0", "75", "0", "75"]
    timeline = otio.adapters.read_from_file(str(path), adapter_name="fcp_xml")
    clips = list(timeline.tracks[0].find_clips())
    begins = [clip.media_reference.available_range.start_time.to_seconds() for clip in clips]
    assert begins == [BEGIN_S, BEGIN_S]
