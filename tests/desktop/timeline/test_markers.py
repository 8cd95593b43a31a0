"""Markers and regions by keys, by the list and from files, in a real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QTreeWidget
from pytestqt.qtbot import QtBot

from engine.document.edits.markers import NamedSpan, add_all
from engine.document.edits.proposals import decide
from engine.document.proposals import Verdict
from engine.document.state import Marker
from tests.desktop.conftest import Hands, type_path
from tests.desktop.documents import make_document
from tests.desktop.features.timing.grid.test_grid import CUTS, RATE_HZ, at_work, document
from tests.hostile.bad_files import good
from widgets.forms.marker_list import MarkerList
from widgets.timeline.marks.markers import NameOffer

__all__ = ["at_work", "document"]


def markers_of(hands: Hands) -> list[Marker]:
    return list(hands.window.session.state.markers.values())


@pytest.fixture
def marked(at_work: Hands) -> Hands:
    """Three markers and a region over twenty seconds."""
    session = at_work.window.session
    names = {"Verse": (1, 1), "Chorus": (6, 6), "Bridge": (9, 11), "Second verse": (15, 15)}
    spans = [NamedSpan(a * RATE_HZ, b * RATE_HZ, name) for name, (a, b) in names.items()]
    session.apply(add_all(session.state, spans, "Marked"))
    return at_work


def test_a_key_marks_the_playhead_also_while_playing(at_work: Hands, qtbot: QtBot) -> None:
    window = at_work.window
    window.transport.seek(RATE_HZ)
    at_work.press("M")
    assert at_work.said[-1] == "Added Marker 1 at 0:01.0"
    at_work.press("Space")
    qtbot.waitUntil(lambda: window.transport.playhead_samples > 2 * RATE_HZ)
    at_work.press("M")
    assert window.transport.is_playing
    at_work.press("Space")
    found = markers_of(at_work)
    assert [one.name for one in found] == ["Marker 1", "Marker 2"]
    assert found[1].start_samples > 2 * RATE_HZ
    assert window.timeline.canvas.shown.marks.ids == ("marker-1", "marker-2")
    at_work.press("Ctrl+Z")
    at_work.press("Ctrl+Z")
    assert not markers_of(at_work)


def test_stars_by_key_rate_the_bar_at_the_playhead_or_the_selection(at_work: Hands) -> None:
    window = at_work.window
    window.transport.seek(5 * RATE_HZ)
    bar = window.selecting.bar_here()
    for key in ("6", "6", "5"):
        at_work.press(key)
    assert [(one.start_samples, one.stop_samples, one.name) for one in markers_of(at_work)] == [(*bar, "★")]
    window.selecting.select(RATE_HZ, 3 * RATE_HZ)
    at_work.press("5")
    assert (markers_of(at_work)[0].start_samples, markers_of(at_work)[0].name) == (RATE_HZ, "☆")
    at_work.press("5")
    assert "already" in at_work.refused[-1]


def offered(hands: Hands) -> NameOffer | None:
    found = [one for one in hands.window.timeline.canvas.findChildren(NameOffer) if one.isVisible()]
    return found[0] if found else None


def name_field(hands: Hands) -> QLineEdit:
    found = [one for one in hands.window.timeline.canvas.findChildren(QLineEdit) if one.isVisible()]
    assert len(found) == 1
    return found[0]


def test_a_new_marker_waits_for_a_name_and_eats_no_key(at_work: Hands) -> None:
    window = at_work.window
    window.transport.seek(RATE_HZ)
    at_work.press("M")
    assert offered(at_work) is not None
    assert offered(at_work).text() == "Marker 1 · F2 or click: name it"
    assert QApplication.focusWidget() is window.timeline
    at_work.press("Down")
    assert window.review.current == f"cut-{CUTS[1][0]}", "the keys go on with the review"
    at_work.press("F2")
    assert offered(at_work) is None
    QTest.keyClicks(name_field(at_work), "Axed intro")
    QTest.keyClick(name_field(at_work), Qt.Key.Key_Return)
    assert [one.name for one in markers_of(at_work)] == ["Axed intro"]
    assert at_work.said[-1] == "Added Axed intro at 0:01.0"
    at_work.press("Ctrl+Z")
    assert not markers_of(at_work), "one step of undo"


def test_a_click_on_the_offer_names_the_marker_while_playing(at_work: Hands) -> None:
    window = at_work.window
    window.transport.seek(RATE_HZ)
    at_work.press("Space")
    at_work.press("M")
    offer = offered(at_work)
    assert offer is not None
    QTest.mouseClick(offer, Qt.MouseButton.LeftButton)
    assert window.transport.is_playing
    QTest.keyClicks(name_field(at_work), "Now")
    QTest.keyClick(name_field(at_work), Qt.Key.Key_Return)
    assert [one.name for one in markers_of(at_work)] == ["Now"]
    at_work.press("Space")


def test_the_offer_ends_and_the_key_names_tracks_again(at_work: Hands) -> None:
    window = at_work.window
    window.marking._offer_ends.setInterval(1)
    at_work.press("M")
    at_work.qtbot.waitUntil(lambda: offered(at_work) is None)
    at_work.press("PgDown")
    at_work.press("F2")
    assert not window.timeline.canvas.findChildren(QLineEdit)
    field = window.timeline.heads.findChild(QLineEdit)
    assert field.accessibleName().startswith("Name of")
    QTest.keyClick(field, Qt.Key.Key_Escape)


def test_the_offer_goes_when_the_view_moves_and_the_key_still_names(at_work: Hands) -> None:
    at_work.window.transport.seek(RATE_HZ)
    at_work.press("M")
    at_work.press("+")
    assert offered(at_work) is None
    at_work.press("F2")
    assert name_field(at_work).text() == "Marker 1"
    QTest.keyClick(name_field(at_work), Qt.Key.Key_Escape)


def test_the_span_of_a_proposal_is_named_at_once_in_one_step(at_work: Hands) -> None:
    window = at_work.window
    at_work.press("Shift+M")
    editor = window.timeline.canvas.findChild(QLineEdit)
    assert editor.text() == "Region 1"
    assert QApplication.focusWidget() is editor
    QTest.keyClicks(editor, "Axed intro")  # letters that are commands elsewhere
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert [(one.start_samples, one.stop_samples, one.name) for one in markers_of(at_work)] == [
        (*CUTS[0], "Axed intro")
    ]
    assert at_work.said[-1] == "Added Axed intro at 0:04.0"
    assert not window.session.state.decisions
    assert QApplication.focusWidget() is window.timeline
    at_work.press("Ctrl+Z")
    assert not markers_of(at_work)


def test_a_name_given_later_is_a_step_of_its_own(at_work: Hands) -> None:
    at_work.press("Shift+M")
    QTest.keyClick(at_work.window.timeline.canvas.findChild(QLineEdit), Qt.Key.Key_Escape)
    at_work.window.commands.run("marker.rename")
    editors = at_work.window.timeline.canvas.findChildren(QLineEdit)
    editor = next(one for one in editors if one.isVisible())
    QTest.keyClicks(editor, "Later")
    QTest.keyClick(editor, Qt.Key.Key_Return)
    assert at_work.said[-1] == "Renamed Region 1 to Later"
    at_work.press("Ctrl+Z")
    assert [one.name for one in markers_of(at_work)] == ["Region 1"]


def test_keys_go_from_marker_to_marker(marked: Hands) -> None:
    window = marked.window
    window.transport.seek(0)
    for want in (1, 6, 9, 15):
        marked.press(".")
        assert window.transport.playhead_samples == want * RATE_HZ
    assert marked.said[-1] == "Second verse at 0:15.0"
    marked.press(".")
    assert marked.refused[-1] == "There is no marker after the playhead."
    marked.press(",")
    assert window.transport.playhead_samples == 9 * RATE_HZ


def test_delete_does_nothing_in_the_window(marked: Hands) -> None:
    before = markers_of(marked)
    for key in ("Delete", "Backspace"):
        marked.press(key)
    assert markers_of(marked) == before


@pytest.fixture
def listed(marked: Hands) -> MarkerList:
    marked.press("Ctrl+M")
    found = marked.window.marking.list
    assert found is not None
    marked.qtbot.waitUntil(found.isActiveWindow)
    return found


def key(listed: MarkerList, key: Qt.Key) -> None:
    QTest.keyClick(listed.focusWidget() or listed, key)


def test_the_list_filters_and_jumps(marked: Hands, listed: MarkerList) -> None:
    assert listed.names() == ["Verse", "Chorus", "Bridge", "Second verse"]
    QTest.keyClicks(listed.focusWidget(), "verse")
    assert listed.names() == ["Verse", "Second verse"]
    key(listed, Qt.Key.Key_Down)
    key(listed, Qt.Key.Key_Return)
    assert marked.window.transport.playhead_samples == 15 * RATE_HZ
    rows = listed.findChild(QTreeWidget)
    assert rows.topLevelItem(2).text(2) == "0:02.000"
    assert not marked.window.session.state.decisions
    key(listed, Qt.Key.Key_Escape)
    assert listed.isHidden()


def test_the_list_renames_and_a_refused_name_stays(marked: Hands, listed: MarkerList) -> None:
    for name, want in (("Refrain", "Refrain"), ("   ", "Refrain")):
        key(listed, Qt.Key.Key_F2)
        editor = listed.findChild(QTreeWidget).findChild(QLineEdit)
        editor.selectAll()
        QTest.keyClicks(editor, name)
        with marked.qtbot.waitSignal(listed.renamed):
            QTest.keyClick(editor, Qt.Key.Key_Return)
        assert listed.names()[0] == want
        assert markers_of(marked)[0].name == want
    assert "the new one is empty" in marked.refused[-1]
    marked.press("Ctrl+Z")
    assert listed.names()[0] == "Verse", "the list follows undo"


def test_the_list_deletes_what_is_chosen_as_one_step(marked: Hands, listed: MarkerList) -> None:
    key(listed, Qt.Key.Key_Delete)
    assert len(markers_of(marked)) == 4, "in the filter Delete edits the text"
    rows = listed.findChild(QTreeWidget)
    rows.setFocus()
    key(listed, Qt.Key.Key_Down)
    QTest.keyClick(rows, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    key(listed, Qt.Key.Key_Delete)
    assert listed.names() == ["Verse", "Second verse"]
    assert marked.said[-1] == "Deleted 2 markers"
    marked.press("Ctrl+Z")
    assert len(markers_of(marked)) == 4


def test_drags_and_the_menu_of_a_marker(marked: Hands) -> None:
    canvas, window = marked.window.timeline.canvas, marked.window
    first = markers_of(marked)[0]
    canvas.marker_moved.emit(first.id, 3 * RATE_HZ, 3 * RATE_HZ)
    assert marked.said[-1] == "Moved Verse at 0:03.0"
    canvas.marker_menu_requested.emit(first.id, QPoint(0, 0))
    menu = next(one for one in window.findChildren(QMenu) if one.isVisible())
    actions = {action.text().split("\t")[0]: action for action in menu.actions()}
    actions["Go to"].trigger()
    assert window.transport.playhead_samples == 3 * RATE_HZ
    actions["Delete"].trigger()
    assert first.id not in window.session.state.markers
    actions["Delete"].trigger()
    assert "undo brings it back" in marked.refused[-1]
    menu.close()


def test_labels_are_imported_and_cue_points_come_with_the_recording(marked: Hands, tmp_path: Path) -> None:
    labels = tmp_path / "labels.txt"
    labels.write_text("2.0\t2.0\tHere\n3.0\t4.5\tThere\n")
    before = len(markers_of(marked))
    marked.do_and_answer(lambda: marked.window.commands.run("marker.import_labels"), type_path(labels))
    assert marked.said[-1] == "Imported 2 labels of labels.txt"
    assert len(markers_of(marked)) == before + 2
    labels.write_text("no labels at all")
    marked.do_and_answer(lambda: marked.window.commands.run("marker.import_labels"), type_path(labels))
    assert "Line 1 of labels.txt is not a label" in marked.refused[-1]


def test_in_the_result_a_marker_in_a_cut_stands_on_the_seam(marked: Hands) -> None:
    window = marked.window
    window.session.apply(decide(window.session.state, [f"cut-{CUTS[0][0]}"], Verdict.ACCEPTED))
    marked.press("Q")
    marks = window.timeline.canvas.shown.marks
    assert marks.starts.tolist() == [1 * RATE_HZ, 4 * RATE_HZ, 5 * RATE_HZ, 11 * RATE_HZ]
    marked.press(".")
    marked.press(".")
    assert window.transport.playhead_samples == 6 * RATE_HZ, (
        "the playhead is where the marker is in the source"
    )


def test_without_markers_the_list_says_how_to_make_one(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    window.marking.refused.connect(hands.refused.append)
    for command in ("marker.add", "marker.next", "marker.region"):
        window.commands.run(command)
        assert "import a recording first" in hands.refused[-1]
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"), ()))
    window.work.cancel()
    hands.finish_work()
    hands.press(",")
    assert "‹marker.add›" in hands.refused[-1]
    window.commands.run("marker.list")
    listed = window.marking.list
    assert listed is not None
    assert listed.names() == []
    listed.close()
