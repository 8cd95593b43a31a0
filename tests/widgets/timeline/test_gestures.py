"""Real mouse events on a real timeline: 1,000 px of 100 samples each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QObject, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import (
    QDragEnterEvent,
    QDropEvent,
    QHelpEvent,
    QNativeGestureEvent,
    QPaintEvent,
    QPointingDevice,
    QRegion,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from engine.document.analysis import ScoreCurve
from widgets.theme import HEADS
from widgets.timeline.marks.curve_lanes import score_y
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

LEFT = Qt.MouseButton.LeftButton
ALT = Qt.KeyboardModifier.AltModifier
FLAG_Y, LANE_Y, RULER_Y, OVERVIEW_Y = 175, 300, 70, 20


def click(view: TimelineView, x: int, y: int) -> None:
    QTest.mouseClick(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(x, y))


def drag(
    view: TimelineView,
    start: tuple[int, int],
    stop: tuple[int, int],
    held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    QTest.mousePress(view.canvas, LEFT, held, QPoint(*start))
    QTest.mouseMove(view.canvas, QPoint(*stop))
    QTest.mouseRelease(view.canvas, LEFT, held, QPoint(*stop))


def turn(
    view: TimelineView,
    x: int,
    down: int = 0,
    across: int = 0,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
    over: QWidget | None = None,
) -> None:
    """Turn the wheel over the lanes; 120 is one step."""
    at = QPointF(x, LANE_Y)
    event = QWheelEvent(
        at,
        QPointF(view.canvas.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(across, down),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(over or view.canvas, event)


def roll(
    view: TimelineView,
    pixels: QPoint,
    phase: Qt.ScrollPhase,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    """Move two fingers on a touchpad."""
    at, none = QPointF(300, LANE_Y - 100), Qt.MouseButton.NoButton
    event = QWheelEvent(at, view.canvas.mapToGlobal(at), pixels, pixels * 8, none, keys, phase, False)
    QApplication.sendEvent(view.canvas, event)


def pinch(view: TimelineView, gesture: Qt.NativeGestureType, value: float) -> None:
    """Make a gesture of two fingers over the lanes."""
    at = QPointF(300, LANE_Y)
    everywhere = view.canvas.mapToGlobal(at)
    pad = QPointingDevice.primaryPointingDevice()
    event = QNativeGestureEvent(gesture, pad, 2, at, at, everywhere, value, QPointF())
    QApplication.sendEvent(view.canvas, event)


@pytest.fixture
def close(view: TimelineView) -> TimelineView:
    """The view at 10 samples per pixel, from 38 s to 48 s."""
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=38_000.0, samples_per_px=10.0))
    return view


@pytest.mark.parametrize("y", [LANE_Y, RULER_Y])
def test_a_click_seeks(qtbot: QtBot, view: TimelineView, y: int) -> None:
    with qtbot.waitSignal(view.canvas.seek_requested) as asked:
        click(view, 321, y)
    assert asked.args == [32_100, None]


def test_the_ruler_scrubs_with_alt_and_else_selects_as_the_lanes_do(view: TimelineView) -> None:
    asked: list[int] = []
    selected: list[tuple[int, int]] = []
    view.canvas.seek_requested.connect(lambda source, _near: asked.append(source))
    view.canvas.span_selected.connect(lambda start, stop: selected.append((start, stop)))
    drag(view, (100, RULER_Y), (140, RULER_Y), ALT)
    assert asked == [10_000, 14_000]
    assert not selected
    drag(view, (600, LANE_Y), (640, LANE_Y))
    drag(view, (200, RULER_Y), (240, RULER_Y))
    assert asked[2:] == [60_000, 20_000]
    assert selected == [(60_000, 64_000), (20_000, 24_000)]


@pytest.mark.parametrize(("x", "name"), [(150, "early"), (450, "middle"), (750, "late")])
def test_a_click_on_a_flag_selects_and_does_not_seek(
    qtbot: QtBot, view: TimelineView, x: int, name: str
) -> None:
    with (
        qtbot.assertNotEmitted(view.canvas.seek_requested),
        qtbot.waitSignal(view.canvas.proposal_clicked) as clicked,
    ):
        click(view, x, FLAG_Y)
    assert clicked.args == [name]


def test_ctrl_and_the_wheel_zoom_about_the_mouse(qtbot: QtBot, view: TimelineView) -> None:
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=20_000.0, samples_per_px=50.0))
    under = view.canvas.viewport.sample_at(400)
    with qtbot.waitSignal(view.canvas.viewport_changed) as changed:
        turn(view, 400, down=120, keys=Qt.KeyboardModifier.ControlModifier)
    assert changed.args == [view.canvas.viewport]
    assert view.canvas.viewport.samples_per_px == pytest.approx(40.0)
    assert view.canvas.viewport.sample_at(400) == under


@pytest.mark.parametrize(
    ("down", "across", "keys"),
    [
        (-120, 0, Qt.KeyboardModifier.NoModifier),
        (-120, 0, Qt.KeyboardModifier.ShiftModifier),
        (0, -120, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_the_wheel_scrolls_in_time(
    close: TimelineView, down: int, across: int, keys: Qt.KeyboardModifier
) -> None:
    turn(close, 10, down, across, keys)
    assert close.canvas.viewport.start_samples == 38_000 + 96 * 10


def test_lanes_that_do_not_fit_scroll_down(close: TimelineView) -> None:
    close.resize(HEADS + 1_000, 300)
    assert close.bar.isVisible()
    for _ in range(2):
        turn(close, 10, down=-120)
    layout = close.canvas.frame.layout
    assert layout.scroll == layout.scroll_limit == close.bar.value() > 0
    assert close.canvas.viewport.start_samples == 38_000
    close.bar.setValue(0)
    assert close.canvas.frame.layout.scroll == 0
    assert close.heads.heads["kick"].y() == 0


@pytest.mark.parametrize(("grip", "target", "span"), [
    (200, 260, (40_600, 50_000)),
    (203, 263, (40_600, 50_000)),
    (200, 990, (47_900, 50_000)),
])  # fmt: skip
def test_an_edge_of_the_current_proposal_is_dragged(
    qtbot: QtBot, close: TimelineView, grip: int, target: int, span: tuple[int, int]
) -> None:
    close.canvas.set_current("middle")
    with qtbot.waitSignal(close.canvas.edge_dragged) as dragged:
        drag(close, (grip, LANE_Y), (target, LANE_Y))
    assert dragged.args == ["middle", *span]


def test_nothing_of_a_drag_stays_on_the_screen(qtbot: QtBot, close: TimelineView) -> None:
    """An answer repaints its own columns alone, and the label of a drag is drawn beside them."""
    canvas, painted = close.canvas, QRegion()

    class Watching(QObject):
        def eventFilter(self, _: QObject, event: QEvent) -> bool:
            nonlocal painted
            if isinstance(event, QPaintEvent):
                painted |= event.region()
            return False

    watching = Watching(close)
    canvas.set_current("middle")
    QTest.mousePress(canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, LANE_Y))
    QTest.mouseMove(canvas, QPoint(260, LANE_Y))
    QApplication.processEvents()
    canvas.installEventFilter(watching)
    QTest.mouseRelease(canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(260, LANE_Y))
    qtbot.waitUntil(lambda: QRegion(canvas.rect()).subtracted(painted).isEmpty(), timeout=2_000)
    canvas.removeEventFilter(watching)


def test_edges_never_cross(qtbot: QtBot, view: TimelineView) -> None:
    view.canvas.set_current("middle")
    with qtbot.waitSignal(view.canvas.edge_dragged) as dragged:
        drag(view, (500, LANE_Y), (100, LANE_Y))
    assert dragged.args == ["middle", 40_000, 40_001]


def test_edges_of_other_proposals_stay(qtbot: QtBot, close: TimelineView) -> None:
    close.canvas.set_current("early")
    with qtbot.assertNotEmitted(close.canvas.edge_dragged), qtbot.waitSignal(close.canvas.seek_requested):
        drag(close, (200, LANE_Y), (260, LANE_Y))


def test_escape_gives_up_a_drag(qtbot: QtBot, close: TimelineView) -> None:
    close.canvas.set_current("middle")
    with qtbot.assertNotEmitted(close.canvas.edge_dragged):
        QTest.mousePress(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, LANE_Y))
        QTest.mouseMove(close.canvas, QPoint(260, LANE_Y))
        QTest.keyClick(close, Qt.Key.Key_Escape)
        QTest.mouseRelease(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(260, LANE_Y))


def test_the_cursor_tells_what_a_press_would_do(qtbot: QtBot, close: TimelineView, curve: ScoreCurve) -> None:
    close.canvas.set_current("middle")
    close.set_score(curve, 0.5)
    line_y = round(score_y(close.canvas.frame, 0.5))
    for at, shape in (
        ((200, LANE_Y), Qt.CursorShape.SplitHCursor),
        ((400, FLAG_Y), Qt.CursorShape.PointingHandCursor),
        ((400, line_y), Qt.CursorShape.SplitVCursor),
        ((400, LANE_Y), Qt.CursorShape.ArrowCursor),
        ((400, RULER_Y), Qt.CursorShape.IBeamCursor),
        ((430, OVERVIEW_Y), Qt.CursorShape.OpenHandCursor),
        ((900, OVERVIEW_Y), Qt.CursorShape.PointingHandCursor),
    ):
        QTest.mouseMove(close.canvas, QPoint(*at))
        qtbot.waitUntil(lambda shape=shape: close.canvas.cursor().shape() == shape)


def test_the_threshold_tells_its_way_and_is_kept_on_release(
    qtbot: QtBot, view: TimelineView, curve: ScoreCurve
) -> None:
    view.set_score(curve, 0.5)
    frame = view.canvas.frame
    before, middle, after = (round(score_y(frame, score)) for score in (0.5, 0.6, 0.75))
    moved: list[float | None] = []
    view.canvas.threshold_moved.connect(moved.append)
    with qtbot.waitSignal(view.canvas.threshold_dragged) as dragged:
        QTest.mousePress(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, before))
        QTest.mouseMove(view.canvas, QPoint(305, middle))
        drag(view, (305, middle), (310, after))
    assert dragged.args[0] == pytest.approx(0.75, abs=0.02)
    assert moved == pytest.approx([0.6, 0.75], abs=0.02)


def test_a_threshold_that_is_given_up_says_so(qtbot: QtBot, view: TimelineView, curve: ScoreCurve) -> None:
    view.set_score(curve, 0.5)
    y = round(score_y(view.canvas.frame, 0.5))
    moved: list[float | None] = []
    view.canvas.threshold_moved.connect(moved.append)
    with qtbot.assertNotEmitted(view.canvas.threshold_dragged):
        QTest.mousePress(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, y))
        QTest.mouseMove(view.canvas, QPoint(300, y - 12))
        assert view.canvas.mouse.cancel()
        QTest.mouseRelease(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, y - 12))
    assert moved[-1] is None


@pytest.mark.parametrize("score", [0.3, 0.97])
def test_a_dragged_threshold_says_what_it_leads_to(
    view: TimelineView, curve: ScoreCurve, score: float
) -> None:
    view.set_score(curve, score)
    y = round(score_y(view.canvas.frame, score))
    QTest.mousePress(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, y))
    plain = view.canvas.grab().toImage()
    view.canvas.set_outlook("3 cuts, result 1:05 of 1:40")
    assert view.canvas.grab().toImage() != plain


def test_the_overview_moves_the_window_and_a_double_click_fits(close: TimelineView) -> None:
    moved: list[Viewport] = []
    close.canvas.viewport_changed.connect(moved.append)
    click(close, 700, OVERVIEW_Y)
    assert close.canvas.viewport.start_samples == pytest.approx(65_000)
    drag(close, (700, OVERVIEW_Y), (650, OVERVIEW_Y))
    assert close.canvas.viewport.start_samples == pytest.approx(60_000)
    assert moved[-1] == close.canvas.viewport
    QTest.mouseDClick(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, OVERVIEW_Y))
    QTest.mouseRelease(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, OVERVIEW_Y))
    assert close.canvas.viewport.visible_samples == pytest.approx(100_000)


def test_a_click_on_a_flag_twice_opens_it(qtbot: QtBot, view: TimelineView) -> None:
    with qtbot.waitSignal(view.canvas.proposal_opened) as opened:
        QTest.mouseDClick(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(450, FLAG_Y))
        QTest.mouseRelease(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(450, FLAG_Y))
    assert opened.args == ["middle"]


def test_a_drag_that_begins_as_a_double_click_selects_what_was_dragged(view: TimelineView) -> None:
    canvas, none = view.canvas, Qt.KeyboardModifier.NoModifier
    y = canvas.frame.layout.lanes_top + 60
    selected: list[tuple[int, int]] = []
    canvas.span_selected.connect(lambda start, stop: selected.append((start, stop)))
    pieces: list[int] = []
    canvas.piece_requested.connect(pieces.append)
    click(view, 300, y)
    QTest.mouseDClick(canvas, LEFT, none, QPoint(300, y))
    QTest.mouseRelease(canvas, LEFT, none, QPoint(300, y))
    assert len(pieces) == 1, "at rest, a double click asks for the piece"
    selected.clear()
    click(view, 300, y)
    QTest.mouseDClick(canvas, LEFT, none, QPoint(300, y))
    QTest.mouseMove(canvas, QPoint(350, y))
    QTest.mouseMove(canvas, QPoint(400, y))
    QTest.mouseRelease(canvas, LEFT, none, QPoint(400, y))
    assert len(pieces) == 1
    (start, stop) = selected[-1]
    assert [round(canvas.x_of(start)), round(canvas.x_of(stop))] == [300, 400]


def test_the_middle_button_drags_lanes_and_time_along(qtbot: QtBot, close: TimelineView) -> None:
    close.resize(close.width(), 260)
    qtbot.waitUntil(lambda: close.canvas.frame.layout.scroll_limit > 0)
    before = close.canvas.viewport
    middle, none = Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier
    with qtbot.assertNotEmitted(close.canvas.seek_requested):
        QTest.mousePress(close.canvas, middle, none, QPoint(400, 250))
        assert close.canvas.cursor().shape() == Qt.CursorShape.ClosedHandCursor
        QTest.mouseClick(close.canvas, LEFT, none, QPoint(450, 230))  # the other button starts nothing
        QTest.mouseMove(close.canvas, QPoint(450, 230))
        QTest.mouseRelease(close.canvas, middle, none, QPoint(450, 230))
    assert close.canvas.viewport == before.scrolled(-50)
    assert close.canvas.frame.layout.scroll == 20
    assert close.canvas.mouse.drag is None
    assert close.canvas.cursor().shape() != Qt.CursorShape.ClosedHandCursor


@pytest.mark.parametrize(("value", "factor"), [(0.25, 1.25), (-0.2, 0.8), (-3.0, 0.1)])
def test_a_pinch_zooms_about_the_pointer(close: TimelineView, value: float, factor: float) -> None:
    before = close.canvas.viewport
    fixed = before.sample_at(300)
    pinch(close, Qt.NativeGestureType.ZoomNativeGesture, value)
    expected = before.zoomed(factor, 300)
    assert close.canvas.viewport.samples_per_px == pytest.approx(expected.samples_per_px)
    assert close.canvas.viewport.sample_at(300) == pytest.approx(fixed, abs=1) or factor < 0.5


def test_two_fingers_tapped_twice_show_the_whole_and_turning_does_nothing(close: TimelineView) -> None:
    before = close.canvas.viewport
    pinch(close, Qt.NativeGestureType.RotateNativeGesture, 10.0)
    assert close.canvas.viewport == before
    pinch(close, Qt.NativeGestureType.SmartZoomNativeGesture, 0.0)
    assert close.canvas.viewport.visible_samples == pytest.approx(100_000)


@pytest.mark.parametrize(
    ("across", "down", "moved_px", "scroll_px"),
    [(-7, 0, 7, 0), (-7, -2, 7, 0), (0, -9, 0, 9), (-2, -9, 0, 9), (-8, -8, 8, 8)],
)
def test_two_fingers_move_pixel_by_pixel_and_straight_where_nearly_straight(
    qtbot: QtBot, close: TimelineView, across: int, down: int, moved_px: int, scroll_px: int
) -> None:
    close.resize(close.width(), 260)
    qtbot.waitUntil(lambda: close.canvas.frame.layout.scroll_limit > 0)
    before = close.canvas.viewport
    roll(close, QPoint(across, down), Qt.ScrollPhase.ScrollUpdate)
    assert close.canvas.viewport == before.scrolled(moved_px)
    assert close.canvas.frame.layout.scroll == scroll_px


def test_what_rolls_on_after_the_fingers_left_does_not_zoom(close: TimelineView) -> None:
    before, ctrl = close.canvas.viewport, Qt.KeyboardModifier.ControlModifier
    roll(close, QPoint(0, 40), Qt.ScrollPhase.ScrollMomentum, ctrl)
    assert close.canvas.viewport == before
    roll(close, QPoint(0, 40), Qt.ScrollPhase.ScrollUpdate, ctrl)
    assert close.canvas.viewport.samples_per_px < before.samples_per_px


def test_the_wheel_over_the_heads_scrolls_the_lanes(qtbot: QtBot, close: TimelineView) -> None:
    close.resize(close.width(), 260)
    qtbot.waitUntil(lambda: close.canvas.frame.layout.scroll_limit > 0)
    before = close.canvas.viewport
    turn(close, 10, down=-120, over=close.heads)
    assert close.canvas.frame.layout.scroll == min(96, close.canvas.frame.layout.scroll_limit)
    assert close.canvas.viewport == before


def test_an_edge_dragged_beyond_the_window_takes_it_along(qtbot: QtBot, close: TimelineView) -> None:
    close.canvas.set_current("middle")  # its left edge is at 200
    with qtbot.waitSignal(close.canvas.edge_dragged) as dragged:
        QTest.mousePress(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, LANE_Y))
        for _ in range(5):
            QTest.mouseMove(close.canvas, QPoint(-20, LANE_Y))
            QTest.mouseMove(close.canvas, QPoint(-21, LANE_Y))
        QTest.mouseRelease(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(-20, LANE_Y))
    assert close.canvas.viewport.start_samples < 37_000
    assert dragged.args[1] < 37_000


def test_a_tooltip_says_why(view: TimelineView) -> None:
    at = QPoint(450, LANE_Y)
    QApplication.sendEvent(view.canvas, QHelpEvent(QEvent.Type.ToolTip, at, view.canvas.mapToGlobal(at)))
    assert QToolTip.text() == "Cut 0:40.0 – 0:50.0 · undecided\nReason middle."
    QToolTip.hideText()


def test_dropped_files_are_told(qtbot: QtBot, view: TimelineView) -> None:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/tmp/a.wav"), QUrl("http://example.org/b.wav")])
    action, button, keys = Qt.DropAction.CopyAction, LEFT, Qt.KeyboardModifier.NoModifier
    entering = QDragEnterEvent(QPoint(300, 300), action, mime, button, keys)
    QApplication.sendEvent(view, entering)
    assert entering.isAccepted()
    with qtbot.waitSignal(view.files_dropped) as dropped:
        QApplication.sendEvent(view, QDropEvent(QPointF(300, 300), action, mime, button, keys))
    assert dropped.args == [["/tmp/a.wav"]]


def test_an_empty_timeline_takes_no_click(qtbot: QtBot) -> None:
    empty = TimelineView()
    qtbot.addWidget(empty)
    empty.resize(900, 500)
    with qtbot.waitExposed(empty):
        empty.show()
    with (
        qtbot.assertNotEmitted(empty.canvas.seek_requested),
        qtbot.assertNotEmitted(empty.canvas.viewport_changed),
    ):
        click(empty, 300, 300)
        click(empty, 300, OVERVIEW_Y)
        turn(empty, 300, down=-120)
