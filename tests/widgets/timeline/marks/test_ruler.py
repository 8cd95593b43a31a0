"""The rows of the ruler: nothing in them stands over anything else, however far the view is zoomed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QFontMetricsF, QImage, QPainter

from engine.document.analysis import BeatGrid
from engine.document.settings import TimeOfDay
from widgets import theme
from widgets.theme import DARK
from widgets.timeline.frame import Frame, Wish, lay_out
from widgets.timeline.marks.grid import Beats
from widgets.timeline.ruler import (
    NO_CLOCK,
    PARTS_OF_SECONDS,
    STEPS_LONG_S,
    STEPS_OF_DAY_S,
    ClockTimes,
    Row,
    RulerMode,
    paint_ruler,
    ruler_rows,
)
from widgets.timeline.viewport import FINEST_SAMPLES_PER_PX, Viewport

pytestmark = pytest.mark.usefixtures("qapp")
RATE_HZ = 48_000


@pytest.fixture(autouse=True)
def _faces() -> Iterator[None]:
    theme.load_fonts()
    yield
    theme.set_text_scale(None)


def frame_of(width: int, length_s: float, zoom: float, start: float, dpr: float) -> Frame:
    """Return a frame at a zoom from 0, the whole recording, to 1, the finest, and as far in from 0 to 1."""
    length = round(length_s * RATE_HZ)
    coarsest = max(length / width, FINEST_SAMPLES_PER_PX)
    per_px = coarsest * (FINEST_SAMPLES_PER_PX / coarsest) ** zoom
    viewport = Viewport(0.0, per_px, width, length, RATE_HZ).moved(start * length)
    return Frame(viewport, lay_out(width, 600, (Wish(),)), DARK, dpr)


def beats_of(length_s: float, tempo_bpm: float, beats_a_bar: int) -> Beats | None:
    positions = np.arange(0, length_s * RATE_HZ, RATE_HZ * 60 / tempo_bpm).astype(np.int64)
    return Beats.of(BeatGrid(positions, np.arange(len(positions)) % beats_a_bar + 1, tempo_bpm, 1.0, "t"))


def check(row: Row, frame: Frame) -> None:
    """Labels stand clear of each other and inside; ticks stand clear of labels and in order."""
    for (left, width, _), (following, _, _) in zip(row.labels, row.labels[1:], strict=False):
        assert left + width < following
    assert all(left >= 0 and left + width <= frame.layout.width for left, width, _ in row.labels)
    ticks = np.concatenate([row.minors, np.array(row.majors)])
    for left, width, _ in row.labels:
        assert not np.any((ticks >= left) & (ticks <= left + width))
    if len(row.minors) > 1:
        assert np.diff(row.minors).min() >= theme.px(7) - 1e-6
    if len(row.minors) and len(row.majors):
        apart = np.abs(row.minors[:, None] - np.array(row.majors)[None, :])
        assert apart.min() >= theme.px(7) - 1e-6


@given(
    width=st.integers(160, 4_000),
    length_s=st.sampled_from([0.5, 20.0, 641.0, 5_400.0, 86_400.0]),
    zoom=st.floats(0, 1),
    start=st.floats(0, 1),
    dpr=st.sampled_from([1.0, 1.5, 2.0]),
    scale=st.sampled_from([1.0, 2.0]),
    mode=st.sampled_from(list(RulerMode)),
    tempo_bpm=st.sampled_from([None, 40.0, 117.4, 320.0]),
    beats_a_bar=st.sampled_from([1, 3, 4, 7]),
    start_s=st.sampled_from([None, 0.0, 50_591.25, 86_399.999]),
)
def test_nothing_stands_over_anything_else(
    width: int,
    length_s: float,
    zoom: float,
    start: float,
    dpr: float,
    scale: float,
    mode: RulerMode,
    tempo_bpm: float | None,
    beats_a_bar: int,
    start_s: float | None,
) -> None:
    theme.set_text_scale(scale)
    frame = frame_of(width, length_s, zoom, start, dpr)
    beats = None if tempo_bpm is None else beats_of(length_s, tempo_bpm, beats_a_bar)
    clock = NO_CLOCK if start_s is None else ClockTimes(TimeOfDay(round(start_s * 1e6)))
    rows = ruler_rows(frame, beats, mode, clock)
    assert len(rows) == (1 if beats is None else 2)
    for row, font in rows:
        check(row, frame)
        for _, wide, text in row.labels:
            assert QFontMetricsF(font).horizontalAdvance(text) == wide
    high = (frame.layout.score_top - frame.layout.ruler_top) / len(rows)
    assert all(QFontMetricsF(font).capHeight() < high for _, font in rows), "one row is clear of the other"


@pytest.mark.parametrize("step_s", [10, 15, 30, *STEPS_LONG_S, *STEPS_OF_DAY_S])
def test_short_ticks_count_as_clocks_do(step_s: int) -> None:
    for parts in PARTS_OF_SECONDS.get(step_s, ()):
        each = step_s / parts
        assert each in (1, 2, 5, 10, 15, 20, 30) or each % 60 == 0


@pytest.mark.parametrize("dpr", [1.0, 2.0])
def test_ticks_are_drawn_where_they_are(dpr: float) -> None:
    theme.set_text_scale(1.0)
    frame = frame_of(1_000, 100.0, 0.0, 0.0, dpr)
    ((row, _),) = ruler_rows(frame, None)
    image = QImage(round(1_000 * dpr), round(600 * dpr), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(dpr)
    painter = QPainter(image)
    paint_ruler(painter, frame, None)
    painter.end()
    y = round((frame.layout.score_top - 2) * dpr)
    ink = theme.color(DARK.downbeat).rgb()
    drawn = {x for x in range(image.width()) if image.pixel(x, y) == ink}
    assert drawn == {
        round(x * dpr) for x in (*row.minors.tolist(), *row.majors) if round(x * dpr) < image.width()
    }
    assert len(row.minors) > 40


def test_a_closer_view_has_finer_ticks() -> None:
    far, near = (frame_of(1_000, 5_400.0, zoom, 0.0, 1.0) for zoom in (0.0, 0.5))
    steps = [
        float(np.diff(frame.viewport.start_samples + ruler_rows(frame, None)[0][0].minors).min())
        * frame.viewport.samples_per_px
        for frame in (far, near)
    ]
    assert steps[1] < steps[0] / 50
    assert ruler_rows(replace(far), None)[0][0].labels
