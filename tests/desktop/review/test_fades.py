"""The crossfade of the current edit, by keys and by its handles: heard, drawn, undone and exported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.main_window import MainWindow
from engine.core.errors import UsageError
from engine.document.edits.by_hand import change_fade, edit_by_hand, fade_ms_of
from engine.sound.edl.build import build, preview
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.timeline.mouse.drags import fade_of

MS = RATE_HZ // 1000
HERE = f"cut-{4 * RATE_HZ}"
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    """Twenty seconds; two cuts proposed, hard as they are, and one of 12 ms made by hand."""
    cuts = ((4 * RATE_HZ, 8 * RATE_HZ), (12 * RATE_HZ, 16 * RATE_HZ))
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20), cuts))
    hands.finish_work()
    window.amounts.said.connect(hands.said.append)
    return hands


def fade_ms(window: MainWindow) -> float | None:
    return fade_ms_of(window.session.state, window.review.here())


def seam_fade_samples(window: MainWindow) -> int:
    """Return how long the first seam of the result is faded."""
    return int(build(window.session.state).fades_in_samples[1])


def test_keys_make_it_longer_and_shorter_within_its_limits(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("Shift+A")
    assert fade_ms(window) == 0.0
    reviewing.press("3")
    assert reviewing.refused[-1] == "The crossfade stays at 0 ms, its limit."
    for expected in (5.0, 10.0, 15.0):
        reviewing.press("4")
        assert fade_ms(window) == expected
    assert reviewing.said[-1] == "Crossfade of the cut: 15 ms"
    reviewing.press("Ctrl+3")
    assert fade_ms(window) == 14.0
    assert seam_fade_samples(window) == 14 * MS
    reviewing.press("4")
    assert fade_ms(window) == 15.0, "onto whole steps"
    reviewing.press("3")
    assert fade_ms(window) == 10.0
    for expected in (15.0, 14.0, 15.0, 10.0):
        reviewing.press("Ctrl+Z")
        assert fade_ms(window) == expected


@pytest.mark.parametrize(
    ("kind", "span_ms", "payload", "longest_ms"),
    [
        ("cut", (1_000, 1_012), {"crossfade_ms": 5.0}, 12.0),
        ("cut", (1_000, 4_000), {"crossfade_ms": 5.0}, 1_000.0),
        ("mute", (1_000, 4_000), {}, 1_000.0),
        ("slip", (1_000, 1_040), {"by_samples": 30.0}, 40.0),
    ],
)
def test_no_longer_than_kind_and_span_allow(
    reviewing: Hands,
    kind: str,
    span_ms: tuple[int, int],
    payload: dict[str, object],
    longest_ms: float,
) -> None:
    state = reviewing.window.session.state
    start, stop = (edge * MS for edge in span_ms)
    edit, made = edit_by_hand(state, kind, start, stop, payload)
    reviewing.window.session.apply(edit)
    state = reviewing.window.session.state
    reviewing.window.session.apply(change_fade(state, made.id, 1e9))
    assert fade_ms_of(reviewing.window.session.state, made.id) == longest_ms


def test_what_is_not_faded_says_so(reviewing: Hands) -> None:
    window = reviewing.window
    edit, made = edit_by_hand(window.session.state, "keep", 100, 9_000, {})
    window.session.apply(edit)
    window.review.choose(made.id)
    reviewing.press("4")
    assert reviewing.refused[-1] == "A keep has no crossfade."
    assert fade_of(window.timeline.canvas) is None
    with pytest.raises(UsageError, match="no proposal 'gone'"):
        change_fade(window.session.state, "gone", 5.0)


def test_it_is_heard_at_once_in_the_preview_and_exported(reviewing: Hands) -> None:
    window = reviewing.window
    reviewing.press("C")
    reviewing.qtbot.waitUntil(lambda: window.transport.playhead_samples > 3 * RATE_HZ)
    for _ in range(8):
        reviewing.press("4")
    assert window.transport.is_auditioning
    assert window.transport._programme == preview(window.session.state, HERE), "it plays the new one"
    reviewing.press("Esc")
    reviewing.press("Shift+A")
    session = window.session
    made = build(session.state)
    assert seam_fade_samples(window) == 40 * MS
    seam = 4 * RATE_HZ
    result = render(session.state, made, session.media, seam - 40 * MS, seam + 40 * MS)
    session.undo()
    session.apply(change_fade(session.state, HERE, 0.0))
    reviewing.press("Shift+A")
    hard = render(session.state, build(session.state), session.media, seam - 40 * MS, seam + 40 * MS)
    differs = np.flatnonzero((result != hard).any(axis=1))
    assert 19 * MS <= differs[0] <= 21 * MS + 1
    assert 59 * MS - 1 <= differs[-1] <= 60 * MS, "20 ms to either side of the seam, and nowhere else"


def drag(window: MainWindow, side: int, by_px: int) -> None:
    canvas = window.timeline.canvas
    fade = fade_of(canvas)
    assert fade is not None
    at = fade.handles[side].toPoint()
    QTest.mousePress(canvas, LEFT, NO_KEYS, at)
    QTest.mouseMove(canvas, at + QPoint(by_px // 2, 0))
    canvas.grab()  # painted on its way
    QTest.mouseMove(canvas, at + QPoint(by_px, 0))
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, at + QPoint(by_px, 0))


@pytest.mark.parametrize("view", ["source", "result"])
def test_from_afar_a_pixel_is_a_millisecond(reviewing: Hands, view: str) -> None:
    window = reviewing.window
    reviewing.press("Shift+A")
    if view == "result":
        reviewing.press("Q")
    drag(window, 1, 30)
    assert fade_ms(window) == 30.0
    assert window.session.undo_label == "Crossfade of the cut: 30 ms"
    drag(window, 0, 10)
    assert fade_ms(window) == 20.0, "inwards is shorter"
    drag(window, 0, -15)
    assert fade_ms(window) == 35.0
    drag(window, 1, -100)
    assert fade_ms(window) == 0.0
    assert window.session.state.span(HERE) == (4 * RATE_HZ, 8 * RATE_HZ), "no edge was moved"


@pytest.mark.parametrize("view", ["source", "result"])
def test_from_near_the_handle_goes_with_the_mouse(reviewing: Hands, view: str) -> None:
    window = reviewing.window
    window.session.apply(change_fade(window.session.state, HERE, 100.0))
    reviewing.press("Shift+A")
    if view == "result":
        reviewing.press("Q")
    window.timeline.zooms.show_window(int(3.9 * RATE_HZ), int(0.2 * RATE_HZ))
    fade = fade_of(window.timeline.canvas)
    assert fade is not None
    before = fade.handles[0].x()
    assert before == pytest.approx(window.timeline.canvas.x_of(4 * RATE_HZ - 50 * MS), abs=1)
    drag(window, 0, -40)
    after = fade_of(window.timeline.canvas)
    assert after is not None
    assert after.handles[0].x() == pytest.approx(before - 40, abs=1.5)
    assert fade_ms(window) == pytest.approx(
        100 + 2 * 40 * 200 / window.timeline.canvas.viewport.width_px, abs=0.6
    )


def test_escape_gives_a_drag_up_and_the_cursor_and_tip_tell_of_it(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    fade = fade_of(canvas)
    assert fade is not None
    at = fade.handles[1].toPoint()
    QTest.mouseMove(canvas, at + QPoint(2, 1))
    QTest.mouseMove(canvas, at)
    assert canvas.cursor().shape() is Qt.CursorShape.SizeHorCursor
    QTest.mousePress(canvas, LEFT, NO_KEYS, at)
    QTest.mouseMove(canvas, at + QPoint(20, 0))
    reviewing.press("Esc")
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, at + QPoint(20, 0))
    assert fade_ms(window) == 0.0


def test_an_edit_of_one_track_has_its_handles_in_that_lane(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20), ()))
    hands.finish_work()
    track = window.session.state.tracks[0].id
    edit, made = edit_by_hand(window.session.state, "mute", RATE_HZ, 3 * RATE_HZ, {}, (track,))
    window.session.apply(edit)
    window.review.choose(made.id)
    fade = fade_of(window.timeline.canvas)
    assert fade is not None
    assert fade.fade_ms == 10.0
    tops = window.timeline.canvas.frame.layout.lane_tops
    assert tops[0] < fade.foot < tops[1]
    window.timeline.heads.hide()
    window.timeline.zooms.zoom(50)
    window.timeline.canvas.grab()
