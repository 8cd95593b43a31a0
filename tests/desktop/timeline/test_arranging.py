"""The arrangement lane in the window: blocks brought elsewhere by keys and mouse, heard where they are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from engine.document.edits.markers import add_region
from engine.document.proposals import Verdict
from engine.sound.edl.arrangement import arrangement
from engine.sound.edl.build import build
from tests.desktop.conftest import Hands
from widgets.timeline.edits.arrangement import block_area
from widgets.timeline.mouse.gestures import tip_at

EDGES_S = (0, 40, 90, 130, 200)


@pytest.fixture
def song(song: Hands) -> Hands:
    """The demo's recordings with four regions that adjoin."""
    session = song.window.session
    rate_hz = session.state.rate_hz
    for start_s, stop_s in pairwise(EDGES_S):
        edit, _ = add_region(session.state, start_s * rate_hz, stop_s * rate_hz)
        session.apply(edit)
    return song


def starts_s(hands: Hands) -> list[int]:
    state = hands.window.session.state
    return [block.start_samples // state.rate_hz for block in arrangement(state).blocks]


def middle_of(hands: Hands, number: int) -> QPoint:
    canvas = hands.window.timeline.canvas
    area = block_area(canvas.frame, canvas.shown.slabs.slabs[number], canvas.viewport.length_samples)
    return area.center().toPoint()


def drag(hands: Hands, start: QPoint, stop: QPoint, held: Qt.KeyboardModifier) -> None:
    canvas = hands.window.timeline.canvas
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, held, start)
    QTest.mouseMove(canvas, (start + stop) / 2)
    QTest.mouseMove(canvas, stop)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, held, stop)


def test_blocks_go_earlier_later_again_and_away_by_keys(song: Hands) -> None:
    window = song.window
    layout = window.timeline.canvas.frame.layout
    assert layout.marks_top == layout.arrangement_top
    rate_hz = window.session.state.rate_hz
    song.press("Q")
    window.zooms.seek(100 * rate_hz)
    song.press("Ctrl+Shift+PgUp")
    assert starts_s(song) == [0, 90, 40, 130, 200]
    layout = window.timeline.canvas.frame.layout
    assert layout.marks_top > layout.arrangement_top
    assert window.transport.result_samples == 40 * rate_hz
    song.press("Ctrl+Shift+PgUp")
    song.press("Ctrl+Shift+PgUp")
    assert "first already" in song.refused[-1]
    assert starts_s(song) == [90, 0, 40, 130, 200]
    assert len(window.session.state.proposals) == 1
    window.commands.run("arrange.again")
    assert starts_s(song) == [90, 90, 0, 40, 130, 200]
    song.press("Ctrl+PgDown")
    assert window.transport.result_samples == 80 * rate_hz
    window.commands.run("arrange.select")
    assert window.selecting.span == (0, 40 * rate_hz)
    song.press("Ctrl+PgUp")
    assert window.transport.result_samples == 40 * rate_hz
    window.commands.run("arrange.take_out")
    assert starts_s(song) == [90, 0, 40, 130, 200]
    before = build(window.session.state)
    for _ in range(3):
        song.press("Ctrl+Z")
    assert starts_s(song) == [0, 90, 40, 130, 200]
    for _ in range(3):
        song.press("Ctrl+Shift+Z")
    assert build(window.session.state) == before


def test_blocks_are_dragged_and_copied(song: Hands) -> None:
    window = song.window
    song.press("F5")
    song.press("Q")
    canvas, none = window.timeline.canvas, Qt.KeyboardModifier.NoModifier
    drag(song, middle_of(song, 2), QPoint(2, middle_of(song, 0).y()), none)
    assert starts_s(song) == [90, 0, 40, 130, 200]
    drag(song, middle_of(song, 0), middle_of(song, 0) + QPoint(30, 0), none)  # let go on itself
    assert starts_s(song) == [90, 0, 40, 130, 200]
    drag(song, middle_of(song, 1), middle_of(song, 3) - QPoint(8, 0), Qt.KeyboardModifier.ControlModifier)
    assert starts_s(song) == [90, 0, 40, 0, 130, 200]
    verdicts = {window.session.state.verdict(one) for one in window.session.state.proposals}
    assert verdicts == {Verdict.ACCEPTED}
    assert "again" in tip_at(canvas, QPointF(middle_of(song, 3)))
    start, stop = middle_of(song, 1), middle_of(song, 4)
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, none, start)
    QTest.mouseMove(canvas, stop)
    assert canvas.grab().toImage() != canvas.compose()
    song.press("Esc")
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, none, stop)
    assert starts_s(song) == [90, 0, 40, 0, 130, 200]
    song.press("Q")
    assert canvas.shown.slabs.slabs[0].name(window.session.state.rate_hz).endswith("×2")
    assert "played at 0:40.0, 2:10.0" in tip_at(canvas, QPointF(middle_of(song, 0)))
    drag(song, middle_of(song, 0), middle_of(song, 2), none)  # in the source nothing is moved
    assert starts_s(song) == [90, 0, 40, 0, 130, 200]


def test_a_moment_that_is_heard_twice_is_played_where_it_was_chosen(song: Hands) -> None:
    window = song.window
    rate_hz = window.session.state.rate_hz
    song.press("Q")
    window.zooms.seek(0)
    window.commands.run("arrange.again")
    assert starts_s(song)[:2] == [0, 0]
    QTest.mouseClick(window.timeline.canvas, Qt.MouseButton.LeftButton, pos=middle_of(song, 1))
    transport = window.transport
    assert 0 < transport.playhead_samples < 40 * rate_hz
    assert transport.result_samples == pytest.approx(transport.playhead_samples + 40 * rate_hz, abs=rate_hz)
    drawn = window.timeline.canvas.playhead_in_view
    assert drawn == transport.result_samples
    song.press("Space")
    song.qtbot.waitUntil(lambda: transport.is_playing and transport.result_samples > drawn)
    assert transport.result_samples < 80 * rate_hz
    song.press("Space")
    song.qtbot.waitUntil(lambda: not transport.is_playing)
    assert transport.result_samples > 40 * rate_hz


def test_the_menu_of_a_lane_puts_the_playhead_into_the_copy_under_the_mouse(song: Hands) -> None:
    window = song.window
    rate_hz = window.session.state.rate_hz
    song.press("Q")
    window.zooms.seek(0)
    window.commands.run("arrange.again")
    window.selecting.let_go()
    canvas = window.timeline.canvas
    x = canvas.viewport.x_at(60 * rate_hz)  # in the second of two blocks of 40 s
    window.lane_menu.menu(QPointF(x, canvas.frame.layout.lanes_bottom - 5)).deleteLater()
    assert window.transport.result_samples == pytest.approx(60 * rate_hz, abs=rate_hz)
