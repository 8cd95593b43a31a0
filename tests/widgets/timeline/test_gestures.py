"""Real mouse events on a real timeline: 1,000 px of 100 samples each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QHelpEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from engine.document.analysis import ScoreCurve
from widgets.timeline.score import score_y
from widgets.timeline.timeline_view import TimelineView
from widgets.timeline.viewport import Viewport

LEFT = Qt.MouseButton.LeftButton
FLAG_Y, LANE_Y, RULER_Y, OVERVIEW_Y = 170, 300, 70, 20


def click(view: TimelineView, x: int, y: int) -> None:
    QTest.mouseClick(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(x, y))


def drag(view: TimelineView, start: tuple[int, int], stop: tuple[int, int]) -> None:
    QTest.mousePress(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(*start))
    QTest.mouseMove(view.canvas, QPoint(*stop))
    QTest.mouseRelease(view.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(*stop))


def turn(
    view: TimelineView,
    x: int,
    down: int = 0,
    across: int = 0,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
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
    QApplication.sendEvent(view.canvas, event)


@pytest.fixture
def close(view: TimelineView) -> TimelineView:
    """The view at 10 samples per pixel, from 38 s to 48 s."""
    view.set_viewport(replace(view.viewport, start_samples=38_000.0, samples_per_px=10.0))
    return view


@pytest.mark.parametrize("y", [LANE_Y, RULER_Y])
def test_a_click_seeks(qtbot: QtBot, view: TimelineView, y: int) -> None:
    with qtbot.waitSignal(view.seek_requested) as asked:
        click(view, 321, y)
    assert asked.args == [32_100]


def test_the_ruler_scrubs_and_the_lanes_do_not(view: TimelineView) -> None:
    asked: list[int] = []
    view.seek_requested.connect(asked.append)
    drag(view, (100, RULER_Y), (140, RULER_Y))
    drag(view, (600, LANE_Y), (640, LANE_Y))
    assert asked == [10_000, 14_000, 60_000]


@pytest.mark.parametrize(("x", "name"), [(150, "early"), (450, "middle"), (750, "late")])
def test_a_click_on_a_flag_selects_and_does_not_seek(
    qtbot: QtBot, view: TimelineView, x: int, name: str
) -> None:
    with qtbot.assertNotEmitted(view.seek_requested), qtbot.waitSignal(view.proposal_clicked) as clicked:
        click(view, x, FLAG_Y)
    assert clicked.args == [name]


def test_ctrl_and_the_wheel_zoom_about_the_mouse(qtbot: QtBot, view: TimelineView) -> None:
    view.set_viewport(replace(view.viewport, start_samples=20_000.0, samples_per_px=50.0))
    under = view.viewport.sample_at(400)
    with qtbot.waitSignal(view.viewport_changed) as changed:
        turn(view, 400, down=120, keys=Qt.KeyboardModifier.ControlModifier)
    assert changed.args == [view.viewport]
    assert view.viewport.samples_per_px == pytest.approx(40.0)
    assert view.viewport.sample_at(400) == under


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
    assert close.viewport.start_samples == 38_000 + 96 * 10


def test_lanes_that_do_not_fit_scroll_down(close: TimelineView) -> None:
    close.resize(1_168, 300)
    assert close.bar.isVisible()
    turn(close, 10, down=-120)
    layout = close.canvas.frame.layout
    assert layout.scroll == layout.scroll_limit == close.bar.value() > 0
    assert close.viewport.start_samples == 38_000
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
    close.set_current("middle")
    with qtbot.waitSignal(close.edge_dragged) as dragged:
        drag(close, (grip, LANE_Y), (target, LANE_Y))
    assert dragged.args == ["middle", *span]


def test_edges_never_cross(qtbot: QtBot, view: TimelineView) -> None:
    view.set_current("middle")
    with qtbot.waitSignal(view.edge_dragged) as dragged:
        drag(view, (500, LANE_Y), (100, LANE_Y))
    assert dragged.args == ["middle", 40_000, 40_001]


def test_edges_of_other_proposals_stay(qtbot: QtBot, close: TimelineView) -> None:
    close.set_current("early")
    with qtbot.assertNotEmitted(close.edge_dragged), qtbot.waitSignal(close.seek_requested):
        drag(close, (200, LANE_Y), (260, LANE_Y))


def test_escape_gives_up_a_drag(qtbot: QtBot, close: TimelineView) -> None:
    close.set_current("middle")
    with qtbot.assertNotEmitted(close.edge_dragged):
        QTest.mousePress(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(200, LANE_Y))
        QTest.mouseMove(close.canvas, QPoint(260, LANE_Y))
        QTest.keyClick(close, Qt.Key.Key_Escape)
        QTest.mouseRelease(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(260, LANE_Y))


def test_the_cursor_tells_what_a_press_would_do(qtbot: QtBot, close: TimelineView, curve: ScoreCurve) -> None:
    close.set_current("middle")
    close.set_score(curve, 0.5)
    line_y = round(score_y(close.canvas.frame, 0.5))
    for at, shape in (
        ((200, LANE_Y), Qt.CursorShape.SplitHCursor),
        ((400, FLAG_Y), Qt.CursorShape.PointingHandCursor),
        ((400, line_y), Qt.CursorShape.SplitVCursor),
        ((400, LANE_Y), Qt.CursorShape.ArrowCursor),
    ):
        QTest.mouseMove(close.canvas, QPoint(*at))
        qtbot.waitUntil(lambda shape=shape: close.canvas.cursor().shape() == shape)


def test_the_threshold_is_told_on_release(qtbot: QtBot, view: TimelineView, curve: ScoreCurve) -> None:
    view.set_score(curve, 0.5)
    frame = view.canvas.frame
    before, after = (round(score_y(frame, score)) for score in (0.5, 0.75))
    with qtbot.waitSignal(view.threshold_dragged) as dragged:
        drag(view, (300, before), (310, after))
    assert dragged.args[0] == pytest.approx(0.75, abs=0.02)


def test_the_overview_moves_the_window_and_a_double_click_fits(close: TimelineView) -> None:
    moved: list[Viewport] = []
    close.viewport_changed.connect(moved.append)
    click(close, 700, OVERVIEW_Y)
    assert close.viewport.start_samples == pytest.approx(65_000)
    drag(close, (700, OVERVIEW_Y), (650, OVERVIEW_Y))
    assert close.viewport.start_samples == pytest.approx(60_000)
    assert moved[-1] == close.viewport
    QTest.mouseDClick(close.canvas, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(300, OVERVIEW_Y))
    assert close.viewport.visible_samples == pytest.approx(100_000)


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
    with qtbot.assertNotEmitted(empty.seek_requested), qtbot.assertNotEmitted(empty.viewport_changed):
        click(empty, 300, 300)
        click(empty, 300, OVERVIEW_Y)
        turn(empty, 300, down=-120)
