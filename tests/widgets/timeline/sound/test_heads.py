"""The heads of tracks by mouse and keyboard: what they tell, and what they show meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QImage, QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.document.state import DocumentState
from widgets.theme import DARK
from widgets.timeline.frame import COLLAPSED
from widgets.timeline.heads.head import TrackHead
from widgets.timeline.heads.parts import InPlaceField
from widgets.timeline.heads.value_field import PanField
from widgets.timeline.timeline_view import TimelineView

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier


class Told:
    """What the heads told, in order."""

    def __init__(self, view: TimelineView) -> None:
        self.changes: list[tuple[str, dict[str, Any]]] = []
        self.runs: list[str] = []
        self.groups: list[tuple[str, dict[str, Any]]] = []
        self.moves: list[tuple[str, int]] = []
        self.menus: list[str] = []
        heads = view.heads
        heads.track_changed.connect(lambda key, values, run: self._change(key, values, run))
        heads.group_changed.connect(lambda key, values: self.groups.append((key, values)))
        heads.track_moved.connect(lambda key, place: self.moves.append((key, place)))
        heads.menu_requested.connect(lambda key, _place: self.menus.append(key))

    def _change(self, key: str, values: dict[str, Any], run: str) -> None:
        self.changes.append((key, values))
        self.runs.append(run)


@pytest.fixture
def told(view: TimelineView) -> Told:
    view.activateWindow()
    return Told(view)


@pytest.fixture
def kick(view: TimelineView) -> TrackHead:
    return view.heads.heads["kick"]


@pytest.fixture
def keys(view: TimelineView) -> TrackHead:
    return view.heads.heads["keys"]


def drag(widget: QWidget, start: QPoint, *by: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    """Press, move in steps and let go."""
    at = start
    QTest.mousePress(widget, LEFT, held, at)
    for step in by:
        at = at + step
        move(widget, at, held)
    QTest.mouseRelease(widget, LEFT, held, at)


def move(widget: QWidget, at: QPoint, held: Qt.KeyboardModifier = NONE) -> None:
    """Move the pressed mouse; Qt's own helper forgets the keys that are held."""
    place = QPointF(widget.mapToGlobal(at))
    event = QMouseEvent(QEvent.Type.MouseMove, QPointF(at), place, Qt.MouseButton.NoButton, LEFT, held)
    QApplication.sendEvent(widget, event)


def editor(head: TrackHead) -> InPlaceField:
    found = [one for one in head.findChildren(InPlaceField) if not one.isHidden()]
    assert len(found) == 1
    return found[0]


def typed(head: TrackHead, text: str, key: Qt.Key = Qt.Key.Key_Return) -> None:
    field = editor(head)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, key)


# Names.


def test_a_double_click_on_the_name_edits_it(told: Told, kick: TrackHead) -> None:
    QTest.mouseDClick(kick, LEFT, NONE, QPoint(30, 18))
    assert editor(kick).selectedText() == "Kick"
    assert editor(kick).accessibleName() == "Name of Kick"
    typed(kick, "  Kick   in ")
    assert told.changes == [("kick", {"name": "Kick in"})]


@pytest.mark.parametrize("text", ["", "  ", "Kick"])
def test_a_name_that_is_none_or_the_same_tells_nothing(told: Told, kick: TrackHead, text: str) -> None:
    kick.rename()
    typed(kick, text)
    assert not told.changes


def test_escape_leaves_the_name_and_gives_the_focus_back(
    qtbot: QtBot, told: Told, view: TimelineView, kick: TrackHead
) -> None:
    view.setFocus()
    kick.rename()
    qtbot.waitUntil(lambda: editor(kick).hasFocus())
    typed(kick, "Nothing", Qt.Key.Key_Escape)
    qtbot.waitUntil(view.hasFocus)
    assert not told.changes


def test_a_click_elsewhere_takes_the_name_once(
    qtbot: QtBot, told: Told, view: TimelineView, kick: TrackHead
) -> None:
    kick.rename()
    field = editor(kick)
    qtbot.waitUntil(field.hasFocus)
    field.setText("Boom")
    view.setFocus()
    qtbot.waitUntil(lambda: bool(told.changes))
    assert told.changes == [("kick", {"name": "Boom"})]


# Gain and pan.


def test_a_drag_is_one_run_and_shift_makes_it_fine(told: Told, keys: TrackHead) -> None:
    start = QPoint(20, 8)
    drag(keys.gain, start, QPoint(20, 0), QPoint(10, 0))
    assert keys.gain.amount == pytest.approx(3.0), "30 px up from -3 dB, 0.2 dB each"
    assert told.changes[-1] == ("keys", {"gain_db": 3.0})
    assert len(set(told.runs)) == 1
    assert told.runs[0].startswith("drag ")
    drag(keys.gain, start, QPoint(0, 20), held=SHIFT)
    assert told.changes[-1] == ("keys", {"gain_db": pytest.approx(2.2)}), "down is softer, and a fifth of it"
    assert told.runs[-1] not in ("", told.runs[0])


def test_a_long_drag_tells_the_value_while_it_lasts(qtbot: QtBot, told: Told, keys: TrackHead) -> None:
    QTest.mousePress(keys.pan, LEFT, NONE, QPoint(5, 8))
    move(keys.pan, QPoint(35, 8))
    qtbot.waitUntil(lambda: bool(told.changes))
    assert told.changes == [("keys", {"pan": pytest.approx(0.3)})]
    keys.pan.show_amount(0.0)
    assert keys.pan.amount == pytest.approx(0.3), "what the mouse holds stays under it"
    move(keys.pan, QPoint(500, 8))
    QTest.mouseRelease(keys.pan, LEFT, NONE, QPoint(500, 8))
    assert told.changes[-1] == ("keys", {"pan": 1.0})
    keys.pan.show_amount(0.0)
    assert keys.pan.amount == 0.0


def turn(widget: QWidget, angle: int) -> None:
    at = QPointF(5, 5)
    event = QWheelEvent(
        at, QPointF(widget.mapToGlobal(at)), QPoint(), QPoint(0, angle), Qt.MouseButton.NoButton, NONE,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def test_the_wheel_steps_and_small_turns_add_up(told: Told, keys: TrackHead) -> None:
    turn(keys.gain, 120)
    assert not told.changes, "scrolled under a mouse that stands still"
    for field in (keys.gain, keys.pan):
        move(field, QPoint(5, 5))
    for _ in range(3):
        turn(keys.gain, 40)
    turn(keys.gain, 240)
    assert [values["gain_db"] for _, values in told.changes] == [-2.5, -1.5]
    assert set(told.runs) == {"steps"}
    turn(keys.pan, -120)
    assert told.changes[-1] == ("keys", {"pan": -0.05})


def test_arrow_keys_step_and_stop_at_the_end(told: Told, keys: TrackHead) -> None:
    keys.pan.show_amount(0.96)
    for _ in range(3):
        QTest.keyClick(keys.pan, Qt.Key.Key_Up)
    QTest.keyClick(keys.pan, Qt.Key.Key_Left)
    assert [values["pan"] for _, values in told.changes] == [1.0, 0.95]


def test_a_double_click_resets(told: Told, keys: TrackHead) -> None:
    QTest.mouseDClick(keys.gain, LEFT, NONE, QPoint(10, 8))
    assert told.changes == [("keys", {"gain_db": 0.0})]
    assert told.runs == [""]


def test_a_click_and_digits_type_a_value(qtbot: QtBot, told: Told, keys: TrackHead) -> None:
    QTest.mouseClick(keys.gain, LEFT, NONE, QPoint(10, 8))
    qtbot.waitUntil(keys.gain.hasFocus)
    assert not told.changes
    QTest.keyClick(keys.gain, Qt.Key.Key_Minus)
    assert editor(keys).text() == "-"
    QTest.keyClicks(editor(keys), "4,5")
    QTest.keyClick(editor(keys), Qt.Key.Key_Return)
    assert told.changes == [("keys", {"gain_db": -4.5})]


@pytest.mark.parametrize(
    ("text", "pan"),
    [("30 L", -0.3), ("left 30", -0.3), ("-30", -0.3), ("−30", -0.3), ("30", 0.3), ("r 100", 1.0), ("C", 0.0),
     ("middle", 0.0), ("L", -1.0), ("12.5%R", 0.125), ("", None), ("loud", -1.0), ("?", None)],
)  # fmt: skip
def test_pans_are_read_as_people_type_them(view: TimelineView, text: str, pan: float | None) -> None:
    assert PanField("Pan", DARK, view).read(text) == pan


def test_escape_leaves_a_value_for_its_head(qtbot: QtBot, told: Told, view: TimelineView) -> None:
    head = view.heads.heads["kick"]
    head.gain.setFocus()
    qtbot.waitUntil(head.gain.hasFocus)
    QTest.keyClick(head.gain, Qt.Key.Key_Escape)
    qtbot.waitUntil(head.hasFocus)
    assert not told.changes


def test_what_is_no_number_changes_nothing(told: Told, keys: TrackHead) -> None:
    keys.type_value(keys.gain)
    assert editor(keys).text() == "−3.0 dB"
    typed(keys, "loud")
    keys.type_value(keys.gain)
    QTest.keyClick(editor(keys), Qt.Key.Key_Return)
    assert not told.changes


# Groups, menu, order, height.


@pytest.mark.parametrize("switch", ["mute", "solo"])
def test_shift_switches_the_group(told: Told, kick: TrackHead, switch: str) -> None:
    QTest.mouseClick(getattr(kick, switch), LEFT, SHIFT)
    assert (told.groups, told.changes) == ([("kick", {switch: True})], [])


def test_the_menu_opens_by_button_right_click_and_key(
    told: Told, view: TimelineView, keys: TrackHead
) -> None:
    QTest.mouseClick(keys.dots, LEFT)
    for reason in (QContextMenuEvent.Reason.Mouse, QContextMenuEvent.Reason.Keyboard):
        QApplication.sendEvent(keys, QContextMenuEvent(reason, QPoint(5, 5), keys.mapToGlobal(QPoint(5, 5))))
    assert told.menus == ["keys"] * 3
    current = view.heads.current_track()
    assert current is not None
    assert current.id == "keys"


def four(state: DocumentState) -> DocumentState:
    """Return the document with two tracks more."""
    kick, keys = state.tracks
    more = (replace(kick, id="snare", name="Snare", position=2), replace(keys, id="room", position=3))
    return replace(state, tracks=(kick, keys, *more))


@pytest.mark.parametrize(
    ("carried", "beside", "offset", "place"),
    [("kick", "snare", 5, 1), ("kick", "snare", -5, 2), ("room", "kick", 5, 0), ("keys", "room", -5, 3)],
)
def test_a_carried_head_is_put_where_the_line_is(
    told: Told, view: TimelineView, state: DocumentState, carried: str, beside: str, offset: int, place: int
) -> None:
    view.lanes.set_document(four(state))
    head, target = view.heads.heads[carried], view.heads.heads[beside]
    y = target.y() + (offset if offset > 0 else target.height() + offset)
    QTest.mousePress(head, LEFT, NONE, QPoint(30, 60))
    move(head, QPoint(30, y - head.y()))
    line = view.heads._drop_line
    assert line.isVisible()
    edge = target.y() if offset > 0 else target.y() + target.height()
    assert abs(line.geometry().center().y() - edge) <= 2
    QTest.mouseRelease(head, LEFT, NONE, QPoint(30, y - head.y()))
    assert told.moves == [(carried, place)]
    assert not line.isVisible()


def test_a_head_carried_past_the_end_scrolls_the_lanes(view: TimelineView, state: DocumentState) -> None:
    tall = tuple(replace(track, height_px=300) for track in four(state).tracks)
    view.lanes.set_document(replace(state, tracks=tall))
    head = view.heads.heads["kick"]
    QTest.mousePress(head, LEFT, NONE, QPoint(30, 60))
    move(head, QPoint(30, 900))
    scrolled = view.canvas.frame.layout.scroll
    assert scrolled > 0
    move(head, QPoint(30, 1_000))
    assert view.canvas.frame.layout.scroll > scrolled
    move(head, QPoint(30, -50))
    assert view.canvas.frame.layout.scroll < 2 * scrolled
    head.cancel_drag()


def test_a_head_put_back_or_given_up_moves_nothing(
    told: Told, view: TimelineView, state: DocumentState
) -> None:
    view.lanes.set_document(four(state))
    head = view.heads.heads["keys"]
    drag(head, QPoint(30, 60), QPoint(0, 30), QPoint(0, -25))
    QTest.mousePress(head, LEFT, NONE, QPoint(30, 60))
    move(head, QPoint(30, 200))
    QTest.keyClick(view, Qt.Key.Key_Escape)
    QTest.mouseRelease(head, LEFT, NONE, QPoint(30, 200))
    assert not told.moves
    assert not view.heads._drop_line.isVisible()


def test_a_dragged_border_stretches_the_lane_at_once_and_tells_it_at_the_end(
    told: Told, view: TimelineView, kick: TrackHead
) -> None:
    before = kick.height()
    at = QPoint(60, before - 2)
    QTest.mousePress(kick, LEFT, NONE, at)
    move(kick, at + QPoint(0, 37))
    layout = view.canvas.frame.layout
    assert kick.height() == layout.lane_tops[1] - layout.lane_tops[0] == before + 37
    assert not told.changes
    QTest.mouseRelease(kick, LEFT, NONE, at + QPoint(0, 37))
    assert told.changes == [("kick", {"is_collapsed": False, "height_px": before + 37})]
    QTest.mouseDClick(kick, LEFT, NONE, QPoint(60, kick.height() - 2))
    assert told.changes[-1] == ("kick", {"is_collapsed": False, "height_px": 0})


def test_a_border_given_up_goes_back_and_none_gets_too_low(
    told: Told, view: TimelineView, kick: TrackHead
) -> None:
    before = kick.height()
    QTest.mousePress(kick, LEFT, NONE, QPoint(60, before - 1))
    move(kick, QPoint(60, -500))
    assert kick.height() == COLLAPSED
    QTest.keyClick(view, Qt.Key.Key_Escape)
    assert kick.height() == before
    QTest.mouseRelease(kick, LEFT, NONE, QPoint(60, 5))
    assert not told.changes


def test_the_wheel_over_the_heads_scrolls_the_lanes(view: TimelineView, state: DocumentState) -> None:
    tracks = tuple(replace(track, height_px=400) for track in state.tracks)
    view.lanes.set_document(replace(state, tracks=tracks))
    at = QPointF(view.heads.heads["kick"].mapTo(view, QPoint(20, 80)))
    QTest.wheelEvent(view.windowHandle(), at, QPoint(0, -120))
    assert view.canvas.frame.layout.scroll > 0


def test_a_lane_is_scrolled_into_view(view: TimelineView, state: DocumentState) -> None:
    view.lanes.set_document(
        replace(state, tracks=tuple(replace(track, height_px=350) for track in state.tracks))
    )
    for name, place in (("keys", 1), ("kick", 0)):
        view.lanes.reveal(name)
        layout = view.canvas.frame.layout
        assert layout.lane_tops[place] >= layout.lanes_top
        assert layout.lane_tops[place + 1] <= layout.height
        scrolled = layout.scroll
        view.lanes.reveal(name)
        assert view.canvas.frame.layout.scroll == scrolled


# What is shown and read out.


def test_heads_stay_the_same_widgets_when_the_document_changes(
    view: TimelineView, state: DocumentState
) -> None:
    before = dict(view.heads.heads)
    kick, keys = state.tracks
    turned = (replace(keys, position=0, name="Piano", pan=-0.3), replace(kick, position=1))
    view.lanes.set_document(replace(state, tracks=turned))
    assert list(view.heads.heads.items()) == [("keys", before["keys"]), ("kick", before["kick"])]
    head = before["keys"]
    assert head.accessibleName() == "Track Piano"
    assert head.accessibleDescription() == "stereo, gain −3.0 dB, pan 30 % left"
    assert head.mute.accessibleName() == "Mute Piano"
    assert head.y() < before["kick"].y()


def test_values_are_sliders_for_a_screen_reader(keys: TrackHead) -> None:
    keys.pan.show_amount(0.25)
    for field, name, value in (
        (keys.gain, "Gain of Keys", "−3.0 dB"),
        (keys.pan, "Pan of Keys", "25 % right"),
    ):
        read = QAccessible.queryAccessibleInterface(field)
        assert read.role() == QAccessible.Role.Slider
        assert read.text(QAccessible.Text.Name) == name
        assert read.text(QAccessible.Text.Description) == value
    assert keys.pan.text() == "25 R"


def test_a_screen_reader_sets_values(told: Told, keys: TrackHead) -> None:
    value = QAccessible.queryAccessibleInterface(keys.pan).valueInterface()
    value.setCurrentValue(-40)
    assert told.changes == [("keys", {"pan": -0.4})]
    assert keys.pan.accessibleDescription() == "40 % left"
    assert value.currentValue() == -40


def test_tab_goes_through_the_current_head_alone(
    view: TimelineView, kick: TrackHead, keys: TrackHead
) -> None:
    def on_the_way() -> list[TrackHead]:
        return [head for head in (kick, keys) if head.focusPolicy() & Qt.FocusPolicy.TabFocus]

    assert on_the_way() == [kick], "the first where none is chosen"
    view.heads.choose("keys")
    assert on_the_way() == [keys]
    assert {bool(control.focusPolicy()) for control in kick.controls} == {False}
    assert {bool(control.focusPolicy() & Qt.FocusPolicy.TabFocus) for control in keys.controls} == {True}


def test_the_focus_goes_with_the_choice_and_shows(
    qtbot: QtBot, view: TimelineView, kick: TrackHead, keys: TrackHead
) -> None:
    view.activateWindow()
    plain = kick.grab().toImage()
    kick.setFocus()
    qtbot.waitUntil(kick.hasFocus)
    current = view.heads.current_track()
    assert current is not None
    assert current.id == "kick"
    assert kick.grab().toImage() != plain
    view.heads.choose("keys")
    qtbot.waitUntil(keys.hasFocus)


def color_at(head: TrackHead, x: int, y: int) -> str:
    image = QImage(head.size(), QImage.Format.Format_RGB32)
    head.render(image)
    return image.pixelColor(x, y).name()


def test_a_head_has_its_own_colour_or_that_of_its_group(
    view: TimelineView, state: DocumentState, kick: TrackHead, keys: TrackHead
) -> None:
    assert (color_at(kick, 1, 50), color_at(keys, 1, 50)) == (DARK.accent(0), DARK.accent(1))
    tracks = tuple(replace(track, color="#123456") for track in state.tracks[:1]) + state.tracks[1:]
    view.lanes.set_document(replace(state, tracks=tracks))
    assert color_at(kick, 1, 50) == "#123456"
    assert view.heads.accents() == {"kick": "#123456", "keys": DARK.accent(1)}
    view.lanes.set_document(replace(state, tracks=state.tracks[::-1]))
    assert view.heads.accents() == {"kick": DARK.accent(0), "keys": DARK.accent(1)}, "moving recolours none"


def test_a_thin_head_keeps_name_and_switches(view: TimelineView, state: DocumentState) -> None:
    tracks = tuple(replace(track, is_collapsed=True) for track in state.tracks)
    view.lanes.set_document(replace(state, tracks=tracks))
    head = view.heads.heads["keys"]
    assert head.height() == COLLAPSED
    assert head.rect().contains(head.mute.geometry().united(head.solo.geometry()))
    assert not any(control.isVisible() for control in (head.gain, head.pan, head.dots))
    head.type_value(head.gain)
    assert head.rect().contains(editor(head).geometry())


def test_a_long_name_stays_clear_of_the_dots_and_the_switches(
    view: TimelineView, state: DocumentState, kick: TrackHead
) -> None:
    for values, beside in (({}, kick.dots), ({"is_collapsed": True}, kick.mute)):
        shown = []
        for name in ("Wide " * 20, "Wide"):
            tracks = (replace(state.tracks[0], name=name, **values), *state.tracks[1:])
            view.lanes.set_document(replace(state, tracks=tracks))
            gap = QRect(beside.x() - 5, beside.y(), 4, beside.height())
            shown.append(kick.grab(gap).toImage())
        assert shown[0] == shown[1]


@pytest.mark.parametrize(("role", "shows"), [("", True), ("drums", True), ("overhead", False)])
def test_a_guess_is_shown_unless_the_track_has_the_role_of_one_drum(
    view: TimelineView, role: str, shows: bool
) -> None:
    heads = view.heads
    state = heads._state
    tracks = tuple(replace(one, role=role) if one.id == "kick" else one for one in state.tracks)
    heads.set_document(replace(state, tracks=tracks))
    heads.set_guesses({"kick": "room"})
    assert (heads.heads["kick"].track.role == "sounds like room") == shows
