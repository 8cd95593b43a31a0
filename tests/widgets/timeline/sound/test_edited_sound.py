"""Sound that is edited, drawn where it is recorded: as a recording that really sounds so would be."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import DTypeLike, NDArray

from engine.document.kinds.operations import Gain, Replace, Shift, Slice, Sounding, Stored
from engine.document.state import DocumentState
from engine.sound.edl.build import in_place
from engine.sound.edl.crossfade import Block
from engine.sound.edl.tracks.patched_reader import PatchedReader
from engine.sound.edl.tracks.patches import Patches, gains_at
from engine.sound.pictures.peaks import Columns
from engine.sound.pictures.spectrogram import Cells, Spectrogram, block_cells
from engine.sound.reader import SourceReader
from tests.engine.sound.edl.recordings import by_hand
from tests.widgets.timeline.conftest import RATE_HZ
from tests.widgets.timeline.made_up import MadeUp
from tests.widgets.timeline.test_painting import LANES, picture
from widgets.timeline.sound.patched_columns import patched_cells, patched_columns
from widgets.timeline.sound.result_columns import EditedSpectrogram
from widgets.timeline.timeline_view import TimelineView

TONE_HZ, LONG = 8_000, 160_000
HARD = {"crossfade_ms": 0.0}


@pytest.fixture
def edited(state: DocumentState) -> DocumentState:
    """A mute on one track, a slip on the other, and a gain on both."""
    state = replace(state, proposals={}, decisions={})
    state = by_hand(state, "mute", (10_000, 20_000), HARD, ("kick",))
    state = by_hand(state, "slip", (40_000, 50_000), {"by_samples": 5_000.0, **HARD}, ("keys",))
    return by_hand(state, "gain", (60_000, 65_000), {"gain_db": -12.0, "ramp_ms": 0.0})


class Held:
    """A recording in memory, as a voice reads it."""

    def __init__(self, wave: MadeUp) -> None:
        self._wave = wave

    def read(self, start: int, stop: int, dtype: DTypeLike = np.float32) -> Block:
        return self._wave.sound[start:stop].astype(dtype)

    def close(self) -> None:
        pass


def heard(state: DocumentState, waves: dict[str, MadeUp]) -> dict[str, MadeUp]:
    """The waves of recordings that really sound as they are edited."""
    patches, made = in_place(state).patches, {}
    for track in state.tracks:
        wave = waves[track.id]
        frames, channels = wave.sound.shape
        reader = PatchedReader(Held(wave), patches[track.id], frames, channels, track.start_samples)
        made[track.id] = replace(wave, sound=reader.read(0, frames))
    return made


@pytest.mark.parametrize("samples_per_px", [90.0, 20.0, 7.5, 0.2])
@pytest.mark.parametrize("start", [0.0, 9_990.0, 39_900.0, 59_900.0])
@pytest.mark.parametrize("sampled_below", [256.0, 0.5])
def test_the_source_is_drawn_with_its_edited_sound(
    view: TimelineView,
    edited: DocumentState,
    waves: dict[str, MadeUp],
    start: float,
    samples_per_px: float,
    sampled_below: float,
) -> None:
    waves = {key: replace(wave, sampled_below=sampled_below) for key, wave in waves.items()}
    window = {"start_samples": start, "samples_per_px": samples_per_px}
    view.lanes.set_waves(waves)
    view.lanes.set_document(edited, None, in_place(edited).patches)
    view.canvas.set_viewport(replace(view.canvas.viewport, **window))
    seen = picture(view)
    gains = dict(view.lanes._gains)
    view.lanes.set_document(edited)
    as_recorded = picture(view)
    view.lanes._waves = {}
    view.lanes.set_waves(heard(edited, waves))
    view.lanes._gains.update(gains)
    view.lanes.set_waves(view.lanes._waves)
    expected = picture(view)
    differs = (seen[LANES] != expected[LANES]).any(axis=0)
    if sampled_below > samples_per_px:
        assert not differs.any(), "made of samples"
    else:  # of the pyramid: a column over an edge shows either side, and joins its neighbours
        edges = [view.canvas.viewport.x_at(edge) for edge in (10_000, 20_000, 40_000, 50_000, 60_000, 65_000)]
        away = np.min(np.abs(np.arange(len(differs))[:, None] - edges), axis=1) > 2
        assert not differs[away].any()
    if view.canvas.viewport.stop_samples > 10_100:
        assert (seen[LANES] != as_recorded[LANES]).any()


@pytest.mark.parametrize("width", [16, 700, 9_000])
def test_moved_hits_among_other_edits_are_drawn_as_one_by_one(rng: np.random.Generator, width: int) -> None:
    borders = np.arange(40) * 4_000 + rng.integers(0, 2_000, 40)
    edits: list[Sounding] = [
        Slice(start, stop, (), float(rng.choice((0.0, -90.5, 300.0, 41.0))), 5.0, onset_samples=start + 40.0)
        for start, stop in pairwise(borders.tolist())
    ]
    for start in range(3_000, 150_000, 23_000):
        edits += [Gain(start, start + 6_000, gain_db=-6.0), Replace(start + 2_000, start + 5_000)]
        edits += [Shift(start + 4_000, start + 9_000, by_samples=700.0)]
    wave = MadeUp(rng.uniform(-0.9, 0.9, (LONG, 1)).astype(np.float32))

    def read(first: NDArray[np.int64], last: NDArray[np.int64]) -> Columns:
        found = [wave.sound[max(one, 0) : max(other, 1), 0] for one, other in zip(first, last, strict=True)]
        ends = [(part.min(initial=1.0), part.max(initial=-1.0), np.sqrt(np.mean(part**2))) for part in found]
        return Columns(*np.array(ends, np.float32).T)

    def nothing_stored(*_asked: object) -> Columns:
        raise AssertionError("nothing is stored")

    starts = np.arange(1_000, LONG - 10_000, width)
    together = Patches.of(edits, TONE_HZ)
    apart = Patches(together.operations, TONE_HZ)
    drawn = [
        patched_columns(read(starts, starts + width), starts, starts + width, one, read, nothing_stored)
        for one in (together, apart)
    ]
    for name in ("minimum", "maximum", "rms"):
        np.testing.assert_array_equal(*(getattr(one, name) for one in drawn))


def test_a_track_without_edits_is_drawn_from_its_recording(
    view: TimelineView, state: DocumentState, waves: dict[str, MadeUp]
) -> None:
    state = by_hand(state, "mute", (10_000, 20_000), {}, ("kick",))
    view.lanes.set_document(state, None, in_place(state).patches)
    shown = view.canvas._layers._waves
    assert shown["keys"] is waves["keys"]
    assert shown["kick"] is not waves["kick"]
    view.lanes.set_document(state)
    assert view.canvas._layers._waves["kick"] is waves["kick"]


OPERATIONS: tuple[Sounding, ...] = (
    Replace(20_480, 40_960),
    Replace(122_880, 135_168, tone=(4_096, 12_288)),
    Shift(61_440, 81_920, by_samples=8_192.0),
    Shift(40_960, 51_200, by_samples=10_240.0),  # what is silent there comes along
    Gain(92_160, 112_640, gain_db=-12.0),
)


@pytest.fixture
def tones(tmp_path: Path) -> Path:
    """A tone a second, each of its own pitch and level."""
    time_s = np.arange(LONG) / TONE_HZ
    second = (np.arange(LONG) // 10_240).astype(float)
    sound = (0.1 + 0.04 * second) * np.sin(2 * np.pi * (200 + 150 * second) * time_s)
    soundfile.write(tmp_path / "tones.wav", sound.astype(np.float32), TONE_HZ, subtype="FLOAT")
    return tmp_path / "tones.wav"


def spectrogram(reader: SourceReader) -> Spectrogram:
    made = block_cells(reader, 1024, 0)
    return Spectrogram(made, 1024, TONE_HZ, LONG)


class Coarse:
    """A pyramid alone."""

    window_samples, rate_hz = 1024, TONE_HZ

    def __init__(self, pyramid: Spectrogram) -> None:
        self.cells = pyramid.cells

    def put_edited(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("width", [1_024, 4_096])
def test_cells_of_edited_sound_are_near_those_of_a_recording_of_it(tones: Path, width: int) -> None:
    patches = Patches.of(OPERATIONS, TONE_HZ)
    with SourceReader(tones) as reader:
        source = spectrogram(reader)
        samples = PatchedReader(reader, patches, LONG, 1, 0).read(0, LONG)
    soundfile.write(tones.with_name("heard.wav"), samples, TONE_HZ, subtype="FLOAT")
    with SourceReader(tones.with_name("heard.wav")) as reader:
        truth = spectrogram(reader)
    starts = np.arange(0, LONG - width, width)
    found = EditedSpectrogram(Coarse(source), patches, 0).cells(0, starts, starts + width, float(width))
    expected = truth.cells(0, starts, starts + width, float(width))
    plain = source.cells(0, starts, starts + width, float(width))
    edges = np.array([edge for one in OPERATIONS for edge in (one.start_samples, one.stop_samples)])
    away = np.min(np.abs((starts + width / 2)[:, None] - edges), axis=1) > width / 2 + 1_024
    toned = away & (starts >= 122_880) & (starts < 135_168)
    assert np.abs(found[away & ~toned].astype(int) - expected[away & ~toned]).max() <= 1
    assert (found[toned].max(axis=1) >= expected[toned].max(axis=1) - 1).all()
    assert toned.any()
    assert (np.abs(plain.astype(int) - expected) > 10).any(axis=1)[away].sum() > 8 * 1_024 / width


def test_what_is_outside_a_recording_stays_nothing() -> None:
    cells: Cells = np.array([[0, 0], [9, 40], [200, 3]], np.uint8)
    starts = np.array([-10, 0, 10])

    def read(some: NDArray[np.int64], _: NDArray[np.int64]) -> Cells:
        return np.zeros((len(some), 2), np.uint8)

    def read_stored(_stored: Stored, some: NDArray[np.int64], ends: NDArray[np.int64]) -> Cells:
        return read(some, ends)

    def made(one: Sounding) -> list[list[int]]:
        patches = Patches.of([one], RATE_HZ)
        return patched_cells(cells, starts, starts + 10, patches, read, read_stored).tolist()

    assert made(Replace(-10, 20)) == [[0, 0], [1, 1], [1, 1]]
    assert made(Replace(-10, 20, stored=Stored("audio", -50, 50))) == [[0, 0], [1, 1], [1, 1]]
    assert made(Gain(-10, 20, gain_db=-6.0)) == [[0, 0], [1, 28], [188, 1]]
    assert made(Gain(-10, 20, gain_db=40.0)) == [[0, 0], [89, 120], [255, 83]]
    assert made(Shift(-10, 20, by_samples=100.0)) == [[0, 0], [1, 1], [1, 1]]
    assert cells.tolist() == [[0, 0], [9, 40], [200, 3]]


PLACES = st.integers(0, 300)
EDITS = st.lists(
    st.one_of(
        st.builds(
            lambda a, n, tone: Replace(a, a + n, (), tone), PLACES, PLACES, st.sampled_from([None, (5, 25)])
        ),
        st.builds(
            lambda a, n, key: Replace(a, a + n, stored=Stored(key, a - 10, a + n + 10)),
            PLACES,
            PLACES,
            st.sampled_from(["one", "other"]),
        ),
        st.builds(
            lambda a, n, by: Shift(a, a + n, (), by), PLACES, PLACES, st.sampled_from([-40.0, 7.4, 90.0])
        ),
        st.builds(
            lambda a, n, db, rise, fall: Gain(a, a + n, (), db, (rise, fall)),
            PLACES,
            PLACES,
            st.floats(-9, 9),
            st.sampled_from([0.0, 20.0]),
            st.sampled_from([0.0, 20.0, 500.0]),
        ),
    ),
    max_size=8,
)


@given(EDITS, st.permutations(range(0, 400, 10)))
def test_columns_edited_at_once_equal_those_edited_one_by_one(
    edits: list[Sounding], order: list[int]
) -> None:
    def read(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Columns:
        assert (np.diff(starts) >= 0).all()
        return told(starts, stops)

    def told(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Columns:
        return Columns(*(values.astype(np.float32) for values in (-starts - 1.0, stops + 1.0, starts + 0.5)))

    def read_stored(stored: Stored, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> Columns:
        moved = 1_000 if stored.key == "one" else 2_000
        return read(starts + moved, stops + moved)

    starts = np.array(order)
    patches, stops = Patches.of(edits, RATE_HZ), starts + 10
    made = patched_columns(told(starts, stops), starts, stops, patches, read, read_stored)

    def slow(start: int, stop: int, layers: tuple[type, ...]) -> NDArray[np.float64]:
        one = told(np.array([start]), np.array([stop]))
        values = np.array([one.minimum[0], one.maximum[0], one.rms[0]], np.float64)
        for edit in patches.operations:
            middle = (start + stop) // 2
            if not isinstance(edit, layers) or not edit.start_samples <= middle < edit.stop_samples:
                continue
            if isinstance(edit, Gain):
                values = values * gains_at(edit, np.array([middle]), RATE_HZ)[0]
            elif isinstance(edit, Shift):
                values = slow(start - round(edit.by_samples), stop - round(edit.by_samples), (Replace,))
            elif edit.stored is not None:
                moved = 1_000 if edit.stored.key == "one" else 2_000
                values = slow(start + moved, stop + moved, ())
            else:
                values = np.zeros(3) if edit.tone is None else slow(*edit.tone, ())
        return values

    for place, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
        found = [made.minimum[place], made.maximum[place], made.rms[place]]
        np.testing.assert_allclose(found, slow(start, stop, (Replace, Shift, Gain)), rtol=1e-5)
