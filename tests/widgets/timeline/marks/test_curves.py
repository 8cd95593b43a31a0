"""Lanes of curves: as high and as many as the curves, drawn in their range, in source and result."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from engine.document.analysis import StoredCurve
from engine.document.state import DocumentState
from engine.sound.edl.build import build
from tests.widgets.timeline.conftest import LENGTH, RATE_HZ
from widgets import theme
from widgets.theme import DARK, LIGHT, Theme
from widgets.timeline.frame import CURVE, Frame, lay_out
from widgets.timeline.marks.curve_lanes import PAD_PX, CurveLanes, value_words
from widgets.timeline.mouse.gestures import tip_at
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

HOP = 1_000
WIDE = 1_000


def curve_of(values: object, title: str = "Level") -> StoredCurve:
    return StoredCurve(np.array(values, np.float32), HOP, "dB", -60.0, 0.0, title, "added:levels 1")


STEP = curve_of([-60.0] * 50 + [0.0] * 50)
"""At the bottom for the first half, at the top for the second."""


def painted(curves: tuple[StoredCurve, ...], tokens: Theme, dpr: float) -> tuple[QImage, Frame]:
    view = Viewport(0, LENGTH / WIDE, WIDE, LENGTH, RATE_HZ)
    frame = Frame(view, lay_out(WIDE, 500, (), curves=len(curves)), tokens, dpr)
    image = QImage(round(WIDE * dpr), round(500 * dpr), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(dpr)
    image.fill(QColor(tokens.bg))
    painter = QPainter(image)
    CurveLanes(curves).paint(painter, frame)
    painter.end()
    return image, frame


@pytest.mark.parametrize(("tokens", "dpr"), [(DARK, 1.0), (LIGHT, 2.0)])
def test_a_curve_is_drawn_in_its_range(tokens: Theme, dpr: float, qtbot: QtBot) -> None:  # noqa: ARG001
    image, frame = painted((STEP, curve_of([-100.0] * 100), curve_of([-30.0])), tokens, dpr)
    top, high, pad = frame.layout.curves_top, theme.px(CURVE), theme.px(PAD_PX)

    def inked(x: float, lane: int) -> list[int]:
        """The logical rows of a lane in which a column is drawn, from its top."""
        rows = range(round((top + lane * high + 2) * dpr), round((top + (lane + 1) * high - 2) * dpr))
        drawn = [y for y in rows if image.pixelColor(round(x * dpr), y) != QColor(tokens.bg)]
        return sorted({int(y / dpr) - top - lane * high for y in drawn})

    assert inked(200, 0)[-1] == pytest.approx(high - pad, abs=1)
    assert len(inked(200, 0)) <= 3
    assert inked(800, 0)[0] == pytest.approx(pad, abs=1)
    assert inked(200, 1) == inked(200, 0), "values below the range are at the edge"
    assert inked(5, 2)[0] == pytest.approx(high / 2, abs=3), "a single frame"


def test_each_curve_has_a_lane_and_a_head_with_its_range(view: TimelineView) -> None:
    layout = view.canvas.frame.layout
    assert layout.curves_top == layout.edits_top
    view.set_curves((STEP, curve_of([0.0], "Other")))
    layout = view.canvas.frame.layout
    assert layout.edits_top - layout.curves_top == 2 * theme.px(CURVE)
    assert [head.accessibleName() for head in view.heads.curves] == ["Level", "Other"]
    assert view.heads.curves[1].accessibleDescription() == "Other: −60 to 0 dB"
    assert [head.y() for head in view.heads.curves] == [
        layout.curves_top,
        layout.curves_top + theme.px(CURVE),
    ]
    assert all(head.isVisible() for head in view.heads.curves)
    heads = view.heads.curves
    view.set_curves((STEP, view.canvas.shown.curves.curves[1]))
    assert view.heads.curves == heads, "what is shown already is not made again"
    view.set_theme(LIGHT)
    assert all(head.theme is LIGHT for head in view.heads.curves)
    view.set_curves(())
    assert view.canvas.frame.layout.curves_top == view.canvas.frame.layout.edits_top
    assert not view.heads.curves


def test_the_result_leaves_out_what_is_cut(view: TimelineView, state: DocumentState) -> None:
    view.set_curves((STEP,))
    before = view.canvas.shown.curves.drawn[0]
    assert before is not None
    view.lanes.set_document(state, build(state))
    after = view.canvas.shown.curves.drawn[0]
    assert after is not None
    cut = (before.times_samples >= 10_000) & (before.times_samples < 20_000)
    assert len(after.times_samples) == len(before.times_samples) - np.count_nonzero(cut) + 2
    assert after.times_samples[-1] == before.times_samples[-1] - 10_000


def test_the_tip_is_the_value_with_unit_and_time(view: TimelineView, state: DocumentState) -> None:
    view.set_curves((STEP, curve_of([-1.5], "Other")))
    canvas = view.canvas
    y = canvas.frame.layout.curves_top + 4
    assert tip_at(canvas, QPointF(canvas.x_of(75_500), y)) == "Level 0 dB, 1:15.5"
    assert tip_at(canvas, QPointF(canvas.x_of(500), y + theme.px(CURVE))) == "Other −1.5 dB, 0:00.5"
    assert tip_at(canvas, QPointF(canvas.x_of(75_500), y + theme.px(CURVE))) == "", "the curve ends before"
    view.lanes.set_document(state, build(state))
    assert tip_at(canvas, QPointF(canvas.x_of(75_500), y)) == "Level 0 dB, 1:15.5", (
        "in the time of the source"
    )


def test_values_have_a_typographic_minus_and_no_useless_digits() -> None:
    assert [value_words(-12.3456, "dB"), value_words(5000, "Hz"), value_words(0.5, "")] == [
        "−12.35 dB",
        "5000 Hz",
        "0.5",
    ]
