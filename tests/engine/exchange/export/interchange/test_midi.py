"""The tempo map and the markers, read back by mido."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pytest

from engine.document.analysis import BeatGrid
from engine.document.state import Marker
from engine.exchange.export import export
from engine.exchange.export.interchange.midi import TICKS_PER_QUARTER
from engine.sound.edl.build import build
from tests.engine.exchange.export.cases import CASES, Case
from tests.engine.sound.edl.recordings import timeline_state, with_cuts


def grid(beats: np.ndarray, first: int = 1, beats_in_bar: int = 4) -> BeatGrid:
    positions = (np.arange(len(beats)) + first - 1) % beats_in_bar + 1
    return BeatGrid(beats.astype(np.int64), positions, 120.0, 1.0, "test")


def played(rate_hz: int, length_s: float) -> np.ndarray:
    """Return beats of a band that breathes: around 118 bpm, never twice the same."""
    rng = np.random.default_rng(4)
    intervals = 60 / 118 * (1 + 0.03 * rng.standard_normal(int(length_s * 2.2)))
    times = 0.8 + np.cumsum(intervals)
    return np.rint(times[times < length_s] * rate_hz)


class Read:
    """A MIDI file with the second of every tick, summed up message by message."""

    def __init__(self, path: Path) -> None:
        file = mido.MidiFile(str(path), charset="utf-8")
        assert (file.type, file.ticks_per_beat, len(file.tracks)) == (1, TICKS_PER_QUARTER, 1)
        self.tempos: list[tuple[int, int]] = []
        self.markers: list[tuple[int, str]] = []
        self.bars: list[tuple[int, int]] = []
        self.events: list[tuple[int, int, int]] = []
        tick = 0
        for message in file.tracks[0]:
            tick += message.time
            if not message.is_meta:
                self.events.append((tick, message.control, message.value))
            if message.type == "set_tempo":
                self.tempos.append((tick, message.tempo))
            elif message.type == "marker":
                self.markers.append((tick, message.text))
            elif message.type == "time_signature":
                assert message.denominator == 4
                self.bars.append((tick, message.numerator))
        self.end_tick, self.length_s = tick, file.length

        changes, tempos = np.array([(0, 500_000), *self.tempos]).T
        self._ticks = np.append(changes, tick)
        self._us = np.append(0, np.cumsum(np.diff(self._ticks) * tempos)) / TICKS_PER_QUARTER

    def seconds(self, ticks: np.ndarray) -> np.ndarray:
        return np.interp(ticks, self._ticks, self._us) / 1e6


def export_midi(case: Case, beats: BeatGrid | None, folder: Path) -> Read:
    out = folder / "jam.mid"
    export(replace(case.request(out), grid=beats))
    return Read(out)


def test_every_beat_and_every_marker_sounds_where_it_should(case: Case, tmp_path: Path) -> None:
    rate_hz = case.state.rate_hz
    edit_list = build(case.state)
    beats = played(rate_hz, case.state.length_samples / rate_hz)
    read = export_midi(case, grid(beats, first=3), tmp_path)
    kept = zip(
        edit_list.kept_starts_samples, edit_list.kept_stops_samples, edit_list.seams_samples, strict=True
    )
    heard = [seam + beats[(start <= beats) & (beats < stop)] - start for start, stop, seam in kept]
    expected_s = np.concatenate(heard) / rate_hz
    lead = max(1, round(expected_s[0] / np.median(np.diff(expected_s))))
    quarters = np.arange(lead, lead + len(expected_s))
    # The first and the last of them alike: what is rounded never adds up.
    np.testing.assert_allclose(read.seconds(quarters * TICKS_PER_QUARTER), expected_s, rtol=0, atol=1e-6)

    half_tick_s = max(tempo for _, tempo in read.tempos) / 1e6 / TICKS_PER_QUARTER / 2
    markers_s = read.seconds(np.array([tick for tick, _ in read.markers]))
    expected_s = np.array(case.seams) / rate_hz
    np.testing.assert_allclose(markers_s, expected_s, rtol=0, atol=half_tick_s + 1e-6)
    assert read.length_s == pytest.approx(edit_list.length_samples / rate_hz, abs=0.001)


def test_bars_follow_the_downbeats_across_a_cut(tmp_path: Path) -> None:
    state = with_cuts(timeline_state(80_000), (30_000, 42_000), crossfade_ms=0.0)  # three beats of 4000
    case = Case("bars", state, {})
    beats = np.arange(4000, 80_000, 4000)  # the first downbeat comes with the second beat
    read = export_midi(case, grid(beats, first=4), tmp_path)
    quarter = TICKS_PER_QUARTER
    # To the first downbeat two quarters, then four, then two before the cut and three behind it, then four.
    assert read.bars == [(0, 2), (2 * quarter, 4), (6 * quarter, 5), (11 * quarter, 4)]
    assert read.tempos == [(0, 500_000)]
    assert read.markers == [(7 * quarter + quarter // 2, "cut: Tuning between two takes")]


@pytest.mark.parametrize(
    ("lead_beats", "first", "expected"),
    [
        (17, 1, [(0, 1), (1, 4)]),  # one quarter and four bars
        (16, 1, [(0, 4)]),
        (3, 1, [(0, 3), (3, 4)]),
        (0, 1, [(0, 4)]),
        (5, 3, [(0, 3), (3, 4)]),  # the grid begins with the third beat of a bar
    ],
)
def test_before_the_first_downbeat_is_a_pick_up_and_whole_bars(
    tmp_path: Path, lead_beats: int, first: int, expected: list[tuple[int, int]]
) -> None:
    period = 2_652  # 181 beats a minute
    beats = np.arange(lead_beats * period, 160_000, period)
    read = export_midi(Case("late", timeline_state(160_000), {}), grid(beats, first=first), tmp_path)
    assert read.bars == [(quarter * TICKS_PER_QUARTER, length) for quarter, length in expected]
    assert {tempo for _, tempo in read.tempos} == {331_500}


def test_the_track_of_the_markers_holds_midi_events(case: Case, tmp_path: Path) -> None:
    read = export_midi(case, None, tmp_path)
    assert read.events == [(0, 123, 0), (read.end_tick, 123, 0)]


def test_markers_of_one_tick_are_one_with_the_users_name_first(tmp_path: Path) -> None:
    """Ardour 8.12 keeps the first of two markers at a position and drops the other."""
    state = with_cuts(CASES[2].state, (44_100, 88_200))
    own = (Marker("m1", 88_200, 132_300, "Verse"), Marker("m2", 88_200, 88_200, "Key change"))
    case = replace(CASES[2], state=replace(state, markers={one.id: one for one in own}))
    read = export_midi(case, None, tmp_path)
    assert read.markers == [(2 * TICKS_PER_QUARTER, "Verse / Key change / cut: Tuning between two takes")]


def test_without_a_grid_the_markers_stand_in_120_bpm(case: Case, tmp_path: Path) -> None:
    read = export_midi(case, None, tmp_path)
    assert (read.tempos, read.bars) == ([(0, 500_000)], [])
    expected = np.array(case.seams) / case.state.rate_hz * 2 * TICKS_PER_QUARTER
    np.testing.assert_allclose([tick for tick, _ in read.markers], expected, atol=0.51)


@pytest.mark.parametrize("gap_s", [2.6, 16.0, 17.0, 3600.0])
def test_gaps_are_filled_with_quarters_of_the_usual_length(tmp_path: Path, gap_s: float) -> None:
    rate_hz = 8000
    beats = np.array([0, 4000, 8000, 8000 + gap_s * rate_hz, 12_000 + gap_s * rate_hz])
    case = Case("pause", timeline_state(int(beats[-1]) + 8000), {})
    read = export_midi(case, grid(beats), tmp_path)
    assert max(tempo for _, tempo in read.tempos) < 2**24
    assert min(tempo for _, tempo in read.tempos) > 0.9 * 500_000
    after = (2 + round(2 * gap_s)) * TICKS_PER_QUARTER
    assert float(read.seconds(after)) == pytest.approx(1.0 + gap_s, abs=1e-6)


@pytest.mark.parametrize("beats", [np.zeros(0), np.array([5000]), np.array([0]), np.array([79_999])])
def test_grids_of_one_beat_and_none(tmp_path: Path, beats: np.ndarray) -> None:
    read = export_midi(Case("short", timeline_state(80_000), {}), grid(beats), tmp_path)
    assert read.length_s == pytest.approx(10.0, abs=0.001)
