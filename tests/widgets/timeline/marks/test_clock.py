"""Times of day on the ruler: at round times, past midnight, zoomed in, and wherever the result plays them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.document.settings import TimeOfDay, clock_text
from engine.sound.edl.edit_list import EditList, Segment
from tests.widgets.timeline.marks.test_ruler import RATE_HZ, check, frame_of
from widgets import theme
from widgets.timeline.frame import Frame
from widgets.timeline.ruler import STEPS_OF_DAY_S, ClockTimes, RulerMode, labelled_times_of_day, ruler_rows
from widgets.timeline.time_map import TimeMap

pytestmark = pytest.mark.usefixtures("qapp")
LATE = TimeOfDay(round((23 * 3600 + 59 * 60 + 50.25) * 1e6))


@pytest.fixture(autouse=True)
def _faces() -> Iterator[None]:
    theme.load_fonts()
    theme.set_text_scale(1.0)
    yield
    theme.set_text_scale(None)


def labels(frame: Frame, clock: ClockTimes) -> list[str]:
    ((row, _),) = ruler_rows(frame, None, RulerMode.OF_DAY, clock)
    check(row, frame)
    return [text for _, _, text in row.labels]


def joined(*spans_s: tuple[int, int]) -> EditList:
    """Return the edit list that plays spans of 100 s of a recording one after another."""
    lengths = [(stop - start) * RATE_HZ for start, stop in spans_s]
    places = np.cumsum([0, *lengths])
    segments = [
        Segment(start * RATE_HZ, stop * RATE_HZ, int(place))
        for (start, stop), place in zip(spans_s, places, strict=False)
    ]
    return EditList.of(segments, RATE_HZ, int(places[-1]), 100 * RATE_HZ)


def test_labels_are_round_times_of_the_clock_past_midnight() -> None:
    frame = frame_of(800, 40.0, 0.0, 0.0, 1.0)
    clock = ClockTimes(LATE)
    assert labels(frame, clock)[:4] == ["23:59:55", "00:00:00", "00:00:05", "00:00:10"]
    ticks_s = labelled_times_of_day(frame, clock) / RATE_HZ
    assert 9.75 in ticks_s
    assert np.allclose(np.diff(ticks_s), 5.0)


def test_decimals_appear_when_zoomed_in() -> None:
    near = labels(frame_of(800, 40.0, 0.6, 0.25, 1.0), ClockTimes(LATE))
    assert all(len(text) > len("00:00:00.0") for text in near)
    assert len(set(near)) == len(near)


def test_without_a_clock_the_ruler_shows_time() -> None:
    frame = frame_of(800, 40.0, 0.0, 0.0, 1.0)
    assert labels(frame, ClockTimes())[0] == "0:00"
    assert not len(labelled_times_of_day(frame, ClockTimes()))


def test_steps_divide_the_day() -> None:
    assert all(86_400 % step == 0 for step in STEPS_OF_DAY_S)


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 99), st.integers(1, 10)).map(lambda at: (at[0], min(at[0] + at[1], 100))),
        min_size=1,
        max_size=5,
    ),
    zoom=st.floats(0, 0.5),
    start=st.floats(0, 1),
    step_s=st.sampled_from([0.1, 1.0, 5.0, 60.0]),
)
def test_ticks_are_where_the_result_plays_their_times(
    spans: list[tuple[int, int]], zoom: float, start: float, step_s: float
) -> None:
    times = TimeMap(100 * RATE_HZ, joined(*spans))
    view = frame_of(600, times.length_samples / RATE_HZ, zoom, start, 1.0).viewport
    counts, positions = ClockTimes(LATE, times).ticks(view, step_s)
    assert np.all(np.diff(positions) >= 0)
    sources = times.edit_list.to_source_array(np.floor(positions + 1e-3)) if times.edit_list else []
    for count, source in zip(counts.tolist(), sources, strict=True):
        shown = LATE.later(float(source) / RATE_HZ)
        assert shown.text(3) == clock_text(count * step_s, 3)
    inside = (positions >= view.start_samples) & (positions < view.stop_samples)
    looked_at = np.arange(np.ceil(view.start_samples), np.floor(view.stop_samples), dtype=np.int64)
    since = np.rint(LATE.since_midnight_us * RATE_HZ / 1e6) + (
        times.edit_list.to_source_array(looked_at) if times.edit_list else looked_at
    )
    due = np.count_nonzero(since[looked_at < times.length_samples] % round(step_s * RATE_HZ) == 0)
    assert abs(np.count_nonzero(inside) - due) <= 1, "but for one at the very edge"


def test_ticks_at_a_seam_are_clear_of_each_other() -> None:
    """Twenty short pieces: round times of both sides come together at their seams."""
    pieces = [(number * 5, number * 5 + 2) for number in range(20)]
    times = TimeMap(100 * RATE_HZ, joined(*pieces))
    frame = frame_of(300, 40.0, 0.0, 0.0, 1.0)
    labels(frame, ClockTimes(LATE, times))


def test_an_empty_result_has_no_ticks() -> None:
    times = TimeMap(100 * RATE_HZ, EditList.of([], RATE_HZ, 0, 100 * RATE_HZ))
    counts, positions = ClockTimes(LATE, times).ticks(frame_of(300, 1.0, 0.0, 0.0, 1.0).viewport, 1.0)
    assert len(counts) == len(positions) == 0
