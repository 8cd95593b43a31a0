"""Selecting by mouse and keys, on some tracks or all, and what the selection and an edit by hand then do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget

from desktop.commands import BY_ID
from desktop.main_window import MainWindow
from engine.cli.main import main
from engine.document.proposals import edited
from engine.sound.edl.build import build
from engine.sound.edl.render import render
from tests.desktop.conftest import Hands, fill
from tests.desktop.review.test_by_hand import kinds, select
from widgets.timeline.mouse import gestures

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT, CTRL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)


@pytest.fixture
def close(song: Hands) -> Hands:
    """Its first 40 s over the whole width, with nothing that things fall onto."""
    canvas, rate_hz = song.window.timeline.canvas, song.window.session.state.rate_hz
    song.window.timeline.zooms.show_window(0, 40 * rate_hz)
    canvas.snapping.is_on = False
    return song


def lane_y(window: MainWindow, lane: int = 0) -> int:
    layout = window.timeline.canvas.frame.layout
    return layout.lane_tops[lane] + 60


def ruler_y(window: MainWindow) -> int:
    return window.timeline.canvas.frame.layout.ruler_top + 12


def x_of(window: MainWindow, seconds: float) -> int:
    return round(window.timeline.canvas.x_of(round(seconds * window.session.state.rate_hz)))


def drag(
    window: MainWindow,
    from_s: float,
    to_s: float,
    y: int,
    held: Qt.KeyboardModifier = NONE,
    *,
    ends: bool = True,
) -> None:
    canvas, start, stop = window.timeline.canvas, x_of(window, from_s), x_of(window, to_s)
    QTest.mousePress(canvas, LEFT, held, QPoint(start, y))
    for x in ((start + stop) // 2, stop):
        QTest.mouseMove(canvas, QPoint(x, y))
    if ends:
        QTest.mouseRelease(canvas, LEFT, held, QPoint(stop, y))


def click(window: MainWindow, at_s: float, y: int, held: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(window.timeline.canvas, LEFT, held, QPoint(x_of(window, at_s), y))


def span_s(window: MainWindow) -> list[float]:
    """What is selected, in seconds; a pixel is about 0.04 s."""
    assert window.selecting.span is not None
    return [edge / window.session.state.rate_hz for edge in window.selecting.span]


def about(*seconds: float) -> object:
    return pytest.approx(list(seconds), abs=0.08)


def only(window: MainWindow) -> str:
    (proposal_id,) = window.session.state.proposals
    return proposal_id


def payload(window: MainWindow, proposal_id: str) -> dict[str, object]:
    state = window.session.state
    return dict(edited(state.proposals[proposal_id], state.decisions[proposal_id]).payload)


def test_the_ruler_selects_by_a_drag_seeks_by_a_click_and_scrubs_with_alt(close: Hands) -> None:
    window = close.window
    drag(window, 5, 12, ruler_y(window))
    assert span_s(window) == about(5, 12)
    click(window, 20, ruler_y(window))
    assert window.transport.playhead_samples / window.session.state.rate_hz == pytest.approx(20, abs=0.08)
    assert span_s(window) == about(5, 12)  # a click there lets go of nothing
    drag(window, 22, 26, ruler_y(window), ALT)
    assert window.transport.playhead_samples / window.session.state.rate_hz == pytest.approx(26, abs=0.08)
    assert span_s(window) == about(5, 12)


def test_a_selection_by_keys_begins_where_the_playhead_was_put(close: Hands) -> None:
    window = close.window
    rate_hz = window.session.state.rate_hz
    window.transport.seek(2 * rate_hz)
    close.press("Shift+Right")
    close.press("Shift+Right")
    assert span_s(window) == about(2, 4)
    window.transport.seek(3 * rate_hz)  # inside, it is still the same selection
    close.press("Shift+Right")
    assert span_s(window) == about(2, 5)
    window.transport.seek(12 * rate_hz)
    close.press("Shift+Right")
    assert span_s(window) == about(12, 13)
    window.transport.seek(8 * rate_hz)
    close.press("Shift+Left")
    assert span_s(window) == about(7, 8)


def test_shift_extends_and_edges_are_dragged(close: Hands) -> None:
    window = close.window
    canvas, y = window.timeline.canvas, lane_y(window)
    drag(window, 5, 12, y)
    click(window, 15, y, SHIFT)
    assert span_s(window) == about(5, 15)
    drag(window, 3, 2, y, SHIFT)
    assert span_s(window) == about(2, 15)
    click(window, 13, ruler_y(window), SHIFT)
    assert span_s(window) == about(2, 13)
    drag(window, 13, 20, y)
    assert span_s(window) == about(2, 20)
    drag(window, 2, 25, ruler_y(window))  # past the other edge
    assert span_s(window) == about(20, 25)
    QTest.mouseMove(canvas, QPoint(x_of(window, 20), y))
    close.qtbot.waitUntil(lambda: canvas.cursor().shape() is Qt.CursorShape.SplitHCursor)
    before = window.selecting.span
    click(window, 20, y)  # an edge that is only touched
    assert window.selecting.span == before
    drag(window, 20, 25, y)  # onto the other one
    assert window.selecting.span is None
    window.transport.seek(30 * window.session.state.rate_hz)
    click(window, 34, y, SHIFT)
    assert span_s(window) == about(30, 34)


def test_a_double_click_selects_between_seams_and_edges_of_cuts(close: Hands) -> None:
    window, state = close.window, close.window.session.state
    for start_s in (6.0, 20.0):
        select(close, start_s, 2)
        close.press("Delete")
    canvas, y = window.timeline.canvas, lane_y(window)
    QTest.mouseDClick(canvas, LEFT, NONE, QPoint(x_of(window, 12), y))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(x_of(window, 12), y))
    assert span_s(window) == [8, 20]
    QTest.mouseDClick(canvas, LEFT, NONE, QPoint(x_of(window, 7), y))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(x_of(window, 7), y))
    assert span_s(window) == [6, 8]
    close.press("Q")
    QTest.mouseDClick(canvas, LEFT, NONE, QPoint(x_of(window, 12), y))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(x_of(window, 12), y))
    assert span_s(window) == [8, 20]
    QTest.mouseDClick(canvas, LEFT, NONE, QPoint(x_of(window, 12), ruler_y(window)))
    QTest.mouseRelease(canvas, LEFT, NONE, QPoint(x_of(window, 12), ruler_y(window)))
    assert span_s(window) == [8, 20]  # nothing special there
    window.transport.seek(30 * state.rate_hz)
    window.commands.run("hand.select_piece")
    assert window.selecting.span == (22 * state.rate_hz, state.length_samples)


def test_keys_select_to_the_ends_and_regions(close: Hands) -> None:
    window = close.window
    rate_hz, length = window.session.state.rate_hz, window.session.state.length_samples
    window.transport.seek(10 * rate_hz)
    close.press("Shift+Home")
    assert window.selecting.span == (0, 10 * rate_hz)
    close.press("Shift+End")
    assert window.selecting.span == (0, length)
    close.press("Esc")
    close.press("Shift+End")
    assert window.selecting.span == (10 * rate_hz, length)
    close.press("Esc")
    close.press("Ctrl+Shift+A")
    assert window.selecting.span == (0, length)
    select_span = (12 * rate_hz, 18 * rate_hz)
    window.selecting.select(*select_span)
    close.press("Shift+M")
    close.press("Esc")
    window.selecting.let_go()
    window.transport.seek(15 * rate_hz)
    window.commands.run("hand.select_region")
    assert window.selecting.span == select_span
    window.transport.seek(25 * rate_hz)
    window.commands.run("hand.select_region")
    assert "‹marker.region›" in close.refused[-1]


def test_a_selection_is_of_the_tracks_chosen_and_drawn_on_those_alone(close: Hands) -> None:
    window = close.window
    canvas, heads = window.timeline.canvas, window.timeline.heads.heads
    first, second = window.session.state.tracks[:2]
    drag(window, 5, 12, lane_y(window))
    at = [QPoint(x_of(window, 8), lane_y(window, lane) + 30) for lane in (0, 1)]
    plain = [canvas.grab().toImage().pixelColor(point * canvas.devicePixelRatioF()) for point in at]
    QTest.mouseClick(heads[second.id], LEFT, CTRL, QPoint(30, 8))
    QTest.mouseClick(heads[first.id], LEFT, CTRL, QPoint(30, 8))
    assert window.selecting.tracks == (second.id,)
    now = [canvas.grab().toImage().pixelColor(point * canvas.devicePixelRatioF()) for point in at]
    assert now[0] != plain[0]
    assert now[1] == plain[1]
    assert "alone" in window.selecting.tracks_words
    close.press("Delete")
    assert "select all tracks" in close.refused[-1]
    assert not kinds(window)
    window.commands.run("hand.mute")
    assert window.session.state.proposals[only(window)].tracks == (second.id,)
    window.tracks.choose_next(-1)
    assert window.selecting.tracks == ()
    close.press("Alt+Shift+T")
    assert window.selecting.tracks == (first.id, second.id)
    close.press("Alt+T")
    assert window.selecting.tracks == ()
    close.press("Alt+T")
    assert window.selecting.tracks == (first.id, second.id)


def test_a_click_in_a_lane_selects_its_track_and_the_clip_there_visibly(close: Hands) -> None:
    window, canvas = close.window, close.window.timeline.canvas
    first, second = window.session.state.tracks[:2]
    at = QPoint(2, (canvas.frame.layout.lane_tops[1] + canvas.frame.layout.lane_tops[2]) // 2)
    plain = canvas.grab().toImage().pixelColor(at * canvas.devicePixelRatioF())
    drag(window, 5, 12, lane_y(window))
    click(window, 8, lane_y(window, 1))
    chosen = window.selecting.selected
    assert (chosen.tracks, chosen.clips, chosen.span) == ((second.id,), (second.clips[0].id,), None)
    assert window.timeline.heads.current_track() == second
    click(window, 0.02, lane_y(window, 1))
    assert canvas.grab().toImage().pixelColor(QPoint(1, at.y()) * canvas.devicePixelRatioF()) != plain
    click(window, 8, lane_y(window), CTRL)
    assert window.selecting.selected.tracks == (second.id, first.id)
    assert window.selecting.selected.clips == (second.clips[0].id, first.clips[0].id)
    click(window, 8, lane_y(window))
    assert window.selecting.selected.clips == (first.clips[0].id,)
    drag(window, 5, 12, lane_y(window, 1))
    chosen = window.selecting.selected
    assert (chosen.tracks, chosen.clips, chosen.scope) == ((second.id,), (), ())


def test_keys_after_a_click_are_for_the_clip_that_was_clicked(close: Hands) -> None:
    window = close.window
    first, second = window.session.state.tracks[:2]
    click(window, 8, lane_y(window, 1))
    close.press("S")
    now = window.session.state.tracks
    assert [len(track.clips) for track in now[:2]] == [1, 2]
    click(window, 20, lane_y(window, 1))
    close.press("Delete")
    (left,) = window.session.state.tracks[1].clips
    assert left.start_samples == 0, "the part that was clicked is gone"
    click(window, 20, lane_y(window, 1))
    assert window.selecting.selected.clips == ()
    close.press("Y")
    assert close.refused[-1].startswith(f"{second.name} has no clip at 0:20")
    close.press("Delete")
    assert len(window.session.state.tracks[1].clips) == 1
    click(window, 3, lane_y(window))
    close.press_and_answer("Delete", press_button("Cancel"))
    assert window.session.state.tracks[0].clips == first.clips
    close.press_and_answer("Delete", press_button("&Remove"))
    assert first.id not in {track.id for track in window.session.state.tracks}
    close.press("Ctrl+Z")
    assert window.session.state.tracks[0] == first


def test_a_right_click_selects_the_track_and_the_clip_under_it(close: Hands) -> None:
    window = close.window
    second = window.session.state.tracks[1]
    window.lane_menu.menu(QPointF(x_of(window, 8), lane_y(window, 1))).deleteLater()
    assert window.selecting.selected.clips == (second.clips[0].id,)


def test_a_proposal_that_is_gone_to_takes_the_keys_from_a_clip(close: Hands) -> None:
    window = close.window
    select(close, 20, 2)
    close.press("Delete")
    proposal = only(window)
    click(window, 3, lane_y(window))
    assert window.selecting.selected.clips
    window.review.visit(proposal)
    assert not window.selecting.selected.clips
    close.press("Delete")
    assert not window.session.state.proposals
    assert len(window.session.state.tracks) > 1


def press_button(text: str) -> Callable[[QWidget], None]:
    """Answer a question by one of its buttons."""

    def answer(dialog: QWidget) -> None:
        buttons = {one.text(): one for one in dialog.findChildren(QPushButton)}
        QTest.mouseClick(buttons[text], LEFT)

    return answer


def test_a_selection_zooms_and_back(close: Hands) -> None:
    window = close.window
    before = window.timeline.zooms.window_samples
    drag(window, 5, 12, lane_y(window))
    close.press("Shift+F")
    start, visible = window.timeline.zooms.window_samples
    assert visible < 12 * window.session.state.rate_hz
    assert start < 5.1 * window.session.state.rate_hz
    close.press("Shift+F")
    assert window.timeline.zooms.window_samples == pytest.approx(before, rel=0.01)


def test_only_what_is_heard_of_the_selection_is_exported(
    close: Hands, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    window, state = close.window, close.window.session.state
    rate_hz = state.rate_hz
    select(close, 6.0, 2)
    close.press("Delete")
    window.selecting.select(5 * rate_hz, 10 * rate_hz)
    close.do_and_answer(
        lambda: window.commands.run("hand.export"), fill(Folder=str(tmp_path), File="by window")
    )
    close.finish_work()
    sound = soundfile.read(tmp_path / "by window.wav", dtype="float32", always_2d=True)[0]
    programme = build(window.session.state)
    expected = render(window.session.state, programme, window.session.media, 5 * rate_hz, 8 * rate_hz)
    np.testing.assert_array_equal(sound, expected)
    assert window.session.path is not None
    export = ["export", str(window.session.path), "--out", str(tmp_path / "by verb.wav")]
    assert main([*export, "--start-s", "5", "--stop-s", "10"]) == 0, capsys.readouterr().err
    assert (tmp_path / "by verb.wav").read_bytes() == (tmp_path / "by window.wav").read_bytes()
    for wrong in (["--start-s", "5"], ["--start-s", "9", "--stop-s", "2"]):
        assert main([*export, "--force", *wrong]) == 2
    assert main([*export, "--force", "--start-s", "6.5", "--stop-s", "7"]) == 1
    assert "This range is cut completely" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "field", "first", "steps", "last"), [
    ("slip", "Milliseconds", "12", ("More", "More", "Less fine"), 13.9),
    ("gain", "Decibels", "-6", ("Less", "More fine"), -6.4),
    ("repeat", "Times", "2", ("More", "More"), 4),
])  # fmt: skip
def test_amounts_are_nudged_typed_and_taken_back(
    close: Hands, command: str, field: str, first: str, steps: tuple[str, ...], last: float
) -> None:
    window = close.window
    rate_hz = window.session.state.rate_hz
    keys = {
        "More": "Ctrl+Shift+Right",
        "Less": "Ctrl+Shift+Left",
        "More fine": "Ctrl+Alt+Shift+Right",
        "Less fine": "Ctrl+Alt+Shift+Left",
    }
    select(close, 5.0, 3)
    close.do_and_answer(lambda: window.commands.run(f"hand.{command}"), fill(**{field: first}))
    made = build(window.session.state)

    def value() -> float:
        stored = next(iter(payload(window, only(window)).values()))
        return float(str(stored)) / (rate_hz / 1000 if command == "slip" else 1)

    programmes = [made]
    for step in steps:
        close.press(keys[step])
        programmes.append(build(window.session.state))
        assert programmes[-1] != programmes[-2]
    assert value() == pytest.approx(last)
    close.press_and_answer("Alt+Return", fill(**{field: "3"}))
    assert value() == pytest.approx(3)
    for programme in reversed(programmes):
        close.press("Ctrl+Z")
        assert build(window.session.state) == programme
    close.press("Ctrl+Shift+Z")
    assert build(window.session.state) == programmes[1]


def test_a_move_is_nudged_by_beats_and_by_milliseconds(close: Hands) -> None:
    window = close.window
    rate_hz, grid = window.session.state.rate_hz, window.session.grid
    select(close, 5.0, 3)
    close.do_and_answer(lambda: window.commands.run("hand.move"), fill(**{"To time": "0:20"}))
    close.press("Ctrl+Alt+Shift+Right")
    assert payload(window, only(window))["to_samples"] == round(20.001 * rate_hz)
    close.press("Ctrl+Shift+Right")
    to = payload(window, only(window))["to_samples"]
    assert isinstance(to, int)
    if grid is None or not len(grid.beats_samples):
        assert to == round(20.011 * rate_hz)
    else:
        assert to in grid.beats_samples.tolist()


def test_a_cut_has_no_amount_and_a_nudge_ends_where_it_must(close: Hands) -> None:
    window = close.window
    select(close, 5.0, 1)
    close.press("Delete")
    close.press("Ctrl+Shift+Right")
    assert "no amount" in close.refused[-1]
    close.press("Ctrl+Z")
    select(close, 5.0, 1)
    close.do_and_answer(lambda: window.commands.run("hand.repeat"), fill(Times="2"))
    close.press("Ctrl+Shift+Left")
    assert "its limit" in close.refused[-1]


def test_a_preview_goes_on_with_the_new_amount(close: Hands) -> None:
    window = close.window
    select(close, 5.0, 1)
    close.do_and_answer(lambda: window.commands.run("hand.gain"), fill(Decibels="-6"))
    close.press("Ctrl+Shift+Left")
    assert not window.transport.is_playing
    close.press("C")
    assert window.transport.is_auditioning
    close.press("Ctrl+Shift+Left")
    assert window.transport.is_auditioning
    close.press("Esc")


def test_a_mute_takes_the_selection_as_room_tone_or_is_silent(close: Hands) -> None:
    window = close.window
    rate_hz = window.session.state.rate_hz
    select(close, 5.0, 1)
    window.commands.run("hand.mute")
    mute = only(window)
    window.selecting.select(5 * rate_hz, 8 * rate_hz)
    window.commands.run("hand.tone")
    assert "outside it" in close.refused[-1]
    window.selecting.select(30 * rate_hz, 31 * rate_hz)
    window.commands.run("hand.tone")
    tone = {"tone_start_samples": 30 * rate_hz, "tone_stop_samples": 31 * rate_hz}
    assert tone.items() <= payload(window, mute).items()
    filled = build(window.session.state)
    close.press("V")
    silent = build(window.session.state)
    assert silent != filled
    sound = render(
        window.session.state, silent, window.session.media, round(5.2 * rate_hz), round(5.8 * rate_hz)
    )
    assert not sound.any()
    close.press("V")
    assert build(window.session.state) == filled
    close.press("Ctrl+Z")
    assert build(window.session.state) == silent
    select(close, 12.0, 1)
    close.press("Delete")
    window.selecting.select(30 * rate_hz, 31 * rate_hz)
    window.commands.run("hand.tone")
    assert "choose a mute" in close.refused[-1]


def test_alt_slips_and_ctrl_alt_moves_what_is_selected(close: Hands) -> None:
    window = close.window
    canvas, rate_hz, y = window.timeline.canvas, window.session.state.rate_hz, lane_y(window)
    drag(window, 5, 12, y)
    plain = canvas.grab().toImage()
    drag(window, 8, 9, y, ALT, ends=False)
    assert canvas.grab().toImage() != plain
    close.press("Esc")
    QTest.mouseRelease(canvas, LEFT, ALT, QPoint(x_of(window, 9), y))
    assert not kinds(window)
    assert span_s(window) == about(5, 12)
    drag(window, 8, 9, y, ALT)
    assert kinds(window) == ["slip"]
    by = payload(window, only(window))["by_samples"]
    assert float(str(by)) / rate_hz == pytest.approx(1, abs=0.08)
    close.press("Ctrl+Z")
    drag(window, 5, 12, lane_y(window, 1))
    drag(window, 8, 20, y, ALT | CTRL, ends=False)
    canvas.grab()
    QTest.mouseRelease(canvas, LEFT, ALT | CTRL, QPoint(x_of(window, 20), y))
    assert kinds(window) == ["move"]
    to = payload(window, only(window))["to_samples"]
    assert float(str(to)) / rate_hz == pytest.approx(20, abs=0.08)


def menu_labels(menu: QMenu) -> list[str]:
    return [action.text().split("\t")[0] for action in menu.actions() if not action.isSeparator()]


def test_the_menu_of_the_lanes_offers_commands_for_what_is_there(close: Hands) -> None:
    window = close.window
    canvas, y = window.timeline.canvas, lane_y(window)
    drag(window, 5, 12, y)
    menu = window.lane_menu.menu(QPointF(x_of(window, 8), y))
    offered = ["Cut the selection", BY_ID["hand.ripple"].label, "Keep the selection", "Mute the selection"]
    assert menu_labels(menu)[:4] == offered
    assert {"Slip the selection…", "Export the selection…", BY_ID["hand.let_go"].label} <= {
        *menu_labels(menu)
    }
    menu.actions()[3].trigger()
    assert kinds(window) == ["mute"]
    proposal = window.lane_menu.menu(QPointF(x_of(window, 8), y))
    assert "Next alternative" in menu_labels(proposal)
    assert BY_ID["hand.change"].label not in menu_labels(proposal)
    elsewhere = window.lane_menu.menu(QPointF(x_of(window, 30), y))
    assert BY_ID["hand.select_piece"].label in menu_labels(elsewhere)
    for made in (menu, proposal, elsewhere):
        made.deleteLater()
    place = QPoint(x_of(window, 30), y)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, canvas.mapToGlobal(place))
    QApplication.sendEvent(canvas, event)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    popup.close()
    drag(window, 20, 25, y)
    by_key = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(), QPoint())
    QApplication.sendEvent(window.timeline, by_key)
    popup = QApplication.activePopupWidget()
    assert isinstance(popup, QMenu)
    assert "Cut the selection" in menu_labels(popup)
    popup.close()


def labels(menu: QMenu) -> set[str]:
    found = {action.text().partition("\t")[0] for action in menu.actions()}
    menu.deleteLater()
    return found


def test_ruler_and_overview_have_menus(close: Hands) -> None:
    window, layout = close.window, close.window.timeline.canvas.frame.layout
    canvas = window.timeline.canvas
    assert gestures.open_menu(canvas, QPointF(40, ruler_y(window)), QPoint(0, 0))
    shown = [one for one in window.findChildren(QMenu) if one.isVisible()]
    assert BY_ID["marker.add"].label in {one.text().partition("\t")[0] for one in shown[-1].actions()}
    shown[-1].close()
    at_ruler = labels(window.lane_menu.menu(QPointF(x_of(window, 20), ruler_y(window))))
    assert {BY_ID[key].label for key in ("view.ruler", "hand.select_start", "grid.set_tempo")} <= at_ruler
    assert window.transport.playhead_samples == pytest.approx(20 * window.session.state.rate_hz, rel=0.01)
    on_top = labels(window.lane_menu.menu(QPointF(40, layout.arrangement_top / 2)))
    assert BY_ID["view.fit"].label in on_top


def test_drags_with_alt_have_a_second_way(close: Hands) -> None:
    window = close.window
    rate_hz = window.session.state.rate_hz
    drag(window, 5, 12, lane_y(window))
    drag(window, 8, 9, lane_y(window), CTRL | SHIFT)
    assert kinds(window) == ["slip"]
    close.press("Ctrl+Z")
    drag(window, 5, 12, lane_y(window))
    drag(window, 8, 30, lane_y(window), CTRL)
    assert kinds(window) == ["move"]
    close.press("Ctrl+Z")
    window.selecting.let_go()
    window.transport.seek(20 * rate_hz)
    drag(window, 20, 26, window.timeline.canvas.frame.layout.ruler_top + 3)
    assert window.selecting.span is None, "the handle of the playhead scrubs"
    assert window.transport.playhead_samples / rate_hz == pytest.approx(26, abs=1)  # it may fall onto a beat


def test_keys_with_alt_have_a_second_way(close: Hands) -> None:
    track = close.window.session.state.tracks[0]
    close.window.timeline.heads.choose(track.id)
    close.press("F12")
    close.press("M")
    assert close.window.session.state.tracks[0].mute
    assert not close.window.session.state.markers
    close.press("M")
    assert len(close.window.session.state.markers) == 1


def test_a_drag_outside_the_selected_tracks_is_of_all(close: Hands) -> None:
    window, heads = close.window, close.window.timeline.heads.heads
    first, second = window.session.state.tracks[:2]
    QTest.mouseClick(heads[second.id], LEFT, CTRL, QPoint(30, 8))
    drag(window, 5, 12, lane_y(window, 1))
    assert window.selecting.tracks == (second.id,)
    drag(window, 15, 20, lane_y(window))
    assert window.selecting.tracks == ()
    assert window.selecting.selected.tracks == (first.id,)
