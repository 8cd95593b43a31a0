"""Tracks in the real window: by keys, by menu and by mouse, kept on disk and taken back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QColorDialog, QInputDialog, QLabel, QMenu, QWidget

from desktop.main_window import MainWindow
from desktop.timeline.tracks import ACCENT_NAMES
from engine.core.progress import SILENT
from engine.document.analysis import BeatGrid
from engine.document.document import Document
from engine.document.edits.proposals import set_analyses
from engine.document.edits.tracks import set_track
from engine.document.tracks import Picture, Track, sound_of
from engine.recordings.import_audio import ImportRequest, import_audio, import_edit
from tests.desktop.conftest import Hands
from tests.hostile.bad_files import RATE_HZ, good
from widgets.theme import DARK
from widgets.timeline.clip_bars import bars
from widgets.timeline.edits.selected import Choice
from widgets.timeline.frame import COLLAPSED
from widgets.timeline.heads.parts import InPlaceField

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
CTRL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
NAMES = ("kick", "snare", "room")


@pytest.fixture
def document(tmp_path: Path) -> Path:
    """Two mono tracks, which are a group, and a stereo one."""
    files = tuple(
        good(tmp_path / f"{name}.wav", 3, 2 if name == "room" else 1, seed) for seed, name in enumerate(NAMES)
    )
    beats = np.arange(0, 3 * RATE_HZ, RATE_HZ // 2, dtype=np.int64)
    grid = BeatGrid(
        beats, np.arange(len(beats)) % 4 + 1, 120.0, 0.9, "test"
    )  # so that nothing is listened to
    path = tmp_path / "jam.offcut"
    with Document.create(path) as made:
        made.apply(import_edit(made.state, import_audio(ImportRequest(files), SILENT)))
        made.apply(set_analyses(made.state, {"beats": "beats-0"}, "Heard"), {"beats-0": grid})
        for track in made.state.tracks:  # by their names they came as one kit
            group = "" if track.name == "room" else "Drums"
            made.apply(set_track(made.state, track.id, group=group, role=""))
    return path


@pytest.fixture
def mixing(hands: Hands, document: Path) -> Hands:
    hands.window.session.open(document)
    hands.finish_work()
    return hands


def tracks(hands: Hands) -> dict[str, Track]:
    return {track.name: track for track in hands.window.session.state.tracks}


def head(hands: Hands, name: str) -> Any:
    return hands.window.timeline.heads.heads[tracks(hands)[name].id]


def choose(hands: Hands, name: str) -> None:
    hands.window.timeline.heads.choose(tracks(hands)[name].id)


def order(hands: Hands) -> list[str]:
    return [track.name for track in hands.window.session.state.tracks]


def type_into(hands: Hands, text: str) -> None:
    """Type into the field that a command opened."""
    found = [one for one in hands.window.findChildren(InPlaceField) if not one.isHidden()]
    assert len(found) == 1
    hands.qtbot.waitUntil(found[0].hasFocus)
    found[0].selectAll()
    QTest.keyClicks(found[0], text)
    QTest.keyClick(found[0], Qt.Key.Key_Return)


# Keys.


def test_page_keys_choose_and_stop_at_the_ends(mixing: Hands) -> None:
    heads = mixing.window.timeline.heads
    seen = []
    for key in ("PgDown", "PgDown", "PgDown", "PgDown", "PgUp"):
        mixing.press(key)
        seen.append(heads.current_track().name)
    assert seen == ["kick", "snare", "room", "room", "snare"]


def test_keys_that_need_a_track_say_so(mixing: Hands) -> None:
    for key in ("F2", "Alt+M", "Alt+C", "Alt+H", "Shift+PgUp", "Ctrl+Alt+Up", "Shift+S"):
        mixing.refused.clear()
        mixing.press(key)
        assert mixing.refused[0].startswith("Choose a track first."), key
        assert "(PgDown)" in " ".join(label.text() for label in mixing.window.status_bar.findChildren(QLabel))


def test_the_key_of_all_tracks_or_some_needs_a_selected_track(mixing: Hands) -> None:
    window = mixing.window
    first = window.session.state.tracks[0]
    assert window.timeline.heads.current_track() is None
    mixing.press("Alt+T")
    assert mixing.refused[0].startswith("Choose a track first.")
    mixing.press("PgDown")
    mixing.press("Alt+T")
    assert window.selecting.tracks == (first.id,)
    mixing.press("Alt+T")
    assert window.selecting.tracks == ()


def test_switches_and_removal_are_for_all_selected_tracks(mixing: Hands) -> None:
    for name, held in (("kick", NONE), ("room", SHIFT)):
        QTest.mouseClick(head(mixing, name), LEFT, held, QPoint(30, 8))
    ids = {name: track.id for name, track in tracks(mixing).items()}
    assert set(mixing.window.selecting.selected.tracks) == set(ids.values())
    QTest.mouseClick(head(mixing, "snare"), LEFT, CTRL, QPoint(30, 8))
    assert mixing.window.selecting.selected.tracks == (ids["kick"], ids["room"])
    mixing.press("Alt+M")
    assert {name: track.mute for name, track in tracks(mixing).items()} == {
        "kick": True,
        "snare": False,
        "room": True,
    }
    mixing.press("Ctrl+Z")
    assert not any(track.mute for track in tracks(mixing).values()), "one step of undo"
    mixing.window.commands.run("tracks.remove")
    assert order(mixing) == ["snare"]
    assert mixing.window.selecting.selected.tracks == (), "nothing is selected that is gone"
    mixing.press("Ctrl+Z")
    assert order(mixing) == ["kick", "snare", "room"]


def test_joined_tracks_hold_the_clips_of_all_that_were_clicked(mixing: Hands) -> None:
    whole = [clip.id for track in mixing.window.session.state.tracks for clip in track.clips]
    for name, held in (("snare", NONE), ("kick", CTRL), ("room", CTRL)):
        QTest.mouseClick(head(mixing, name), LEFT, held, QPoint(30, 8))
    mixing.window.commands.run("clips.join")
    assert order(mixing) == ["snare"]
    assert {clip.id for clip in tracks(mixing)["snare"].clips} == set(whole)
    mixing.press("Ctrl+Z")
    assert order(mixing) == ["kick", "snare", "room"]


def test_a_track_is_renamed_by_key_and_the_name_survives(mixing: Hands, document: Path) -> None:
    choose(mixing, "snare")
    mixing.press("F2")
    type_into(mixing, "Snare top & <b>")
    assert mixing.window.session.undo_label == "Renamed snare to Snare top & <b>"
    mixing.window.session.open(document)
    assert order(mixing) == ["kick", "Snare top & <b>", "room"]
    mixing.press("Ctrl+Z")
    assert order(mixing) == ["kick", "snare", "room"]


def test_mute_solo_collapse_and_channels_by_key(mixing: Hands) -> None:
    choose(mixing, "room")
    for key, field, before in (
        ("Alt+M", "mute", False),
        ("Shift+S", "solo", False),
        ("Alt+C", "is_collapsed", False),
        ("Alt+H", "channels_open", True),
    ):
        mixing.press(key)
        assert getattr(tracks(mixing)["room"], field) is not before
        mixing.press(key)
        assert getattr(tracks(mixing)["room"], field) is before
    choose(mixing, "kick")
    mixing.press("Alt+H")
    assert mixing.refused == ["kick has only one channel."]


def test_tracks_are_moved_by_key_in_one_step(mixing: Hands) -> None:
    choose(mixing, "room")
    mixing.press("Shift+PgUp")
    mixing.press("Shift+PgUp")
    assert order(mixing) == ["room", "kick", "snare"]
    assert list(mixing.window.timeline.heads.heads) == [track.id for track in tracks(mixing).values()]
    mixing.press("Shift+PgUp")
    assert mixing.refused == ["room is the first track already."]
    mixing.press("Ctrl+Z")
    assert order(mixing) == ["kick", "snare", "room"]


def test_lanes_grow_and_shrink_by_key_in_one_step(mixing: Hands) -> None:
    choose(mixing, "kick")
    before = head(mixing, "kick").height()
    for _ in range(3):
        mixing.press("Ctrl+Alt+Up")
    assert head(mixing, "kick").height() == pytest.approx(before * 1.25**3, abs=3)
    assert head(mixing, "kick").height() == tracks(mixing)["kick"].height_px
    for _ in range(20):
        mixing.press("Ctrl+Alt+Down")
    assert head(mixing, "kick").height() == COLLAPSED
    mixing.press("Ctrl+Z")
    assert head(mixing, "kick").height() == before


def test_gain_and_pan_are_typed_also_into_a_thin_head(mixing: Hands) -> None:
    choose(mixing, "kick")
    for command, text, field, value in (
        ("gain", "-4.5", "gain_db", -4.5),
        ("pan", "30 L", "pan", -0.3),
        ("gain", "0", "gain_db", 0.0),
        ("pan", "R", "pan", 1.0),
    ):
        mixing.window.commands.run(f"tracks.{command}")
        type_into(mixing, text)
        assert getattr(tracks(mixing)["kick"], field) == value
        if command == "pan":
            mixing.press("Alt+C")


def test_a_gain_out_of_reach_is_refused_and_the_head_shows_the_old_one(mixing: Hands) -> None:
    choose(mixing, "kick")
    refused: list[str] = []
    mixing.window.tracks.refused.connect(refused.append)
    mixing.window.commands.run("tracks.gain")
    type_into(mixing, "99")
    assert refused == ["A gain of +99.0 dB is out of reach; choose −60.0 dB to +24.0 dB."]
    assert head(mixing, "kick").gain.text() == "0.0 dB"


def test_hidden_heads_come_back_where_one_is_typed_into(mixing: Hands) -> None:
    choose(mixing, "kick")
    mixing.press("F7")
    assert mixing.window.timeline.heads.isHidden()
    mixing.press("F2")
    type_into(mixing, "Boom")
    assert not mixing.window.timeline.heads.isHidden()
    assert order(mixing)[0] == "Boom"


def test_a_removed_track_comes_back_with_its_wave(mixing: Hands) -> None:
    choose(mixing, "snare")
    mixing.window.commands.run("tracks.remove")
    assert order(mixing) == ["kick", "room"]
    assert mixing.window.timeline.heads.current_track() is None
    mixing.press("Ctrl+Z")
    assert order(mixing) == ["kick", "snare", "room"]
    waves = mixing.window.timeline.canvas._layers._waves
    assert tracks(mixing)["snare"].id in waves


def test_a_document_without_tracks_plays_nothing_and_names_the_import(mixing: Hands) -> None:
    for name in NAMES:
        choose(mixing, name)
        mixing.window.commands.run("tracks.remove")
    assert order(mixing) == []
    mixing.press("Space")
    assert not mixing.window.transport.is_playing
    assert "import" in mixing.window.status_bar._done.text()
    mixing.press("Ctrl+Z")
    assert len(order(mixing)) == 1


# Mouse.


def test_a_drag_of_gain_is_one_step(mixing: Hands) -> None:
    field = head(mixing, "kick").gain
    for start in (0.0, 4.0):
        assert field.amount == start
        QTest.mousePress(field, LEFT, NONE, QPoint(10, 8))
        for x in (20, 30):
            QTest.mouseMove(field, QPoint(x, 8))
            mixing.qtbot.waitUntil(lambda: not field._emitting.isActive())
        QTest.mouseRelease(field, LEFT, NONE, QPoint(30, 8))
        assert tracks(mixing)["kick"].gain_db == field.amount == start + 4.0
    mixing.press("Ctrl+Z")
    assert tracks(mixing)["kick"].gain_db == 4.0
    mixing.press("Ctrl+Z")
    assert tracks(mixing)["kick"].gain_db == field.amount == 0.0


def test_shift_on_a_switch_means_the_group(mixing: Hands) -> None:
    QTest.mouseClick(head(mixing, "kick").mute, LEFT, Qt.KeyboardModifier.ShiftModifier)
    assert [track.mute for track in tracks(mixing).values()] == [True, True, False]
    assert head(mixing, "snare").mute.isChecked()
    mixing.press("Ctrl+Z")
    assert not any(track.mute for track in tracks(mixing).values())


def test_escape_gives_a_carried_head_up(mixing: Hands) -> None:
    kick = head(mixing, "kick")
    QTest.mousePress(kick, LEFT, NONE, QPoint(30, 60))
    QTest.mouseMove(kick, QPoint(30, 250))
    mixing.press("Esc")
    QTest.mouseRelease(kick, LEFT, NONE, QPoint(30, 250))
    assert order(mixing) == ["kick", "snare", "room"]


def test_enter_presses_a_focused_switch_and_space_still_plays(mixing: Hands) -> None:
    switch = head(mixing, "kick").mute
    switch.setFocus()
    mixing.qtbot.waitUntil(switch.hasFocus)
    mixing.press("Return")
    assert [track.mute for track in tracks(mixing).values()] == [True, False, False]
    mixing.press("Shift+Return")
    assert not any(track.mute for track in tracks(mixing).values()), "with Shift, of the group"
    mixing.press("Space")
    mixing.qtbot.waitUntil(lambda: mixing.window.transport.is_playing)
    assert not tracks(mixing)["kick"].mute
    mixing.press("Space")


# The menu.


def menu_of(hands: Hands, name: str, part: str = "menu") -> QMenu:
    heads = hands.window.timeline.heads
    state = hands.window.session.state
    return hands.window.tracks._menu.menu(part, state, tracks(hands)[name], heads.accents())


def entries(menu: QMenu) -> dict[str, QAction]:
    """Return the entries of a menu and of its parts by their texts."""
    found: dict[str, QAction] = {}
    for action in menu.actions():
        part = action.menu()
        if isinstance(part, QMenu):
            found.update({f"{action.text()}/{name}": each for name, each in entries(part).items()})
        elif not action.isSeparator():
            found[action.text().split("\t")[0]] = action
    return found


MENU: dict[str, dict[str, Any]] = {
    "Colour/Teal": {"color": DARK.accents[ACCENT_NAMES.index("Teal")]},
    "Group/Drums": {"group": "Drums"},
    "Role/Overhead": {"role": "overhead"},
    "Height/Large": {"height_px": 256, "is_collapsed": False},
    "Picture/Spectrogram": {"picture": Picture.SPECTROGRAM},
}


def test_every_part_of_the_menu_changes_the_track(mixing: Hands) -> None:
    choose(mixing, "room")
    for entry, values in MENU.items():
        shown = entries(menu_of(mixing, "room"))
        assert not shown[entry].isChecked()
        shown[entry].trigger()
        assert {field: getattr(tracks(mixing)["room"], field) for field in values} == values
        assert entries(menu_of(mixing, "room"))[entry].isChecked()
        mixing.press("Ctrl+Z")
        assert not entries(menu_of(mixing, "room"))[entry].isChecked()


def test_a_role_is_given_to_all_selected_tracks_at_once(mixing: Hands) -> None:
    ids = {name: track.id for name, track in tracks(mixing).items()}
    for name in ("room", "snare"):
        mixing.window.timeline.heads.choose(ids[name], Choice.ADDED)
    heads, state = mixing.window.timeline.heads, mixing.window.session.state
    assert set(heads.selected) == {ids["room"], ids["snare"]}
    menu = mixing.window.tracks._menu.menu(
        "menu", state, tracks(mixing)["room"], heads.accents(), heads.selected
    )
    entries(menu)["Role of 2 tracks/Overhead"].trigger()
    assert {name: track.role for name, track in tracks(mixing).items()} == {
        "kick": "",
        "room": "overhead",
        "snare": "overhead",
    }
    mixing.press("Ctrl+Z")
    assert not any(track.role for track in tracks(mixing).values()), "one step of undo"


def test_the_menu_of_a_track_beside_the_selected_ones_is_its_own(mixing: Hands) -> None:
    ids = {name: track.id for name, track in tracks(mixing).items()}
    for name in ("room", "snare"):
        mixing.window.timeline.heads.choose(ids[name], Choice.ADDED)
    choose(mixing, "kick")
    mixing.window.tracks.show_menu("role")
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    next(action for action in menu.actions() if action.text() == "Kick").trigger()
    menu.close()
    assert [track.role for track in tracks(mixing).values()].count("kick") == 1


def test_the_menu_shows_the_keys_and_runs_the_commands(mixing: Hands) -> None:
    choose(mixing, "room")
    shown = entries(menu_of(mixing, "room"))
    assert shown["Rename the track"].shortcut().toString() == "F2"
    shown["Move the track up"].trigger()
    assert order(mixing) == ["kick", "room", "snare"]


def answering(hands: Hands, entry: str, answer: Callable[[QWidget], None]) -> None:
    hands.do_and_answer(lambda: entries(menu_of(hands, "room"))[entry].trigger(), answer)


def with_words(text: str) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QInputDialog)
        dialog.setTextValue(text)
        dialog.accept()

    return answer


def test_new_groups_own_roles_and_colours_are_asked_for(mixing: Hands) -> None:
    answering(mixing, "Group/New group…", with_words("  Far   mics "))
    answering(mixing, "Role/Other…", with_words("tape hiss"))

    def take_color(dialog: QWidget) -> None:
        assert isinstance(dialog, QColorDialog)
        dialog.setCurrentColor("#123456")
        dialog.accept()

    answering(mixing, "Colour/Other…", take_color)
    room = tracks(mixing)["room"]
    assert (room.group, room.role, room.color) == ("Far mics", "tape hiss", "#123456")
    assert head(mixing, "room").accessibleDescription().startswith("stereo, tape hiss, group Far mics")
    assert "Role/Tape hiss" in entries(menu_of(mixing, "kick"))
    answering(mixing, "Group/New group…", lambda dialog: dialog.reject())  # type: ignore[attr-defined]
    assert tracks(mixing)["room"].group == "Far mics"


def test_menus_open_by_command_and_by_mouse(mixing: Hands) -> None:
    choose(mixing, "room")

    def close_menu() -> None:
        mixing.qtbot.waitUntil(lambda: isinstance(QApplication.activePopupWidget(), QMenu))
        QApplication.activePopupWidget().close()

    for name in ("menu", "color", "group", "role"):
        mixing.window.commands.run(f"tracks.{name}")
        close_menu()
    QTest.mouseClick(head(mixing, "room").dots, LEFT)
    close_menu()


# What others make of it.


def test_a_read_only_document_refuses_and_shows_what_it_has(hands: Hands, document: Path) -> None:
    with Document.open(document):
        hands.window.session.open(document)
        hands.finish_work()
        refused: list[str] = []
        hands.window.tracks.refused.connect(refused.append)
        kick = head(hands, "kick")
        QTest.mouseClick(kick.mute, LEFT)
        assert not kick.mute.isChecked()
        QTest.mousePress(kick.pan, LEFT, NONE, QPoint(5, 8))
        QTest.mouseMove(kick.pan, QPoint(30, 8))
        QTest.mouseRelease(kick.pan, LEFT, NONE, QPoint(30, 8))
        assert kick.pan.amount == 0.0
        assert len(refused) >= 2
        hands.window.session.close()


def test_only_what_sounds_otherwise_is_heard_anew(mixing: Hands) -> None:
    window = mixing.window
    before = sound_of(window.session.state.tracks)
    choose(mixing, "kick")
    mixing.press("Alt+C")
    window.tracks.change(tracks(mixing)["kick"].id, {"name": "Boom"})
    window.tracks.change(tracks(mixing)["Boom"].id, {"color": "#123456"})
    assert sound_of(window.session.state.tracks) == before
    window.tracks.change(tracks(mixing)["Boom"].id, {"pan": 0.5})
    assert sound_of(window.session.state.tracks) != before


def test_playback_goes_on_through_what_sounds_the_same(mixing: Hands) -> None:
    window, kick = mixing.window, tracks(mixing)["kick"].id
    mixing.press("Space")
    mixing.qtbot.waitUntil(lambda: window.transport.is_playing)
    playing = window.player._factory
    for values in ({"name": "Boom"}, {"height_px": 90}, {"is_collapsed": True}, {"color": "#123456"}):
        window.tracks.change(kick, values)
    assert window.player._factory is playing
    window.tracks.change(kick, {"gain_db": -6.0})
    assert window.player._factory is not playing
    assert window.transport.is_playing
    mixing.press("Space")


def test_a_change_of_a_track_moves_the_timeline_nowhere(mixing: Hands) -> None:
    window: MainWindow = mixing.window
    window.timeline.zooms.zoom(4.0)
    shown = window.timeline.canvas.viewport
    choose(mixing, "kick")
    mixing.press("Alt+M")
    assert window.timeline.canvas.viewport == shown


def test_a_missing_file_is_marked_in_its_lane(hands: Hands, document: Path) -> None:
    document.with_name("snare.wav").unlink()
    hands.window.session.open(document)
    hands.finish_work()
    canvas = hands.window.timeline.canvas
    marked = [one for one in bars(canvas.frame, canvas.shown.clips) if one.is_missing]
    assert [(one.lane, one.name) for one in marked] == [(1, "snare.wav – missing")]
    at = marked[0].area.topRight().toPoint() + QPoint(-20, 2)  # neither the name nor the playhead
    ground = canvas.grab().toImage().pixelColor(at * canvas.devicePixelRatioF())
    assert ground.red() > ground.green()
    assert hands.refused


def test_a_ripple_cut_moves_the_selected_tracks_alone(mixing: Hands) -> None:
    window = mixing.window
    kick, snare, _ = window.session.state.tracks
    rate_hz = window.session.state.rate_hz
    span = rate_hz // 10, rate_hz // 5
    window.selecting.select(*span)
    mixing.press("Shift+Delete")
    assert mixing.refused, "a ripple cut of all tracks is a cut"
    assert not window.session.state.proposals
    mixing.press("PgDown")
    mixing.press("Alt+T")
    window.selecting.select(*span)
    assert window.selecting.tracks == (kick.id,)
    mixing.press("Shift+Delete")
    (made,) = window.session.state.proposals.values()
    assert (made.kind, made.tracks, (made.start_samples, made.stop_samples)) == ("ripple", (kick.id,), span)
    mixing.press("Q")  # the result
    lanes = {lane.track_id: lane for lane in window.timeline.canvas.shown.lanes}
    assert lanes[kick.id].length_samples == lanes[snare.id].length_samples - (span[1] - span[0])
    mixing.refused.clear()
    mixing.press("Alt+T")
    window.selecting.select(*span)
    assert window.selecting.tracks == (kick.id,)
    window.commands.run("hand.mute")
    (refusal,) = mixing.refused  # what is selected is not where this track plays it
    assert f"{kick.name!r} plays " in refusal
    assert len(window.session.state.proposals) == 1
    mixing.refused.clear()
    mixing.press("Alt+T")
    window.selecting.select(0, rate_hz // 5)  # of all tracks, over the place where the kick moves
    assert not window.selecting.tracks
    for name in ("hand.cut", "hand.duplicate"):
        window.commands.run(name)
    assert len(mixing.refused) == 2
    assert len(window.session.state.proposals) == 1
    window.selecting.select(0, rate_hz // 20)  # before it, all play together
    window.commands.run("hand.cut")
    assert [one.kind for one in window.session.state.proposals.values()] == ["cut", "ripple"]
    mixing.press("Ctrl+Z")
    mixing.press("Ctrl+Z")
    assert not window.session.state.proposals
    lanes = {lane.track_id: lane for lane in window.timeline.canvas.shown.lanes}
    assert lanes[kick.id].length_samples == lanes[snare.id].length_samples
