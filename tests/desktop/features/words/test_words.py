"""The transcript in the window, by keys and mouse: selected with the timeline, cut, corrected, searched."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from desktop.features.words.marks import CUT, FOUND, HERE, PLAYING, PROPOSED, SELECTED
from desktop.shell.command import WORDS_LAYER
from engine.core.errors import UsageError
from engine.document.edits.proposals import decide, replace_proposals
from engine.document.proposals import BY_HAND, Verdict
from tests.desktop.conftest import Hands, fill
from tests.desktop.documents import make_document
from tests.desktop.features.words.conftest import Talk
from tests.engine.sound.edl.recordings import cut_proposal
from tests.hostile.bad_files import good

UM, KNOW = 1, 3
"""Words of the talk: "um," and "know,"."""


def test_the_text_has_paragraphs_with_time_and_speaker(talk: Talk) -> None:
    lines = talk.view.toPlainText().split("\n")
    assert lines[1::2] == [
        "Well, um, you know, the whole thing began in March.",
        "Nobody knew. You know?",
        "And then, um, they left.",
    ]
    assert [line[1:].split() for line in lines[::2]] == [["0:00", "Anna"], ["0:07", "Anna"], ["0:11", "Ben"]]
    assert talk.hands.window.focusWidget() is talk.view
    assert talk.hands.window.commands.layer == WORDS_LAYER


def test_the_key_of_the_panel_closes_it_and_gives_the_keys_back(talk: Talk) -> None:
    talk.hands.press("Shift+F7")
    assert talk.words.panel.isHidden()
    assert talk.hands.window.commands.layer == ""
    talk.hands.press("Ctrl+F")
    assert not talk.words.panel.is_searching


def test_a_click_moves_the_playhead_and_the_text_follows_it(talk: Talk) -> None:
    talk.click(5)
    assert talk.hands.window.transport.playhead_samples == talk.span(5, 6)[0]
    assert talk.marked(PLAYING) == [5]
    talk.hands.window.transport.seek(talk.span(12, 13)[0] + 10)
    assert talk.marked(PLAYING) == [12]
    talk.hands.window.transport.seek(0)
    assert talk.marked(PLAYING) == []


def test_words_and_timeline_have_one_selection(talk: Talk) -> None:
    selecting = talk.hands.window.selecting
    talk.drag(2, 4)
    assert selecting.span == talk.span(2, 5)
    assert talk.marked(SELECTED) == [2, 3, 4]
    assert talk.view.textCursor().selectedText() == "you know, the"
    selecting.select(*talk.span(7, 9))
    assert talk.marked(SELECTED) == [7, 8]
    selecting.let_go()
    assert talk.marked(SELECTED) == []
    talk.click(3)
    talk.click(1, Qt.KeyboardModifier.ShiftModifier)
    assert selecting.span == talk.span(1, 4)


def test_delete_cuts_the_selected_words_as_one_step(talk: Talk) -> None:
    session = talk.hands.window.session
    before = session.state
    talk.drag(2, KNOW)
    talk.hands.press("Delete")
    (made,) = session.state.proposals.values()
    assert (made.start_samples, made.stop_samples) == talk.span(2, 4)
    assert session.state.verdict(made.id) is Verdict.ACCEPTED
    assert talk.marked(CUT) == [2, 3]
    assert talk.marked(PROPOSED) == [2, 3], "it is the current row of the queue"
    talk.hands.press("Ctrl+Z")
    assert session.state == before
    assert talk.marked(CUT) == []


def test_delete_without_selected_words_changes_nothing(talk: Talk) -> None:
    session = talk.hands.window.session
    talk.drag(2, 3)
    talk.hands.press("Delete")
    state = session.state
    talk.click(6)
    talk.hands.press("Delete")
    talk.hands.press("Backspace")
    assert session.state == state
    assert len(talk.refused) == 2


def test_cut_words_are_restored(talk: Talk) -> None:
    session = talk.hands.window.session
    talk.drag(2, 3)
    talk.hands.press("Delete")
    talk.click(3)
    talk.hands.press("Shift+R")
    assert talk.marked(CUT) == []
    assert not session.state.proposals
    talk.hands.press("Shift+R")
    assert len(talk.refused) == 1


@pytest.mark.parametrize(
    ("first", "last", "cut", "edits"),
    [(3, 5, [2, 6, 7], 2), (2, 4, [5, 6, 7], 1), (6, 7, [2, 3, 4, 5], 1), (2, 7, [], 0), (1, 9, [], 0)],
)
def test_only_selected_words_of_a_longer_cut_are_restored(
    talk: Talk, first: int, last: int, cut: list[int], edits: int
) -> None:
    session = talk.hands.window.session
    talk.drag(2, 7)
    talk.hands.press("Delete")
    before = session.state
    talk.drag(first, last)
    talk.hands.press("Shift+R")
    assert talk.marked(CUT) == cut
    assert len(session.state.proposals) == edits
    spans = talk.transcript.spans_samples
    for start, stop in map(session.state.span, session.state.proposals):
        assert not ((spans[:, 0] < start) & (start < spans[:, 1])).any()
        assert not ((spans[:, 0] < stop) & (stop < spans[:, 1])).any()
    talk.hands.press("Ctrl+Z")
    assert session.state == before, "one step"


def test_words_are_restored_out_of_a_proposal(talk: Talk) -> None:
    session = talk.hands.window.session
    start, stop = talk.span(2, 8)
    proposal = replace(cut_proposal(start, stop, name="p"), payload={"crossfade_ms": 5.0})
    session.apply(replace_proposals(session.state, [proposal], {}, "Proposed"))
    session.apply(decide(session.state, ["p"], Verdict.ACCEPTED))
    before = session.state
    talk.drag(4, 5)
    talk.hands.press("Shift+R")
    assert talk.marked(CUT) == [2, 3, 6, 7]
    assert session.state.verdict("p") is Verdict.ACCEPTED
    (other,) = (one for key, one in session.state.proposals.items() if key != "p")
    assert (other.maker, other.payload) == (BY_HAND, {"crossfade_ms": 5.0})
    talk.hands.press("Ctrl+Z")
    assert session.state == before


def test_a_cut_made_elsewhere_strikes_words_through(talk: Talk) -> None:
    window = talk.hands.window
    window.timeline.setFocus()
    start, stop = talk.span(10, 12)
    window.selecting.select(start - 200, stop + 200)
    talk.hands.press("Delete")
    assert talk.marked(CUT) == [10, 11]
    window.selecting.select(*talk.span(14, 15))
    window.commands.run("hand.mute")
    talk.hands.finish_work()
    assert talk.marked(CUT) == [10, 11, 14]


def test_arrow_keys_walk_by_words_and_lines_and_extend(talk: Talk) -> None:
    window = talk.hands.window
    talk.click(0)
    for key, word in (("Right", 1), ("Right", 2), ("Left", 1), ("Ctrl+Right", 10), ("Ctrl+End", 18)):
        talk.hands.press(key)
        assert window.transport.playhead_samples == talk.span(word, word + 1)[0], key
    talk.hands.press("Ctrl+Home")
    talk.hands.press("Down")
    down = talk.marked(PLAYING)
    assert down[0] > 3
    talk.hands.press("Up")
    assert talk.marked(PLAYING) == [0]
    talk.hands.press("Shift+Right")
    talk.hands.press("Shift+Right")
    assert window.selecting.span == talk.span(0, 3)
    talk.hands.press("Shift+Left")
    assert talk.marked(SELECTED) == [0, 1]


def test_keys_of_the_window_work_in_the_text(talk: Talk) -> None:
    talk.click(2)
    talk.hands.press("Space")
    assert talk.hands.window.transport.is_playing
    talk.hands.press("Space")
    assert not talk.hands.window.transport.is_playing


def test_a_double_click_corrects_a_word_and_undo_brings_it_back(talk: Talk) -> None:
    spans = talk.transcript.spans_samples.tolist()

    def open_it() -> None:
        talk.click(4)
        QTest.mouseDClick(talk.view.viewport(), Qt.MouseButton.LeftButton, pos=talk.place(4))

    talk.hands.do_and_answer(open_it, fill(Words="this very"))
    assert talk.transcript.texts[3:7] == ["know,", "this", "very", "whole"]
    start, stop = spans[4]
    assert talk.span(4, 5)[0] == start
    assert talk.span(5, 6)[1] == stop
    assert "you know, this very whole" in talk.view.toPlainText()
    talk.hands.press("Ctrl+Z")
    assert talk.transcript.spans_samples.tolist() == spans
    assert "you know, the whole" in talk.view.toPlainText()
    assert talk.view.toPlainText() == talk.view.page.text


def test_selected_words_are_corrected_by_key_and_the_others_keep_their_times(talk: Talk) -> None:
    before = talk.transcript
    talk.drag(2, 5)
    talk.hands.press_and_answer("F2", fill(Words="you knew, the whole"))
    assert talk.transcript.texts[2:6] == ["you", "knew,", "the", "whole"]
    assert (talk.transcript.spans_samples == before.spans_samples).all()


def test_a_speaker_is_renamed_at_the_head_and_by_key(talk: Talk) -> None:
    top = talk.view.cursorRect(talk.view.textCursor())
    assert top.isValid()
    head = QPoint(30, talk.place(0).y() - talk.view.fontMetrics().lineSpacing())

    def open_it() -> None:
        QTest.mouseDClick(talk.view.viewport(), Qt.MouseButton.LeftButton, pos=head)

    talk.hands.do_and_answer(open_it, fill(Name="Anna Berg"))
    assert list(talk.transcript.names) == ["Anna Berg", "Ben"]
    talk.click(15)
    talk.hands.press_and_answer("Shift+F2", fill(Name="Anna Berg"))
    assert list(talk.transcript.names) == ["Anna Berg"]
    assert set(talk.transcript.speakers.tolist()) == {0}
    talk.hands.press("Ctrl+Z")
    talk.hands.press("Ctrl+Z")
    assert list(talk.transcript.names) == ["Anna", "Ben"]


def search(talk: Talk, text: str) -> QWidget:
    talk.hands.press("Ctrl+F")
    field = QApplication.focusWidget()
    assert field is talk.words.panel.field
    QTest.keyClicks(field, text)
    return field


def test_search_finds_across_words_and_punctuation_and_steps(talk: Talk) -> None:
    field = search(talk, "YOU know")
    assert talk.marked(FOUND) == [2, 3, 12, 13]
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert talk.marked(HERE) == [2, 3]
    assert talk.hands.window.selecting.span == talk.span(2, 4)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert talk.marked(HERE) == [12, 13]
    QTest.keyClick(field, Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    assert talk.marked(HERE) == [2, 3]
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not talk.words.panel.is_searching
    assert talk.marked(FOUND) == talk.marked(HERE) == []
    assert talk.hands.window.focusWidget() is talk.view


def test_all_places_are_cut_as_one_step(talk: Talk) -> None:
    state = talk.hands.window.session.state
    search(talk, "um")
    talk.hands.window.commands.run("words.cut_all")
    assert talk.marked(CUT) == [UM, 16]
    assert len(talk.hands.window.session.state.proposals) == 2
    talk.hands.window.commands.run("words.cut_all")
    assert len(talk.refused) == 1, "all are cut"
    talk.view.setFocus()
    talk.hands.press("Ctrl+Z")
    assert talk.hands.window.session.state == state


def test_all_places_are_muted_or_marked_as_one_step(talk: Talk) -> None:
    session = talk.hands.window.session
    search(talk, "um")
    talk.hands.window.commands.run("words.mark_all")
    assert sorted(one.start_samples for one in session.state.markers.values()) == [
        talk.span(UM, 2)[0],
        talk.span(16, 17)[0],
    ]
    talk.hands.window.commands.run("words.mute_all")
    talk.hands.finish_work()
    assert [one.kind for one in session.state.proposals.values()] == ["mute", "mute"]
    assert talk.marked(CUT) == [UM, 16]
    talk.view.setFocus()
    talk.hands.press("Ctrl+Z")
    assert not session.state.proposals
    assert len(session.state.markers) == 2
    talk.hands.press("Ctrl+Z")
    assert not session.state.markers


def test_selected_words_are_copied_as_text(talk: Talk) -> None:
    talk.drag(10, 11)
    talk.hands.window.commands.run("words.copy")
    assert QGuiApplication.clipboard().text() == "Nobody knew."


def test_without_a_transcript_there_is_a_reason(hands: Hands, tmp_path: Path) -> None:
    hands.press("Shift+F7")
    assert hands.window.words.panel.offers == ()
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav"), ()))
    hands.finish_work()
    assert hands.window.words.panel.view.isHidden()
    with pytest.raises(UsageError):
        hands.window.words.search()
    with pytest.raises(UsageError):
        hands.window.words.edits.restore()


def test_the_menu_is_of_the_word_under_the_mouse(talk: Talk) -> None:
    before = talk.hands.window.session.state
    talk.click(0)
    place = talk.place(7)
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, talk.view.viewport().mapToGlobal(place))
    QApplication.sendEvent(talk.view.viewport(), event)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert talk.marked(SELECTED) == [7]
    menu.close()
    assert talk.hands.window.session.state == before
    talk.hands.window.commands.run("words.strike")
    assert talk.marked(CUT) == [7]


def lane(talk: Talk) -> list[str]:
    canvas = talk.hands.window.timeline.canvas
    return [word for _, word in canvas.shown.words.written(canvas.frame)]


def test_words_stand_under_the_lanes_where_there_is_room(talk: Talk) -> None:
    window = talk.hands.window
    window.timeline.zooms.fit()
    assert len(lane(talk)) == 19
    window.timeline.zooms.frame(*talk.span(0, 5))
    assert lane(talk)[:5] == ["Well,", "um,", "you", "know,", "the"]
    talk.drag(2, 3)
    talk.hands.press("Delete")
    assert "know," in lane(talk)
    window.transport.choose_result(True)
    assert lane(talk)[:3] == ["Well,", "um,", "the"]
    window.resize(700, 800)
    window.timeline.zooms.fit()
    assert lane(talk) == [], "they would be too narrow"


def test_the_lane_follows_a_correction_and_its_undo(talk: Talk) -> None:
    talk.hands.window.timeline.zooms.frame(*talk.span(0, 5))
    talk.click(1)
    talk.hands.press_and_answer("F2", fill(Words="hm"))
    assert "hm" in lane(talk)
    talk.hands.press("Ctrl+Z")
    assert "hm" not in lane(talk)


def test_turns_and_sentences_are_named_as_one_step_each(talk: Talk) -> None:
    session, run = talk.hands.window.session, talk.hands.window.commands.run
    before = session.state
    talk.hands.do_and_answer(lambda: run("words.turns"), fill(Shortest="1"))
    talk.hands.finish_work()
    assert [one.name for one in session.state.markers.values()] == [
        "Anna: Well, um, you know, the whole thing began …",
        "Ben: And then, um, they left.",
    ]
    talk.hands.press("Ctrl+Z")
    run("words.sentences")
    talk.hands.finish_work()
    assert [one.name for one in session.state.markers.values()][1:] == [
        "Nobody knew.",
        "You know?",
        "And then, um, they left.",
    ]
    talk.hands.press("Ctrl+Z")
    assert session.state == before
