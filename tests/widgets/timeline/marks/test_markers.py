"""Markers in their strip, and what falls onto the grid: real mouse events on 1,000 px of 100 samples each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from pytestqt.qtbot import QtBot

from engine.document.analysis import BeatGrid
from engine.document.state import DocumentState, Marker
from engine.sound.edl.build import build
from tests.engine.sound.edl.recordings import by_hand
from tests.widgets.timeline.conftest import make_state
from widgets import theme
from widgets.theme import DARK, LIGHT
from widgets.timeline.marks.grid import Beats, division_near, divisions
from widgets.timeline.marks.markers import flags
from widgets.timeline.timeline_view import TimelineView

LEFT, NO_KEY = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CTRL = Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
STRIP_Y, RULER_Y, LANE_Y = 66, 88, 320
MARKERS = {
    "one": Marker("one", 5_000, 5_000, "Verse"),
    "region": Marker("region", 30_000, 60_000, "A long bridge"),
    "cut": Marker("cut", 12_000, 12_000, "In the cut"),
    "last": Marker("last", 90_000, 90_000, "Coda"),
}


@pytest.fixture
def marked(view: TimelineView, state: DocumentState) -> TimelineView:
    ordered = sorted(MARKERS.values(), key=lambda one: one.start_samples)
    view.lanes.set_document(replace(state, markers={one.id: one for one in ordered}))
    return view


@pytest.fixture
def gridded(marked: TimelineView, grid: BeatGrid) -> TimelineView:
    """Beats each 500 samples, 5 px: too close to draw, so that bars of 20 px show, every second of them."""
    marked.canvas.set_grid(grid)
    return marked


def mouse(view: TimelineView, kind: QEvent.Type, x: float, y: float, keys: Qt.KeyboardModifier) -> None:
    at = QPointF(x, y)
    held = Qt.MouseButton.NoButton if kind == QEvent.Type.MouseButtonRelease else LEFT
    event = QMouseEvent(kind, at, view.canvas.mapToGlobal(at), LEFT, held, keys)
    QApplication.sendEvent(view.canvas, event)


def drag(
    view: TimelineView,
    start: float,
    stop: float,
    y: float,
    keys: Qt.KeyboardModifier = NO_KEY,
    *,
    drop: bool = True,
) -> None:
    mouse(view, QEvent.Type.MouseButtonPress, start, y, keys)
    mouse(view, QEvent.Type.MouseMove, stop, y, keys)
    if drop:
        mouse(view, QEvent.Type.MouseButtonRelease, stop, y, keys)


def test_the_strip_is_there_only_with_markers(view: TimelineView, marked: TimelineView) -> None:
    layout = marked.canvas.frame.layout
    assert layout.ruler_top - layout.marks_top == theme.px(18)
    assert marked.canvas.accessibleDescription() == "2 tracks, 3 proposals, 4 markers"
    assert marked.heads.score.y() == layout.score_top
    view.lanes.set_document(replace(marked.canvas.state, markers={}))
    layout = view.canvas.frame.layout
    assert layout.ruler_top == layout.marks_top


@pytest.mark.parametrize("tokens", [DARK, LIGHT], ids=lambda tokens: tokens.name)
def test_flags_and_bands_are_drawn_where_they_are(marked: TimelineView, tokens: theme.Theme) -> None:
    marked.set_theme(tokens)
    image = marked.canvas.compose()
    ink = theme.color(tokens.marker).rgb()
    y = marked.canvas.frame.layout.ruler_top - 3
    for x in (50, 120, 300, 600, 900):
        assert image.pixel(x, y) == ink
    band, ground = image.pixel(450, y), image.pixel(700, y)
    assert ground == theme.color(tokens.panel).rgb()
    assert band != ground


def test_the_overview_has_a_tick_where_each_begins(marked: TimelineView) -> None:
    image, ink = marked.canvas.compose(), theme.color(DARK.marker).rgb()
    ticks = [x for x in range(1_000) if image.pixel(x, 2) == ink]
    assert ticks == [50, 51, 120, 121, 300, 301, 900, 901]
    assert image.pixel(50, 20) != ink
    marked.lanes.set_document(replace(marked.canvas.state, markers={}))
    image = marked.canvas.compose()
    assert not [x for x in range(1_000) if image.pixel(x, 2) == ink]


def test_names_end_before_the_next_marker(marked: TimelineView) -> None:
    canvas = marked.canvas
    seen = {canvas.shown.marks.ids[flag.index]: flag for flag in flags(canvas.frame, canvas.shown.marks)}
    assert list(seen) == ["one", "cut", "region", "last"]
    assert seen["one"].name_left + seen["one"].name_room < 120
    marked.canvas.set_viewport(replace(canvas.viewport, start_samples=40_000.0, samples_per_px=20.0))
    only = flags(canvas.frame, canvas.shown.marks)
    assert [canvas.shown.marks.ids[flag.index] for flag in only] == ["region"]
    assert only[0].name_left > 0, "the name of a region stays in view with it"


def test_thousands_of_markers_are_drawn_where_each_of_them_is(
    view: TimelineView, state: DocumentState, rng: np.random.Generator
) -> None:
    starts = np.sort(rng.choice(100_000, 400, replace=False)).tolist()
    many = {str(n): Marker(str(n), at, at + 140 * (n % 3 == 0), f"M {n}") for n, at in enumerate(starts)}
    view.lanes.set_document(replace(state, markers=many))
    canvas = view.canvas
    assert len(flags(canvas.frame, canvas.shown.marks)) < 110, "those with room"
    image, y = canvas.compose(), canvas.frame.layout.ruler_top - 2
    covered = set()
    for marker in many.values():
        for edge in (marker.start_samples, marker.stop_samples):
            covered |= {round(edge / 100), round(edge / 100) + 1}  # a staff is two pixels wide
    ink = theme.color(DARK.marker).rgb()
    drawn = {x for x in range(canvas.width()) if image.pixel(x, y) == ink}
    assert drawn == {x for x in covered if x < canvas.width()}


def test_markers_are_dragged_and_clicked(qtbot: QtBot, marked: TimelineView) -> None:
    with qtbot.waitSignal(marked.canvas.marker_moved) as moved:
        drag(marked, 52, 72, STRIP_Y)
    assert moved.args == ["one", 7_000, 7_000]
    with qtbot.waitSignal(marked.canvas.seek_requested) as sought:
        drag(marked, 52, 52, STRIP_Y)
    assert sought.args[0] == 5_000
    with qtbot.waitSignal(marked.canvas.marker_moved) as moved:
        drag(marked, 450, 350, STRIP_Y)
    assert moved.args == ["region", 20_000, 50_000]
    for start, stop, want in ((300, 400, [40_000, 60_000]), (600, 200, [30_000, 30_001])):
        with qtbot.waitSignal(marked.canvas.marker_moved) as moved:
            drag(marked, start, stop, STRIP_Y)
        assert moved.args == ["region", *want]
    with qtbot.waitSignal(marked.canvas.marker_moved) as moved:
        drag(marked, 450, 990, STRIP_Y)
    assert moved.args == ["region", 70_000, 100_000], "a region stays whole within the recording"


def test_escape_gives_a_marker_drag_up(qtbot: QtBot, marked: TimelineView) -> None:
    with qtbot.assertNotEmitted(marked.canvas.marker_moved):
        drag(marked, 52, 92, STRIP_Y, drop=False)
        marked.grab()  # the dragged flag is painted
        assert marked.canvas.mouse.cancel()
        mouse(marked, QEvent.Type.MouseButtonRelease, 92, STRIP_Y, NO_KEY)


def test_a_double_click_writes_the_name_anew(qtbot: QtBot, marked: TimelineView) -> None:
    QTest.mouseDClick(marked.canvas, LEFT, NO_KEY, QPoint(52, STRIP_Y))
    QTest.mouseRelease(marked.canvas, LEFT, NO_KEY, QPoint(52, STRIP_Y))
    editor = marked.canvas.findChild(QLineEdit)
    assert editor.text() == "Verse"
    assert editor.accessibleName() == "Name of Verse"
    assert editor.geometry().top() == marked.canvas.frame.layout.marks_top
    with qtbot.waitSignal(marked.canvas.marker_named) as named:
        QTest.keyClicks(editor, "Chorus")
        QTest.keyClick(editor, Qt.Key.Key_Return)
    assert named.args == ["one", "Chorus"]


def test_escape_keeps_the_name(qtbot: QtBot, marked: TimelineView) -> None:
    marked.canvas.rename_marker("last")
    editor = marked.canvas.findChild(QLineEdit)
    assert editor.geometry().right() < marked.canvas.width()
    with qtbot.assertNotEmitted(marked.canvas.marker_named):
        QTest.keyClicks(editor, "x")
        QTest.keyClick(editor, Qt.Key.Key_Escape)
    assert editor.isHidden()


def test_the_right_button_asks_for_a_menu(qtbot: QtBot, marked: TimelineView) -> None:
    def click(x: int) -> QContextMenuEvent:
        at = QPoint(x, STRIP_Y)
        event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, marked.canvas.mapToGlobal(at))
        QApplication.sendEvent(marked.canvas, event)
        return event

    with qtbot.waitSignal(marked.canvas.marker_menu_requested) as asked:
        click(602)
    assert asked.args[0] == "region"
    with qtbot.assertNotEmitted(marked.canvas.marker_menu_requested):
        click(800)


def test_in_the_result_markers_stand_where_they_are_heard(marked: TimelineView) -> None:
    state = marked.canvas.state
    marked.lanes.set_document(state, build(state))  # "early", 10,000 to 20,000, is accepted
    marks = marked.canvas.shown.marks
    placed = dict(zip(marks.ids, zip(marks.starts.tolist(), marks.stops.tolist(), strict=True), strict=True))
    assert placed == {
        "one": (5_000, 5_000),
        "cut": (10_000, 10_000),
        "region": (20_000, 50_000),
        "last": (80_000, 80_000),
    }


def test_a_marker_dragged_in_the_result_moves_in_the_source(qtbot: QtBot, marked: TimelineView) -> None:
    marked.lanes.set_document(marked.canvas.state, build(marked.canvas.state))
    canvas = marked.canvas
    start, stop = canvas.x_of(90_000), canvas.x_of(70_000)
    with qtbot.waitSignal(canvas.marker_moved) as moved:
        drag(marked, start + 1, stop + 1, STRIP_Y)
    assert moved.args[1] == pytest.approx(70_000, abs=100)


def test_divisions_are_the_lines_that_are_drawn(gridded: TimelineView, grid: BeatGrid) -> None:
    canvas = gridded.canvas
    beats = Beats.of(grid)
    assert divisions(beats, canvas.viewport).tolist() == list(range(0, 100_000, 4_000))
    closer = replace(canvas.viewport, samples_per_px=10.0)
    assert divisions(beats, closer).tolist() == grid.beats_samples.tolist()
    assert not len(divisions(None, closer))


@pytest.mark.parametrize("x", np.linspace(-50.0, 1_050.0, 45))
def test_the_nearest_line_is_found_as_by_looking_at_all(gridded: TimelineView, x: float) -> None:
    canvas = gridded.canvas
    assert canvas.shown.beats is not None
    lines = divisions(canvas.shown.beats, canvas.viewport)
    apart = np.abs(canvas.viewport.xs_at(lines) - x)
    want = int(lines[apart.argmin()]) if apart.min() <= 8 else None
    assert division_near(x, canvas.shown.beats, canvas.viewport, 8) == want


@pytest.mark.parametrize(("x", "found"), [(123, 12_000), (113, 12_000), (132, 13_200)])
def test_clicks_on_the_ruler_fall_onto_the_grid(
    qtbot: QtBot, gridded: TimelineView, x: int, found: int
) -> None:
    with qtbot.waitSignal(gridded.canvas.seek_requested) as sought:
        drag(gridded, x, x, RULER_Y)
    assert sought.args[0] == found
    for keys in (SHIFT, CTRL):  # held away from any line: as if snapping were off
        if found != 12_000:
            with qtbot.waitSignal(gridded.canvas.seek_requested) as sought:
                drag(gridded, x, x, RULER_Y, keys)
            assert sought.args[0] == x * 100
    with qtbot.waitSignal(gridded.canvas.seek_requested) as sought:
        drag(gridded, x, x, LANE_Y)
    assert sought.args[0] == x * 100, "a click on the lanes goes where it is"


def test_edges_and_markers_fall_onto_the_grid_unless_told_otherwise(
    qtbot: QtBot, gridded: TimelineView
) -> None:
    gridded.canvas.set_current("middle")  # 40,000 to 50,000
    for keys, want in ((NO_KEY, 44_000), (SHIFT, 44_500), (CTRL, 44_500)):
        with qtbot.waitSignal(gridded.canvas.edge_dragged) as moved:
            drag(gridded, 400, 445, LANE_Y, keys)
        assert moved.args == ["middle", want, 50_000]
    gridded.canvas.snapping.is_on = False
    for keys, want in ((NO_KEY, 44_500), (SHIFT, 44_000)):
        with qtbot.waitSignal(gridded.canvas.edge_dragged) as moved:
            drag(gridded, 400, 445, LANE_Y, keys)
        assert moved.args == ["middle", want, 50_000]


def test_a_line_shows_where_it_will_land(gridded: TimelineView) -> None:
    drag(gridded, 50, 77, STRIP_Y, drop=False)
    canvas = gridded.canvas
    assert canvas.snapping.at == 8_000
    image = gridded.grab().toImage()
    x = canvas.x() + 80
    assert image.pixel(x, RULER_Y) != image.pixel(x + 8, RULER_Y)
    mouse(gridded, QEvent.Type.MouseMove, 95, STRIP_Y, NO_KEY)
    assert canvas.snapping.at is None
    canvas.mouse.cancel()


def test_a_beat_is_dragged_with_its_bar(qtbot: QtBot, gridded: TimelineView, grid: BeatGrid) -> None:
    canvas = gridded.canvas
    gridded.canvas.set_viewport(replace(canvas.viewport, start_samples=20_000.0, samples_per_px=10.0))
    # The bar of 20,000 to 22,000: its third beat is at 21,000, 100 px.
    drag(gridded, 101, 131, RULER_Y, SHIFT, drop=False)
    gridded.grab()
    shown = canvas.shown.beats
    assert shown is not None
    assert shown.positions[40:45].tolist() == [20_000, 20_650, 21_300, 21_650, 22_000]
    assert canvas.mouse.cancel()
    assert canvas.shown.beats is not None
    assert canvas.shown.beats.positions.tolist() == grid.beats_samples.tolist()
    with qtbot.waitSignal(canvas.beat_dragged) as dragged:
        drag(gridded, 101, 131, RULER_Y, CTRL)
    assert dragged.args == [42, 21_300]
    assert canvas.shown.beats.positions.tolist() == grid.beats_samples.tolist(), (
        "until the document says otherwise"
    )
    with qtbot.assertNotEmitted(canvas.beat_dragged):
        drag(gridded, 101, 101, RULER_Y, SHIFT)


def test_a_beat_dragged_in_the_result_is_the_one_that_is_seen(qtbot: QtBot, gridded: TimelineView) -> None:
    state = gridded.canvas.state
    gridded.lanes.set_document(state, build(state))  # 10,000 to 20,000 is cut
    gridded.canvas.set_viewport(replace(gridded.canvas.viewport, start_samples=20_000.0, samples_per_px=10.0))
    with qtbot.waitSignal(gridded.canvas.beat_dragged) as dragged:
        drag(gridded, 101, 131, RULER_Y, SHIFT)
    assert dragged.args == [62, 31_300]


def test_a_beat_stops_at_its_neighbours(qtbot: QtBot, gridded: TimelineView) -> None:
    gridded.canvas.set_viewport(replace(gridded.canvas.viewport, start_samples=20_000.0, samples_per_px=10.0))
    with qtbot.waitSignal(gridded.canvas.beat_dragged) as dragged:
        drag(gridded, 100, 900, RULER_Y, SHIFT)
    assert dragged.args == [42, 21_998]


def test_a_marker_that_is_heard_twice_is_shown_and_dragged_at_both_places(view: TimelineView) -> None:
    state = by_hand(
        replace(make_state(), proposals={}, decisions={}), "repeat", (10_000, 20_000), {"times": 2}
    )
    state = replace(state, markers={"m": Marker("m", 15_000, 15_000, "Chorus")})
    view.lanes.set_document(state, build(state))
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=0.0, samples_per_px=100.0))
    canvas = view.canvas
    assert canvas.shown.marks.starts.tolist() == [15_000, 25_000]
    assert canvas.shown.marks.names == ("Chorus", "Chorus")
    xs = [round(canvas.viewport.x_at(at)) for at in (15_000, 25_000)]
    y = canvas.frame.layout.marks_top + 6
    moved: list[tuple[object, ...]] = []
    canvas.marker_moved.connect(lambda *mark: moved.append(mark))
    for x in xs:
        QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x, y))
        QTest.mouseMove(canvas, QPoint(x + 20, y))
        assert canvas.mouse.drag is not None
        assert canvas.mouse.drag._x_of(17_000) == pytest.approx(x + 20, abs=1)
        QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=QPoint(x + 20, y))
    (_, first, _), (_, second, _) = moved
    tolerance = canvas.viewport.samples_per_px
    assert first == pytest.approx(15_000 + 20 * tolerance, abs=tolerance)
    assert second == pytest.approx(first, abs=tolerance)
    view.canvas.set_viewport(replace(view.canvas.viewport, start_samples=20_000.0, samples_per_px=50.0))
    assert canvas.rename_marker("m")
    (field,) = canvas.findChildren(QLineEdit)
    assert field.x() == pytest.approx(canvas.viewport.x_at(25_000), abs=20), "at the place that is in view"
