"""Lanes as high as their user wants them, in one row or in a row a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.state import DocumentState
from engine.sound.pictures.peaks import Columns, sample_columns
from tests.sources import begun_at
from tests.widgets.timeline.made_up import MadeUp
from widgets.theme import DARK, color
from widgets.timeline.frame import COLLAPSED, LANE_LOW, Layout, Wish, lay_out
from widgets.timeline.sound.lanes import loudest
from widgets.timeline.timeline_view import TimelineView

pytestmark = pytest.mark.usefixtures("qapp")
THIN = Wish(is_collapsed=True)
WISHES = st.builds(Wish, st.integers(1, 8), st.sampled_from((0, 1, 50, 300)), st.booleans())


def heights(layout: Layout) -> list[int]:
    return np.diff(layout.lane_tops).tolist()


def test_wishes_are_granted_and_the_rest_is_shared() -> None:
    layout = lay_out(1_000, 800, (Wish(height_px=150), THIN, Wish(), Wish(2)))
    room = 800 - layout.lanes_top - 80 - 150 - COLLAPSED
    assert heights(layout) == [150, COLLAPSED, room // 2, room // 2]
    assert heights(lay_out(1_000, 800, (THIN, THIN))) == [COLLAPSED] * 2
    assert heights(lay_out(1_000, 300, (Wish(height_px=250), Wish()))) == [250, LANE_LOW]
    assert heights(lay_out(1_000, 300, (Wish(height_px=3), Wish(10, 3)))) == [COLLAPSED, 80]


@given(st.lists(WISHES, max_size=20), st.integers(1, 2_000), st.integers(0, 3_000))
def test_lanes_stand_one_below_the_other_and_can_all_be_reached(
    wishes: list[Wish], height: int, scroll: int
) -> None:
    layout = lay_out(1_000, height, tuple(wishes), scroll)
    assert all(each >= COLLAPSED for each in heights(layout))
    assert 0 <= layout.scroll <= layout.scroll_limit
    assert layout.lane_tops[0] == layout.lanes_top - layout.scroll
    end = lay_out(1_000, height, tuple(wishes), 10**6)
    assert end.lane_tops[-1] <= max(height, end.lanes_top)
    for number, (top, bottom) in enumerate(zip(layout.lane_tops, layout.lane_tops[1:], strict=False)):
        if top >= layout.lanes_top:
            assert layout.lane_at(top) == layout.lane_at(bottom - 1) == number


def test_one_row_reaches_as_far_as_any_channel(rng: np.random.Generator) -> None:
    sound = rng.uniform(-1, 1, (4_000, 3)).astype(np.float32)
    channels = [sample_columns(sound[:, channel], 0, 0.0, 40.0, 100) for channel in range(3)]
    shown = loudest(channels)
    plain = sound.reshape(100, 40, 3)
    np.testing.assert_array_equal(shown.minimum, plain.min(axis=(1, 2)))
    np.testing.assert_array_equal(shown.maximum, plain.max(axis=(1, 2)))
    np.testing.assert_array_equal(shown.rms, np.max([each.rms for each in channels], axis=0))
    assert loudest(channels[:1]) == channels[0]
    assert isinstance(shown, Columns)


def with_keys(state: DocumentState, **values: object) -> DocumentState:
    tracks = tuple(replace(track, **values) if track.id == "keys" else track for track in state.tracks)
    return replace(state, tracks=tracks)


def inked(view: TimelineView) -> np.ndarray:
    """Tell which rows of the keys' lane hold any of its wave, in the undisturbed middle of the view."""
    top, bottom = view.canvas.frame.layout.lane_tops[1:3]
    image = view.canvas.compose()
    ink = {color(token).rgba() for token in DARK.wave_inks(view.canvas.shown.lanes[1].color)}
    columns = range(620, 640)
    return np.array([any(image.pixel(x, y) in ink for x in columns) for y in range(top, bottom - 1)])


@pytest.mark.parametrize("samples_per_px", [100.0, 0.5])
def test_channels_open_into_rows_and_close_into_one(
    view: TimelineView, state: DocumentState, samples_per_px: float
) -> None:
    start = 60_000.0 if samples_per_px < 1 else 0.0
    view.canvas.set_viewport(
        replace(view.canvas.viewport, start_samples=start, samples_per_px=samples_per_px)
    )
    assert (np.diff(np.flatnonzero(inked(view))) > 1).sum() == 1, "two rows with nothing between them"
    view.lanes.set_document(with_keys(state, channels_open=False))
    assert (np.diff(np.flatnonzero(inked(view))) > 1).sum() == 0
    assert view.canvas.frame.layout.lane_tops[2] > 0


def test_a_collapsed_lane_keeps_a_band_of_its_wave(view: TimelineView, state: DocumentState) -> None:
    view.lanes.set_document(with_keys(state, is_collapsed=True, height_px=300))
    tops = view.canvas.frame.layout.lane_tops
    assert tops[2] - tops[1] == COLLAPSED
    assert 0.5 * COLLAPSED < inked(view).sum() < COLLAPSED
    assert view.heads.heads["keys"].height() == COLLAPSED
    view.lanes.set_document(with_keys(state, height_px=150))
    assert view.heads.heads["keys"].height() == 150


class Counted(MadeUp):
    """A wave that counts how often it is read."""

    reads = 0

    def columns(
        self, channel: int, start_samples: float, samples_per_column: float, n_columns: int
    ) -> Columns:
        Counted.reads += 1
        return super().columns(channel, start_samples, samples_per_column, n_columns)


def test_only_what_sounds_elsewhere_is_read_anew(
    view: TimelineView, state: DocumentState, waves: dict[str, MadeUp]
) -> None:
    view.lanes.set_waves({name: Counted(wave.sound) for name, wave in waves.items()})
    view.zooms.fit()
    view.canvas.compose()
    before = Counted.reads
    view.lanes.set_document(with_keys(state, height_px=150, mute=True, name="Piano", gain_db=3.0))
    view.canvas.compose()
    assert Counted.reads == before
    view.lanes.set_document(with_keys(state, clips=begun_at(state.tracks[1], 30_000).clips))
    view.canvas.compose()
    assert Counted.reads > before


def test_what_only_heads_show_draws_no_lane_anew(view: TimelineView, state: DocumentState) -> None:
    image = view.canvas.compose()
    view.lanes.set_document(with_keys(state, gain_db=3.0, pan=0.5, name="Piano"))
    assert view.canvas.compose() is image
    assert view.canvas.state.tracks[1].name == "Piano"
    view.lanes.set_document(with_keys(state, color="#d08030"))
    assert view.canvas.compose() is not image, "waves have the colour of their track"
    image = view.canvas.compose()
    view.lanes.set_document(with_keys(state, mute=True))
    assert view.canvas.compose() is not image
