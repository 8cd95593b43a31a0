"""Three hours with 3,000 cuts: the last position is as exact as the first, and reading stays flat."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import mido
import numpy as np
import opentimelineio as otio
import pycmx
import pytest

from engine.core.timebase import s_to_samples_array
from engine.document.analysis import BeatGrid
from engine.document.state import DocumentState
from engine.document.tracks import Source
from engine.exchange.export import export
from engine.exchange.export.placing.timecode import FrameRate
from engine.sound.edl.build import build
from engine.sound.edl.edit_list import EditList
from tests.engine.exchange.export.cases import Case
from tests.engine.sound.edl.recordings import with_cuts
from tests.sources import one_source_track

RATE_HZ = 44_100
FRAMES = 3 * 3600 * RATE_HZ
ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture(scope="module")
def day() -> Case:
    """Two tracks of three hours, one a little late, with 3,000 cuts at odd places."""
    sources = {
        f"s{n}": Source(f"s{n}", f"/m/{n}.wav", "", RATE_HZ, 1, FRAMES, "WAV", "PCM_24") for n in (0, 1)
    }
    tracks = (
        one_source_track("t0", sources["s0"], "A", 0),
        one_source_track("t1", sources["s1"], "B", 1, 777),
    )
    edges = np.sort(np.random.default_rng(7).choice(np.arange(3001, FRAMES, 4001), 6_000, replace=False))
    cuts = [(int(start), int(stop)) for start, stop in edges.reshape(-1, 2)]
    state = with_cuts(DocumentState(rate_hz=RATE_HZ, sources=sources, tracks=tracks), *cuts)
    return Case("a day", state, {key: Path(source.path) for key, source in sources.items()})


@pytest.mark.parametrize("rate", [FrameRate.FPS_23_976, FrameRate.FPS_29_97, FrameRate.FPS_25])
def test_the_last_event_of_a_decision_list_is_half_a_frame_off_at_most(
    day: Case, rate: FrameRate, tmp_path: Path
) -> None:
    export(day.request(tmp_path / "day.edl", frame_rate=rate))
    with (tmp_path / "day.edl").open(encoding="utf-8") as stream:
        events = [event.edits[0] for event in pycmx.parse_cmx3600(stream).events]
    exact = {"23.976": Fraction(24_000, 1001), "29.97": Fraction(30_000, 1001), "25": Fraction(25)}[
        rate.value
    ]
    nominal = round(exact)
    last = next(edit for edit in reversed(events) if edit.channels.a1)
    hours, minutes, seconds, frames = map(int, last.record_out.split(":"))
    counted = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    piece = day.pieces(day.state.tracks[0])[-1]
    end_s = Fraction(piece.result_start + piece.length, RATE_HZ)
    assert abs(counted / exact - end_s) <= Fraction(1, 2) / exact


@pytest.mark.long
def test_the_last_clip_of_a_timeline_of_frames_plays_each_sample_where_it_belongs(
    day: Case, tmp_path: Path
) -> None:
    expected = day.pieces(day.state.tracks[0])[-1]
    export(day.request(tmp_path / "day.otio"))
    timeline = otio.adapters.read_from_file(str(tmp_path / "day.otio"))
    clip = list(timeline.tracks[0].find_clips())[-1]
    placed, used = clip.range_in_parent(), clip.source_range
    at, start = (time.to_seconds() * RATE_HZ for time in (placed.start_time, used.start_time))
    assert start - at == pytest.approx(expected.start - expected.result_start, rel=0, abs=1e-3)
    assert placed.start_time.value == round(placed.start_time.value)
    assert abs(at - expected.result_start) <= RATE_HZ / placed.start_time.rate / 2
    exact = clip.metadata["offcut"]
    found = [exact[f"{name}_samples"] for name in ("result_start", "start", "length")]
    assert found == [expected.result_start, expected.start, expected.length]


def test_the_last_clip_of_an_exact_format_is_exact(day: Case, tmp_path: Path) -> None:
    expected = day.pieces(day.state.tracks[0])[-1]
    export(day.request(tmp_path / "day.fcpxml"))
    root = ElementTree.parse(tmp_path / "day.fcpxml").getroot()
    last = [element for element in root.iter("asset-clip") if element.get("ref") == "r1"][-1]
    stop_s = Fraction(last.get("offset", "")[:-1]) + Fraction(last.get("duration", "")[:-1])
    assert stop_s == Fraction(expected.result_start + expected.length, RATE_HZ)


def test_the_last_beat_of_a_tempo_map_is_where_it_is_heard(day: Case, tmp_path: Path) -> None:
    beats = s_to_samples_array(np.arange(1.0, 10_799.0, 0.4871), RATE_HZ)
    grid = BeatGrid(beats, np.arange(len(beats)) % 4 + 1, 123.2, 1.0, "test")
    request = replace(day.request(tmp_path / "day.mid"), grid=grid)
    export(request)
    now_us, tempo, last_us = 0, 500_000, 0
    for message in mido.MidiFile(tmp_path / "day.mid").tracks[0]:
        now_us += Fraction(message.time * tempo, 960)
        if message.type == "set_tempo":
            tempo, last_us = message.tempo, now_us
    edit_list = build(day.state)
    heard = [int(beat) for beat in beats if _is_heard(edit_list, int(beat))]
    last_tempo_at = min(
        abs(last_us - Fraction(edit_list.to_result(beat) * 1_000_000, RATE_HZ)) for beat in heard[-200:]
    )
    assert last_tempo_at <= 1


def _is_heard(edit_list: EditList, beat: int) -> bool:
    return edit_list.to_source(edit_list.to_result(beat)) == beat


_RENDER = """
import resource, sys
from pathlib import Path
from engine.exchange.export import ExportRequest, export
from engine.document.state import DocumentState
from engine.document.tracks import Source
from tests.engine.sound.edl.recordings import with_cuts
from tests.sources import one_source_track
folder, hours = Path(sys.argv[1]), int(sys.argv[2])
frames = hours * 3600 * 8000
path = folder / f"{hours}.wav"
with path.open("wb") as stream:
    size = frames * 2
    stream.write(b"RIFF" + (36 + size).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little"))
    stream.write(bytes([1, 0, 1, 0]) + (8000).to_bytes(4, "little") + (16000).to_bytes(4, "little"))
    stream.write(bytes([2, 0, 16, 0]) + b"data" + size.to_bytes(4, "little"))
    stream.truncate(44 + size)
source = Source("s", str(path), "", 8000, 1, frames, "WAV", "PCM_16")
state = DocumentState(rate_hz=8000, sources={"s": source}, tracks=(one_source_track("t", source, "A", 0),))
state = with_cuts(state, *[(n * 80_000, n * 80_000 + 8_000) for n in range(1, hours * 300)])
export(ExportRequest(state, {"s": path}, folder / f"out {hours}.wav"))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell how much was used at most")
def test_memory_stays_flat_as_the_recording_grows(tmp_path: Path) -> None:
    used_mb = []
    for hours in (1, 3):
        ran = subprocess.run(
            [sys.executable, "-c", _RENDER, str(tmp_path), str(hours)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
            timeout=100,
        )
        used_mb.append(int(ran.stdout))
    assert used_mb[1] - used_mb[0] <= 15
