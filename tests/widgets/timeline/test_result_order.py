"""The result whose spans come back or stand elsewhere: drawn as a recording of it would be."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.typing import DTypeLike

from engine.document.analysis import ScoreCurve
from engine.document.kinds.operations import Gain, Order, Replace, Shift
from engine.sound.edl.edit_list import EditList
from engine.sound.edl.programme import NO_HOLDS, NO_ORDERS, Orders, programme
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import patches_by_track
from engine.sound.pictures.peaks import build_peaks
from tests.engine.sound.edl.recordings import timeline_state, with_cuts
from tests.sources import no_source, one_source_track
from widgets.timeline.edits.spans import Spans
from widgets.timeline.marks.grid import Beats
from widgets.timeline.sound.result_columns import ResultWave
from widgets.timeline.time_map import TimeMap

RATE_HZ, LENGTH = 8_000, 64_000
TRACK = one_source_track("t", no_source("s", LENGTH, RATE_HZ), "t", 0)
NOTHING = np.zeros(0)
# A verse moved before the start, one that comes three times, one moved later: whole columns of each width.
ORDERS = (
    Order(40_960, 49_152, 0, 1, stays=False),
    Order(8_192, 12_288, 12_288, 2),
    Order(20_480, 24_576, 57_344, 1, stays=False),
)


def arranged() -> EditList:
    drops = np.zeros(0, np.int64)
    return programme(drops, drops, NOTHING, NO_HOLDS, Orders.of(ORDERS), LENGTH, RATE_HZ)


@pytest.fixture
def sound(rng: np.random.Generator) -> np.ndarray:
    level = np.repeat(rng.uniform(0.05, 0.9, LENGTH // 1_024 + 1), 1_024)[:LENGTH]
    return (level * rng.uniform(-1, 1, LENGTH)).astype(np.float32)


class Held:
    """A recording whose samples are at hand."""

    sampled_below = 0.5

    def __init__(self, sound: np.ndarray, folder: Path) -> None:
        path = folder / "a.wav"
        soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
        self._peaks = build_peaks(path)
        self._sound = sound[:, None]

    def __getattr__(self, name: str) -> object:
        return getattr(self._peaks, name)

    def samples(self, start: int, stop: int) -> np.ndarray:
        return self._sound[start:stop]

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> np.ndarray:
        return self._sound[start:stop].astype(dtype)

    def close(self) -> None:
        pass


@pytest.mark.parametrize("start", [0, 4_096, 8_192, 20_480, 32_768])
@pytest.mark.parametrize("width", [256, 1_024, 4_096])
def test_columns_are_those_of_a_recording_of_the_result(
    sound: np.ndarray, tmp_path: Path, start: int, width: int
) -> None:
    edits = arranged()
    heard = sound[edits.to_source_array(np.arange(edits.length_samples))]
    wave = ResultWave(Held(sound, tmp_path), TRACK, 1, LENGTH, edits)
    count = (edits.length_samples - start) // width
    found = wave.columns(0, float(start), float(width), count)
    columns = heard[start : start + count * width].reshape(count, width)
    np.testing.assert_allclose(found.minimum, columns.min(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.maximum, columns.max(axis=1), atol=1e-6)
    np.testing.assert_allclose(found.rms, np.sqrt(np.square(columns).mean(axis=1)), rtol=1e-4)
    np.testing.assert_array_equal(wave.samples(start, start + 900)[:, 0], heard[start : start + 900])


def test_a_column_over_a_jump_back_holds_both_sides(sound: np.ndarray, tmp_path: Path) -> None:
    edits = arranged()
    heard = sound[edits.to_source_array(np.arange(edits.length_samples))]
    wave = ResultWave(Held(sound, tmp_path), TRACK, 1, LENGTH, edits)
    width = edits.length_samples / 7.0
    found = wave.columns(0, 0.0, width, 7)
    for number in range(7):
        piece = heard[int(number * width) : int((number + 1) * width)]
        assert found.minimum[number] <= piece.min() + 1e-6
        assert found.maximum[number] >= piece.max() - 1e-6


@pytest.mark.parametrize("start", [0, 2_048])
def test_edited_sound_is_drawn_as_it_is_heard(sound: np.ndarray, tmp_path: Path, start: int) -> None:
    operations = [
        Replace(8_192, 12_288),
        Replace(16_384, 20_480, tone=(30_720, 32_768)),
        Shift(24_576, 28_672, by_samples=4_096.0),
        Gain(36_864, 40_960, gain_db=-12.0),
    ]
    drops = np.zeros(0, np.int64)
    edits = replace(
        programme(drops, drops, NOTHING, NO_HOLDS, NO_ORDERS, LENGTH, RATE_HZ),
        patches=patches_by_track(operations, ["t"], RATE_HZ),
    )
    held = Held(sound, tmp_path)
    wave = ResultWave(held, TRACK, 1, LENGTH, edits)
    reader = PatchedReader(held, edits.patches["t"], LENGTH, 1, 0)
    heard = reader.read(0, LENGTH)[:, 0]
    width, count = 1_024, (LENGTH - start) // 1_024
    found = wave.columns(0, float(start), float(width), count)
    columns = heard[start : start + count * width].reshape(count, width)
    toned = (np.arange(count) * width + start >= 16_384) & (np.arange(count) * width + start < 20_480)
    np.testing.assert_allclose(found.maximum[~toned], columns.max(axis=1)[~toned], atol=1e-5)
    np.testing.assert_allclose(found.rms[~toned], np.sqrt(np.square(columns).mean(axis=1))[~toned], atol=1e-4)
    # All of the tone stands for each part of it.
    assert (found.maximum[toned] >= columns.max(axis=1)[toned] - 1e-6).all()
    np.testing.assert_array_equal(wave.samples(9_000, 9_500)[:, 0], np.zeros(500))


def test_score_and_beats_stand_wherever_they_are_heard() -> None:
    times = TimeMap(LENGTH, arranged())
    beats = times.beats(Beats(np.arange(0, LENGTH, 2_048), np.ones(32, np.int64), np.arange(32)))
    assert beats is not None
    assert (np.diff(beats.positions) > 0).all()
    assert beats.bars.tolist().count(4) == 3  # the beat at 8,192 comes three times
    curve = times.curve(ScoreCurve(np.arange(0, LENGTH, 1_000), np.linspace(0, 1, 64, dtype=np.float32), "t"))
    assert curve is not None
    assert (np.diff(curve.times_samples) >= 0).all()
    assert np.isfinite(curve.scores).all()
    assert times.keeps([0, 21_000, 63_999]).all()
    assert replace(times, edit_list=None).keeps([5]).all()


def test_a_moved_span_ends_behind_its_own_last_sample() -> None:
    edits = arranged()
    spans = Spans.of(with_cuts(timeline_state(LENGTH, RATE_HZ), (40_960, 49_152), (8_192, 12_288)))
    drawn = TimeMap(LENGTH, edits).spans(spans)
    places = {drawn.id(n): (int(drawn.starts[n]), int(drawn.stops[n])) for n in range(2)}
    assert sorted(places.values()) == [(0, 8_192), (16_384, 20_480)]
