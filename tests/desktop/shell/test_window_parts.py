"""The parts of the real window: looks, panels, palette, key sheet, filters, and the mouse on the timeline."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolTip, QWidget
from pytestqt.qtbot import QtBot

from desktop.commands import COMMANDS
from desktop.main_window import MainWindow
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets import theme
from widgets.chrome.palette_and_key_sheet import KeySheet
from widgets.theme import DARK, LIGHT, QUEUE_SHARE

SECONDS = 20
CUTS = ((2, 5), (8, 10), (14, 17))
IDS = [f"cut-{start * RATE_HZ}" for start, _ in CUTS]
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Twenty seconds of noise in two channels, with three cuts proposed."""
    cuts = tuple((start * RATE_HZ, stop * RATE_HZ) for start, stop in CUTS)
    return make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS, 2), cuts)


@pytest.fixture
def reviewing(hands: Hands, document: Path) -> Hands:
    hands.window.session.open(document)
    hands.finish_work()
    hands.press("N")  # dragged edges stay where the mouse leaves them
    return hands


@pytest.fixture(params=[1.0, 2.0])
def text_scale(request: pytest.FixtureRequest) -> Iterator[float]:
    theme.set_text_scale(request.param)
    yield request.param
    theme.set_text_scale(None)


def share_of(image: QImage, *tokens: str, tolerance: int = 10) -> float:
    """Return the share of an image's sampled pixels that have nearly one of these colours."""
    wanted = [QColor(token) for token in tokens]
    pixels = [image.pixelColor(x, y) for x in range(2, image.width(), 5) for y in range(2, image.height(), 5)]
    near = [
        any(
            max(abs(a.red() - b.red()), abs(a.green() - b.green()), abs(a.blue() - b.blue())) <= tolerance
            for b in wanted
        )
        for a in pixels
    ]
    return sum(near) / len(near)


# Looks.


def test_the_look_changes_live_in_every_part_and_is_remembered(
    reviewing: Hands, restarted: Callable[[], MainWindow]
) -> None:
    window = reviewing.window
    parts: dict[str, QWidget] = {
        "top bar": window.top_bar,
        "heads": window.timeline.heads,
        "lanes": window.timeline.canvas,
        "queue": window.queue_panel,
        "status": window.status_bar,
    }
    while window.look.choice != "dark":
        reviewing.press("F9")
    seen = {name: part.grab().toImage() for name, part in parts.items()}
    while window.look.choice != "light":
        reviewing.press("F9")
    for name, part in parts.items():
        light = part.grab().toImage()
        assert share_of(seen[name], DARK.bg, DARK.panel, DARK.panel2, DARK.current_row) > 0.3, name
        assert share_of(light, LIGHT.bg, LIGHT.panel, LIGHT.panel2, LIGHT.current_row) > 0.3, name
        assert share_of(light, DARK.bg, DARK.panel) < 0.02, name
    window.close()
    again = restarted()
    assert again.look.choice == "light"
    assert again.look.theme is LIGHT


def test_looks_step_through_all_three_and_back(reviewing: Hands) -> None:
    choices = []
    for _ in range(3):
        reviewing.press("F9")
        choices.append(reviewing.window.look.choice)
    assert sorted(choices) == ["dark", "light", "system"]


def test_size_and_place_are_remembered(hands: Hands, restarted: Callable[[], MainWindow]) -> None:
    hands.window.resize(760, 560)  # the tests' screen may be 800 by 600
    hands.window.close()
    assert restarted().size() == hands.window.size()


def test_nonsense_in_the_settings_is_ignored(tmp_path: Path, restarted: Callable[[], MainWindow]) -> None:
    (tmp_path / "settings.ini").write_text("[General]\nlook=plaid\ngeometry=@ByteArray(nonsense)\n")
    window = restarted()
    assert window.look.choice == "system"
    assert window.width() > 400


# Panels, palette and key sheet.


@pytest.mark.parametrize(("key", "part"), [("F7", "heads"), ("F8", "side")])
def test_a_panel_gives_the_timeline_its_room_and_comes_back(reviewing: Hands, key: str, part: str) -> None:
    window = reviewing.window
    panel = window.timeline.heads if part == "heads" else window.side
    before = window.timeline.canvas.width()
    reviewing.press(key)
    assert panel.isHidden()
    reviewing.qtbot.waitUntil(lambda: window.timeline.canvas.width() > before + 100)
    reviewing.press("A")  # the keys go on working
    assert window.session.state.verdict(IDS[0]) is Verdict.ACCEPTED
    reviewing.press(key)
    reviewing.qtbot.waitUntil(lambda: window.timeline.canvas.width() == before)


@pytest.mark.parametrize("opened_by", ["F1", "Ctrl+Shift+P"])
def test_the_palette_finds_and_runs_a_command(reviewing: Hands, opened_by: str) -> None:
    window = reviewing.window
    reviewing.press(opened_by)
    assert window.palette_popup.isVisible()
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "flag")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.palette_popup.isHidden()
    assert window.session.state.decisions[IDS[0]].flagged
    reviewing.press("Ctrl+Z")
    assert IDS[0] not in window.session.state.decisions


def test_the_palette_finds_every_command_by_its_name(reviewing: Hands) -> None:
    ran: list[str] = []
    popup = reviewing.window.palette_popup
    popup.command_requested.disconnect()
    popup.command_requested.connect(ran.append)
    for command in COMMANDS:
        popup.open_over(reviewing.window)
        field = QApplication.focusWidget()
        assert field is not None
        field.insert(command.label)
        QTest.keyClick(field, Qt.Key.Key_Return)
    assert ran == [command.id for command in COMMANDS]


def test_a_word_that_names_nothing_runs_nothing(reviewing: Hands) -> None:
    state = reviewing.window.session.state
    reviewing.window.palette_popup.open_over(reviewing.window)
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "qqqqzzzz")
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert reviewing.window.session.state == state


def test_the_key_sheet_lists_every_command_with_a_key(reviewing: Hands) -> None:
    reviewing.press("?")
    sheet = reviewing.window.findChild(KeySheet)
    assert sheet is not None
    sheet.activateWindow()  # a window manager does it
    reviewing.qtbot.waitUntil(sheet.isActiveWindow)
    words = {label.text() for label in sheet.findChildren(QLabel)}
    assert {command.label for command in COMMANDS if command.keys} <= words
    QTest.keyClick(sheet, Qt.Key.Key_Escape)
    reviewing.qtbot.waitUntil(lambda: reviewing.window.findChild(KeySheet) is None)


# The queue.


def test_the_chips_filter_the_queue(reviewing: Hands) -> None:
    window = reviewing.window
    chips = {chip.text().split()[0]: chip for chip in window.queue_panel.findChildren(QPushButton)}

    def shown(name: str) -> list[str]:
        QTest.mouseClick(chips[name], LEFT)
        return list(window.review.ids)

    reviewing.press("A")
    reviewing.press("F")
    assert shown("All") == IDS
    assert shown("Undecided") == IDS[1:]
    assert shown("Flagged") == [IDS[1]]
    assert chips["Flagged"].text() == "Flagged 1"
    assert window.review.current == IDS[1]
    reviewing.press("X")
    assert window.session.state.verdict(IDS[1]) is Verdict.REJECTED
    assert shown("Cuts") == IDS


def test_deciding_the_last_of_a_filter_empties_it_and_says_so(reviewing: Hands) -> None:
    window = reviewing.window
    window.review.set_filter("undecided")
    for _ in IDS:
        reviewing.press("A")
    assert window.review.ids == ()
    assert {window.session.state.verdict(key) for key in IDS} == {Verdict.ACCEPTED}
    state = window.session.state
    for key in ("Down", "Up", "Ctrl+Down", "Ctrl+Up"):
        reviewing.press(key)
    assert window.session.state == state


# The mouse on the timeline.


def x_of(window: MainWindow, position_samples: int) -> int:
    return round(window.timeline.canvas.viewport.x_at(position_samples))


def lane_y(window: MainWindow) -> int:
    return window.timeline.canvas.frame.layout.lanes_top + 60


def test_dragging_an_edge_is_one_step_of_undo(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    state, (start, stop) = window.session.state, window.review.span()
    grip = QPoint(x_of(window, stop), lane_y(window))
    QTest.mousePress(canvas, LEFT, NO_KEYS, grip)
    for step in (5, 20, 37):
        QTest.mouseMove(canvas, grip + QPoint(step, 3))
        assert window.session.state == state
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, grip + QPoint(37, 3))
    moved = window.review.span()
    assert moved[0] == start
    assert moved[1] - stop == pytest.approx(37 * window.timeline.canvas.viewport.samples_per_px, abs=2)
    reviewing.press("Ctrl+Z")
    assert window.session.state == state
    reviewing.press("Ctrl+Shift+Z")
    assert window.review.span() == moved


def test_escape_gives_a_drag_up(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    state = window.session.state
    grip = QPoint(x_of(window, window.review.span()[0]), lane_y(window))
    QTest.mousePress(canvas, LEFT, NO_KEYS, grip)
    QTest.mouseMove(canvas, grip + QPoint(60, 0))
    reviewing.press("Esc")
    QTest.mouseRelease(canvas, LEFT, NO_KEYS, grip + QPoint(60, 0))
    assert window.session.state == state


def test_a_click_on_a_flag_chooses_and_on_a_lane_seeks(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    start, stop = window.session.state.span(IDS[2])
    flag_y = canvas.frame.layout.edits_top + 6
    QTest.mouseClick(canvas, LEFT, NO_KEYS, QPoint(x_of(window, (start + stop) // 2), flag_y))
    assert window.review.current == IDS[2]
    QTest.mouseClick(canvas, LEFT, NO_KEYS, QPoint(x_of(window, 6 * RATE_HZ), lane_y(window)))
    assert window.transport.playhead_samples == pytest.approx(6 * RATE_HZ, abs=400)
    assert window.review.current == IDS[2]


def test_the_wheel_zooms_about_the_mouse(reviewing: Hands) -> None:
    window, canvas = reviewing.window, reviewing.window.timeline.canvas
    at = QPointF(x_of(window, 9 * RATE_HZ), lane_y(window))
    before = window.timeline.canvas.viewport

    def turn(steps: int) -> None:
        event = QWheelEvent(
            at,
            QPointF(canvas.mapToGlobal(at.toPoint())),
            QPoint(),
            QPoint(0, 120 * steps),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.ControlModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(canvas, event)

    turn(3)
    zoomed = window.timeline.canvas.viewport
    assert zoomed.samples_per_px < before.samples_per_px / 1.5
    assert zoomed.x_at(9 * RATE_HZ) == pytest.approx(at.x(), abs=2)
    turn(60)
    assert window.timeline.canvas.viewport.samples_per_px < 1.0
    canvas.grab()  # single samples are drawn
    turn(-80)
    assert window.timeline.canvas.viewport.samples_per_px == pytest.approx(before.samples_per_px)


def test_mute_and_solo_by_head_and_key(reviewing: Hands) -> None:
    window = reviewing.window
    track = lambda: window.session.state.tracks[0]  # noqa: E731 - the state is another each time
    for name in ("mute", "solo"):
        QTest.mouseClick(getattr(window.timeline.heads.heads[track().id], name), LEFT)
        assert getattr(track(), name)
        assert getattr(window.timeline.heads.heads[track().id], name).isChecked()
        reviewing.press("Ctrl+Z")
        assert not getattr(track(), name)
        assert not getattr(window.timeline.heads.heads[track().id], name).isChecked()
    QTest.mouseClick(window.timeline.heads.heads[track().id], LEFT)
    reviewing.press("Shift+S")
    assert track().solo
    reviewing.press("Shift+S")
    assert not track().solo


# Again, and larger.


def test_reopening_shows_what_was_left(reviewing: Hands, document: Path, tmp_path: Path) -> None:
    window = reviewing.window
    reviewing.press("A")
    reviewing.press("F")
    state = window.session.state
    window.session.open(make_document(tmp_path / "other.offcut", good(tmp_path / "other.wav", 3, seed=1)))
    reviewing.finish_work()
    assert [track.name for track in window.session.state.tracks] == ["other"]
    assert len(window.timeline.heads.heads) == 1
    window.session.open(document)
    reviewing.finish_work()
    assert window.session.state == state
    assert window.review.current == IDS[1]  # the first that has no answer
    assert window.session.undo_label.startswith("Flagged")
    assert "jam" in "".join(label.text() for label in window.top_bar.findChildren(QLabel))


def test_the_window_at_any_text_scale_and_a_small_size(
    text_scale: float, qtbot: QtBot, restarted: Callable[[], MainWindow], document: Path
) -> None:
    window = restarted()
    assert theme.text_scale() == text_scale
    window.resize(1024, 700)
    with qtbot.waitExposed(window):
        window.show()
    window.session.open(document)
    qtbot.waitUntil(lambda: not window.work.is_busy, timeout=60_000)
    window.status_bar.set_error("A long sentence that names a file and says what to do about it. " * 5)
    window.learning_panel.start("Band")
    for choice in ("dark", "light"):
        window.look.choose(choice)
        image = window.grab().toImage()
        assert len({image.pixel(x, y) for x in range(0, image.width(), 9) for y in range(0, 700, 9)}) > 20
    window.palette_popup.open_over(window)
    window.palette_popup.close()
    QToolTip.hideText()
    for height in (700, 500):
        window.resize(1024, height)
        window.grab()
    view = window.timeline.canvas.viewport
    window.timeline.canvas.set_viewport(replace(view, samples_per_px=0.05))
    window.grab()


def test_menus_write_keys_as_everything_else_does(hands: Hands) -> None:
    shown = {name: hands.window.commands.action(name).text() for name in hands.window.caps}
    written = {name: text.partition("\t")[2] for name, text in shown.items()}
    assert written == dict(hands.window.caps)
    assert any(" Shift " in keys for keys in written.values())


def test_the_queue_leaves_a_narrow_window_to_the_timeline(
    restarted: Callable[[], MainWindow], qtbot: QtBot
) -> None:
    window = restarted()
    window.show()
    qtbot.waitExposed(window)
    assert window.side.width() <= max(window.width() * QUEUE_SHARE, 300) + 1
