"""Markers and the edited grid in exported files, read back by other software."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest
import rpp
from wavinfo import WavInfoReader

from engine.document import grid_edits
from engine.document.analysis import BeatGrid
from engine.document.edits.markers import read_labels
from engine.document.state import Marker
from engine.exchange.export import ExportOptions, ExportRequest, export
from engine.exchange.export.placing.marks import Cues, Seam, tempo_map
from engine.features.timing.own_grid import read_midi_grid
from engine.sound.edl.build import build
from engine.sound.headers.bwf import read_cue_points
from tests.engine.sound.edl.recordings import RATE_HZ, Recording, recording, timeline_state, with_cuts

CUTS = ((4_000, 8_000), (20_000, 24_000))
MARKERS = (
    Marker("m1", 2_000, 2_000, "Verse"),
    Marker("m2", 6_000, 6_000, "In a cut\n🎸"),
    Marker("m3", 7_000, 10_000, "Half of it"),
    Marker("m4", 20_500, 23_000, "Gone"),
    Marker("m5", 26_000, 26_000, "Late"),
)
IN_RESULT = {
    "Verse": (2_000, 2_000),
    "In a cut 🎸": (4_000, 4_000),
    "Half of it": (4_000, 6_000),
    "Late": (18_000, 18_000),
}


@pytest.fixture
def marked(tmp_path: Path, rng: np.random.Generator) -> Recording:
    """A recording of four seconds with two cuts and five markers."""
    made = recording(tmp_path, [rng.uniform(-0.5, 0.5, (32_000, 1))], subtype="PCM_16")
    state = replace(with_cuts(made.state, *CUTS), markers={one.id: one for one in MARKERS})
    return replace(made, state=state)


def exported(marked: Recording, out: Path, grid: BeatGrid | None = None, **options: object) -> Path:
    request = ExportRequest(marked.state, marked.media, out, options=ExportOptions(**options), grid=grid)
    export(request)
    return out


def spans(path: Path) -> dict[str, tuple[int, int]]:
    cues = read_cue_points(path)
    own = [cue for cue in cues if not cue.label.startswith("cut:")]
    return {cue.label: (cue.position_samples, cue.position_samples + cue.length_samples) for cue in own}


def test_wav_files_carry_markers_and_regions(marked: Recording, tmp_path: Path) -> None:
    path = exported(marked, tmp_path / "out.wav")
    assert spans(path) == IN_RESULT
    # and another reader finds the same
    said = WavInfoReader(str(path)).cues
    assert {cue.sample_offset for cue in said.cues} == {2_000, 4_000, 16_000, 18_000}
    assert {label.text for label in said.labels} >= {"Verse", "Half of it", "Late"}
    assert [text.length for text in said.ranges] == [2_000]


def test_a_range_counts_markers_from_its_start(marked: Recording, tmp_path: Path) -> None:
    path = exported(marked, tmp_path / "out.wav", range_samples=(5_000, 18_000))
    assert spans(path) == {"Half of it": (0, 1_000), "Late": (13_000, 13_000)}


def test_what_was_removed_carries_only_what_was_marked_in_it(marked: Recording, tmp_path: Path) -> None:
    path = exported(marked, tmp_path / "out.wav", removed=True)
    assert spans(path) == {
        "In a cut 🎸": (2_000, 2_000),
        "Half of it": (3_000, 4_000),
        "Gone": (4_500, 7_000),
    }


def test_labels_hold_markers_in_the_recordings_time(marked: Recording, tmp_path: Path) -> None:
    path = exported(marked, tmp_path / "out.txt")
    found = [span for span in read_labels(path, RATE_HZ) if not span.name.startswith("cut:")]
    want = [(one.start_samples, one.stop_samples, " ".join(one.name.split())) for one in MARKERS]
    assert [(one.start_samples, one.stop_samples, one.name) for one in found] == want
    starts = [float(line.split("\t")[0]) for line in path.read_text("utf-8").splitlines()]
    assert starts == sorted(starts)
    assert len(starts) == len(MARKERS) + len(CUTS)


def test_reaper_has_markers_and_regions(marked: Recording, tmp_path: Path) -> None:
    project = rpp.loads(exported(marked, tmp_path / "out.rpp").read_text("utf-8"))
    lines = [line[1:] for line in project if isinstance(line, list) and line[0] == "MARKER"]
    assert not [line for line in project if isinstance(line, list) and line[0] == "TEMPO"]
    assert [(int(number), float(at) * RATE_HZ, name, kind) for number, at, name, kind in lines] == [
        (1, 2_000, "Verse", "0"),
        (2, 4_000, "cut: Tuning between two takes", "0"),
        (3, 4_000, "In a cut 🎸", "0"),
        (4, 4_000, "Half of it", "1"),
        (4, 6_000, "", "1"),
        (5, 16_000, "cut: Tuning between two takes", "0"),
        (6, 18_000, "Late", "0"),
    ]


def edited_grid() -> BeatGrid:
    """A heard grid, edited in three ways: halved, half a beat later, and a downbeat elsewhere."""
    beats = np.arange(500, 32_000, 1_000) + np.arange(32) % 3
    heard = BeatGrid(beats.astype(np.int64), np.arange(32) % 4 + 1, 480.0, 1.0, "heard")
    half = grid_edits.halved(heard)
    moved = grid_edits.shifted_half_a_beat(half, RATE_HZ, 32_000)
    return grid_edits.with_downbeat(grid_edits.with_beats_in_bar(moved, 3, 0), 13_000)


def heard_beats_s(marked: Recording, grid: BeatGrid) -> np.ndarray:
    """Where the beats that no cut takes fall in the result, walked one by one."""
    result = build(marked.state)
    kept = [b for b in grid.beats_samples.tolist() if not any(start <= b < stop for start, stop in CUTS)]
    return np.array([result.to_result(beat) for beat in kept]) / RATE_HZ


def test_midi_beats_are_the_edited_ones(marked: Recording, tmp_path: Path) -> None:
    grid = edited_grid()
    file = mido.MidiFile(str(exported(marked, tmp_path / "out.mid", grid)), charset="utf-8")
    quarter_s, ticks, now_s, beat_at_s, texts = 0.5, 0, 0.0, {}, []
    for message in file.tracks[0]:
        for tick in range(ticks, ticks + message.time):
            if tick % file.ticks_per_beat == 0:
                beat_at_s[tick // file.ticks_per_beat] = (
                    now_s + (tick - ticks) / file.ticks_per_beat * quarter_s
                )
        now_s += message.time / file.ticks_per_beat * quarter_s
        ticks += message.time
        quarter_s = message.tempo / 1e6 if message.type == "set_tempo" else quarter_s
        texts += message.text.split(" / ") if message.type == "marker" else []
    times = np.array(list(beat_at_s.values()))
    for beat_s in heard_beats_s(marked, grid)[:-1]:
        assert np.abs(times - beat_s).min() < 2e-5
    assert set(texts) >= set(IN_RESULT)
    assert "Gone" not in texts


def test_reaper_tempo_is_that_of_the_edited_grid(marked: Recording, tmp_path: Path) -> None:
    grid = edited_grid()
    project = rpp.loads(exported(marked, tmp_path / "out.rpp", grid).read_text("utf-8"))
    points = [line[1:] for line in project.find("TEMPOENVEX") if line[0] == "PT"]
    starts = np.array([float(point[0]) for point in points])
    tempi = np.array([float(point[1]) for point in points])
    assert {point[2] for point in points} == {"1"}, "each tempo holds until the next point"
    # Play it: count the quarters from point to point, then ask where each of them falls.
    counts = np.diff(starts) * tempi[:-1] / 60
    np.testing.assert_allclose(counts, np.rint(counts), atol=1e-4)
    quarters = np.concatenate([[0], np.cumsum(np.rint(counts))])
    for beat_s in heard_beats_s(marked, grid):
        point = max(int(np.searchsorted(starts, beat_s + 1e-6, "right")) - 1, 0)
        quarter = quarters[point] + (beat_s - starts[point]) * tempi[point] / 60
        assert quarter == pytest.approx(round(quarter), abs=1e-3)
    signatures = [int(point[3]) - 4 * 65_536 for point in points if len(point) > 3]
    assert 3 in signatures


def test_marks_at_the_edges_of_a_file_belong_to_it() -> None:
    points = tuple(Marker(f"m{at}", at, at, f"At {at}") for at in (999, 1_000, 2_000, 2_001))
    spans = ((500, 1_000), (500, 1_001), (1_999, 2_500), (2_000, 2_500))
    regions = tuple(Marker(f"r{a}-{b}", a, b, f"{a} to {b}") for a, b in spans)
    marks = tuple(Seam(at, f"Cut {at}") for at in (999, 1_000, 1_999, 2_000))
    found = Cues(marks, (*points, *regions)).within((1_000, 2_000))
    assert [(cue.position_samples, cue.label, cue.length_samples) for cue in found] == [
        (0, "Cut 1000", 0),
        (0, "At 1000", 0),
        (0, "500 to 1001", 1),
        (999, "Cut 1999", 0),
        (999, "1999 to 2500", 1),
        (1_000, "At 2000", 0),
    ]


def test_of_nothing_heard_no_beat_is_left() -> None:
    grid = BeatGrid(np.arange(10) * 4_000, np.arange(10) % 4 + 1, 120.0, 1.0, "m")
    state = with_cuts(timeline_state(40_000), (0, 40_000))
    for given in (grid, None):
        found, beats = tempo_map(given, build(state))
        assert beats == 0
        assert (found.starts_us.tolist(), found.downbeats.tolist()) == ([0], [])
        assert (found.bar_quarters, found.last_us, list(found.bars())) == (4, 500_000, [])
        assert list(found.tempi()) == [(0, 500_000)]
        assert [found.tick(at_us) for at_us in (0, 250_000, 500_000, 1_250_000)] == [0, 480, 960, 2_400]


def test_each_change_of_metre_is_a_time_signature(tmp_path: Path) -> None:
    counts = np.array([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 1, 2, 3, 1, 2, 3, 1, 2, 3, 4, 1, 2, 3, 4])
    grid = BeatGrid(np.arange(len(counts)) * 1_000, counts, 480.0, 1.0, "m")
    found, _ = tempo_map(grid, build(timeline_state(32_000)))
    signatures = [(0, 4), (8, 2), (10, 3), (16, 4)]
    assert list(found.bars()) == signatures
    made = recording(tmp_path, [np.zeros((32_000, 1))], subtype="PCM_16")
    path = exported(made, tmp_path / "out.mid", grid)
    again = read_midi_grid(path, RATE_HZ, len(counts) * 1_000).grid
    assert again.bar_positions.tolist() == counts.tolist()
    project = rpp.loads(exported(made, tmp_path / "out.rpp", grid).read_text("utf-8"))
    points = [line[1:] for line in project.find("TEMPOENVEX") if line[0] == "PT"]
    assert [int(point[3]) - 4 * 65_536 for point in points if len(point) > 3] == [
        bar for _, bar in signatures
    ]


def test_before_the_first_beat_quarters_of_the_usual_length_fill_the_time() -> None:
    grid = BeatGrid(10_000 + np.arange(5) * 4_000, np.array([4, 1, 2, 3, 1]), 120.0, 1.0, "m")
    found, beats = tempo_map(grid, build(timeline_state(40_000)))
    assert beats == 5
    before = [0, 625_000]  # 1.25 s, which is nearer to two quarters than to three
    assert found.starts_us.tolist() == [*before, *(1_250_000 + 500_000 * k for k in range(5))]
    assert found.downbeats.tolist() == [3, 6]
    assert (found.bar_quarters, found.last_us) == (4, 500_000)
    assert list(found.tempi()) == [(0, 625_000), (2, 500_000)]
    assert list(found.bars()) == [(0, 3), (6, 4)]
    assert found.tick(1_250_000) == 2 * 960
    assert found.tick(1_500_000) == 2 * 960 + 480
