"""The window of time, without Qt."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.timeline.viewport import FINEST_SAMPLES_PER_PX, Viewport

HOUR = 48_000 * 3_600
WHOLE = Viewport(0.0, 1.0, 1_432, HOUR, 48_000).fitted()

viewports = st.builds(
    lambda start, zoom: Viewport(start, zoom, 1_432, HOUR, 48_000).clamped(),
    st.floats(-1e6, 2 * HOUR),
    st.floats(1e-3, 1e7),
)


@given(viewports, st.floats(0.1, 10), st.floats(0, 1_432))
def test_a_zoom_keeps_what_is_under_the_mouse(view: Viewport, factor: float, about: float) -> None:
    zoomed = view.zoomed(factor, about)
    under = view.start_samples + about * view.samples_per_px
    drawn = zoomed.x_at(under)
    at_a_border = zoomed.start_samples == 0.0 or zoomed.stop_samples >= HOUR - 1e-3
    assert abs(drawn - about) < 1e-3 or at_a_border


@given(viewports, st.lists(st.tuples(st.floats(0.1, 10), st.floats(-5_000, 5_000)), max_size=8))
def test_no_gesture_leaves_the_recording_or_the_limits(
    view: Viewport, gestures: list[tuple[float, float]]
) -> None:
    for factor, distance in gestures:
        view = view.zoomed(factor, 700).scrolled(distance)
        assert view.start_samples >= 0
        assert view.stop_samples <= HOUR + 1e-3
        assert FINEST_SAMPLES_PER_PX <= view.samples_per_px <= view.coarsest_samples_per_px


def test_the_finest_zoom_shows_single_samples_and_the_coarsest_everything() -> None:
    finest = WHOLE.zoomed(1e12, 10)
    assert finest.samples_per_px == 1 / 16
    assert finest.zoomed(1e-12, 10) == WHOLE
    assert WHOLE.visible_samples == pytest.approx(HOUR)


@given(viewports, st.integers(0, HOUR))
def test_positions_and_pixels_are_inverse(view: Viewport, position: int) -> None:
    assert abs(view.sample_at(view.x_at(position)) - position) <= max(1, view.samples_per_px / 1e6)


def test_many_positions_at_once_equal_one_by_one() -> None:
    view = Viewport(123.5, 7.3, 1_000, HOUR)
    positions = np.array([0, 123, 5_000, HOUR])
    np.testing.assert_allclose(view.xs_at(positions), [view.x_at(int(each)) for each in positions])


def test_a_page_turns_only_when_the_playhead_leaves() -> None:
    view = WHOLE.zoomed(100, 0)
    assert view.paged(view.stop_samples - 1) is view
    back = view.moved(HOUR / 2)
    assert back.paged(HOUR / 2 - 1, backwards=True).x_at(HOUR / 2 - 1) == pytest.approx(0.92 * 1_432)
    turned = view.paged(view.stop_samples)
    assert turned.start_samples < view.stop_samples
    assert turned.x_at(view.stop_samples) == pytest.approx(0.08 * 1_432)


@pytest.mark.parametrize("span", [(10, 20), (HOUR // 2, HOUR // 2 + 48_000), (HOUR - 50, HOUR), (0, HOUR)])
@pytest.mark.parametrize("zoom", [1, 50, 10_000])
def test_a_revealed_span_is_in_view(span: tuple[int, int], zoom: float) -> None:
    shown = WHOLE.zoomed(zoom, 0).showing(*span)
    assert shown.start_samples <= span[0]
    assert shown.stop_samples >= span[1] - 1e-3


def test_a_span_in_view_moves_nothing() -> None:
    view = WHOLE.zoomed(100, 0)
    assert view.showing(1_000, 2_000) is view


@pytest.mark.parametrize(
    "span", [(10, 20), (HOUR // 2, HOUR // 2 + 48_000), (HOUR - 50, HOUR), (0, HOUR // 2)]
)
@pytest.mark.parametrize("zoom", [1, 50, 10_000])
def test_a_framed_span_is_in_view_neither_tiny_nor_all_there_is(span: tuple[int, int], zoom: float) -> None:
    framed = WHOLE.zoomed(zoom, 0).framing(*span)
    assert framed.start_samples <= span[0]
    assert framed.stop_samples >= span[1] - 1e-3
    length_s, seen_s = (span[1] - span[0]) / 48_000, framed.visible_samples / 48_000
    assert length_s <= 0.81 * seen_s
    assert length_s >= 0.079 * seen_s or seen_s <= (length_s + 6.0) / 0.24
    assert framed.framing(*span) is framed, "framed once is framed"


def test_the_zoom_follows_in_and_out_and_stays_among_neighbours() -> None:
    second = 48_000
    long = WHOLE.framing(600 * second, 780 * second)
    assert long.visible_samples == pytest.approx(540 * second)
    short = long.framing(900 * second, 902 * second)
    assert short.visible_samples == pytest.approx(8 * second), "3 s to either side"
    assert short.framing(900 * second, 901 * second) is short
    assert short.x_at(901 * second) == pytest.approx(716, abs=1)
    neighbour = short.framing(904 * second, 905 * second)
    assert neighbour.samples_per_px == short.samples_per_px, "out of view, and of a size that can be seen"
    assert neighbour.framing(int(903.5 * second), int(904.1 * second)) is neighbour
    assert neighbour.framing(600 * second, 780 * second).visible_samples == pytest.approx(540 * second)


def test_the_first_recording_is_shown_whole_and_a_longer_one_keeps_the_view() -> None:
    first = Viewport(width_px=800).recorded(80_000, 44_100)
    assert (first.samples_per_px, first.rate_hz) == (100.0, 44_100)
    assert first.recorded(160_000, 44_100).samples_per_px == 100.0
    assert first.recorded(40_000, 44_100).samples_per_px == 50.0


def test_an_empty_document_has_a_window_too() -> None:
    empty = Viewport(width_px=0).resized(0).fitted()
    assert empty.sample_at(500) == 0
    assert empty.zoomed(2, 10).scrolled(100).start_samples == 0
