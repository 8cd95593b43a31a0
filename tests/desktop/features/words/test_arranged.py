"""Words that are moved: in the text by mouse and keys, and in the result; one step of undo."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.features.words.marks import CUT, FOUND, HERE, SELECTED
from engine.document.analysis import WORDS, Transcript
from engine.document.document import Document
from engine.document.edits.by_hand import edit_by_hand
from engine.features.words.arranged import moved_words, order_of
from engine.features.words.result import in_result
from engine.review.by_hand import repeat_payload
from engine.sound.edl.build import build
from tests.desktop.conftest import fill
from tests.desktop.documents import make_document
from tests.desktop.features.words.conftest import Talk
from tests.desktop.features.words.transcripts import put_into, transcript_of
from tests.hostile.bad_files import good

NOBODY, KNOWN = 10, 12
"""Words [10, 12) of the talk: "Nobody knew."; [12, 14): "You know?"; [14, 19): "And then, um, they left."."""


def text(talk: Talk) -> str:
    """Return the text as it is shown, without heads."""
    return " ".join(talk.view.toPlainText().split("\n")[1::2])


def carry(talk: Talk, word: int, to: QPoint, *, drops: bool = True) -> None:
    """Drag from a word of the text to a place."""
    viewport = talk.view.viewport()
    QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=talk.place(word))
    QTest.mouseMove(viewport, talk.place(word) + QPoint(0, 30))
    QTest.mouseMove(viewport, to)
    if drops:
        QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=to)


def before(talk: Talk, word: int) -> QPoint:
    """Return a place at the first letter of a word."""
    cursor = talk.view.textCursor()
    cursor.setPosition(int(talk.view.page.starts[word]))
    return talk.view.cursorRect(cursor).center()


def test_selected_words_are_dragged_to_another_place(talk: Talk) -> None:
    session = talk.hands.window.session
    state, shown = session.state, text(talk)
    talk.drag(NOBODY, NOBODY + 1)
    carry(talk, NOBODY, before(talk, 14))
    assert text(talk).endswith("March. You know? Nobody knew. And then, um, they left.")
    (made,) = session.state.proposals.values()
    assert made.kind == "move"
    start, stop = talk.span(NOBODY, KNOWN)
    assert made.start_samples <= start < stop <= made.stop_samples <= talk.span(KNOWN, KNOWN + 1)[0]
    result = in_result(talk.transcript, build(session.state))
    assert list(result.texts)[10:14] == ["You", "know?", "Nobody", "knew."]
    talk.hands.press("Ctrl+Z")
    assert session.state == state, "one step"
    assert text(talk) == shown


def test_a_drag_that_starts_elsewhere_selects(talk: Talk) -> None:
    talk.drag(NOBODY, NOBODY + 1)
    talk.drag(3, 5)
    assert talk.marked(SELECTED) == [3, 4, 5]
    assert not talk.hands.window.session.state.proposals


def test_a_click_on_selected_words_goes_there(talk: Talk) -> None:
    talk.drag(3, 5)
    talk.click(4)
    assert talk.marked(SELECTED) == []
    assert talk.hands.window.transport.playhead_samples == talk.span(4, 5)[0]


def test_escape_leaves_the_words_and_the_selection(talk: Talk) -> None:
    state = talk.hands.window.session.state
    talk.drag(NOBODY, NOBODY + 1)
    carry(talk, NOBODY, before(talk, 2), drops=False)
    plain = talk.view.viewport().grab().toImage()
    talk.hands.press("Escape")
    assert talk.view.viewport().grab().toImage() != plain, "the caret between words is gone"
    QTest.mouseMove(talk.view.viewport(), talk.place(5))
    QTest.mouseRelease(talk.view.viewport(), Qt.MouseButton.LeftButton, pos=talk.place(5))
    assert talk.hands.window.session.state == state
    assert talk.marked(SELECTED) == [NOBODY, NOBODY + 1]


@pytest.mark.parametrize("place", [10, 11, 12])
def test_words_dropped_next_to_themselves_stay(talk: Talk, place: int) -> None:
    state = talk.hands.window.session.state
    talk.drag(NOBODY, NOBODY + 1)
    carry(talk, NOBODY, before(talk, place))
    assert talk.hands.window.session.state == state
    assert not talk.refused


def test_sentences_are_moved_by_keys_with_their_selection(talk: Talk) -> None:
    session = talk.hands.window.session
    shown = text(talk)
    talk.click(NOBODY)
    talk.hands.press("Alt+Down")
    assert "You know? Nobody knew." in text(talk)
    assert talk.marked(SELECTED) == [12, 13]
    talk.hands.press("Alt+Down")
    assert text(talk).endswith("And then, um, they left. Nobody knew.")
    assert len(session.state.proposals) == 1, "the same edit"
    talk.hands.press("Alt+Down")
    assert len(talk.refused) == 1
    for _ in range(3):
        talk.hands.press("Alt+Up")
    assert text(talk).startswith("Nobody knew. Well,")
    talk.hands.press("Alt+Down")
    assert text(talk) == shown


def test_moved_words_are_cut_searched_and_corrected_where_they_are_shown(talk: Talk) -> None:
    session = talk.hands.window.session
    talk.drag(NOBODY, NOBODY + 1)
    talk.hands.press("Alt+Down")
    talk.click(12)
    assert talk.hands.window.transport.playhead_samples == talk.span(NOBODY, KNOWN)[0]
    talk.hands.press("Ctrl+F")
    field = talk.words.panel.field
    QTest.keyClicks(field, "know nobody")
    assert talk.marked(FOUND) + talk.marked(HERE) == [11, 12], "as it plays"
    talk.hands.window.commands.run("words.cut_all")
    assert talk.marked(CUT) == [11, 12]
    cut = [session.state.span(key) for key, one in session.state.proposals.items() if one.kind == "cut"]
    assert sorted(cut) == [talk.span(NOBODY, KNOWN - 1), talk.span(KNOWN + 1, KNOWN + 2)]
    talk.hands.press("Ctrl+Z")
    talk.view.setFocus()
    talk.click(13)
    talk.hands.press_and_answer("F2", fill(Words="knows."))
    assert talk.transcript.texts[NOBODY : KNOWN + 2] == ["Nobody", "knows.", "You", "know?"]
    assert "You know? Nobody knows. And" in text(talk)


def test_a_selection_ends_where_moved_words_begin(talk: Talk) -> None:
    talk.click(NOBODY)
    talk.hands.press("Alt+Down")
    for first, last, selected in ((11, 13, [11]), (13, 9, [12, 13]), (14, 16, [14, 15, 16])):
        talk.hands.window.selecting.let_go()
        talk.drag(first, last)
        assert talk.marked(SELECTED) == selected


def sounding(state: object, transcript: Transcript) -> list[str]:
    return list(in_result(transcript, build(state)).texts)  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_the_text_reads_as_the_result_plays_after_any_moves(tmp_path: Path, seed: int) -> None:
    """Sentences of one word, moved at random; each is at the place that was asked for."""
    path = make_document(tmp_path / "talk.offcut", good(tmp_path / "talk.wav", seconds=20.0), ())
    put_into(path, transcript_of([("", "a. b. c. d. e. f. g. h.")]))
    rng = np.random.default_rng(seed)
    made = 0
    with Document.open(path) as document:
        transcript = document.analysis(WORDS)
        assert isinstance(transcript, Transcript)
        for _, count in itertools.product(range(40), [1, 2]):
            order = order_of(document.state, transcript)
            first = int(rng.integers(0, 9 - count))
            place = int(rng.integers(0, 9))
            words = order[first : first + count]
            if first <= place <= first + count or (np.diff(words) != 1).any():
                continue
            edit, _ = moved_words(document.state, transcript, words[0], words[-1] + 1, order[place:].tolist())
            made += 1
            document.apply(edit)
            moved = [one for one in order.tolist() if one not in words]
            at = place - count * (place > first)
            wanted = [*moved[:at], *words.tolist(), *moved[at:]]
            assert order_of(document.state, transcript).tolist() == wanted
            assert sounding(document.state, transcript) == [transcript.texts[word] for word in wanted]
    assert made > 20


def test_repeats_and_cuts_stay_where_words_are_moved(tmp_path: Path) -> None:
    path = make_document(tmp_path / "talk.offcut", good(tmp_path / "talk.wav", seconds=20.0), ())
    transcript = transcript_of([("", "a. b. c. d. e. f. g. h.")])
    spans = transcript.spans_samples
    with Document.open(path) as document:
        for kind, first, stop, payload in (("repeat", 1, 3, repeat_payload(2)), ("cut", 5, 6, {})):
            edit, _ = edit_by_hand(document.state, kind, spans[first, 0], spans[stop - 1, 1], payload)
            document.apply(edit)
        assert order_of(document.state, transcript).tolist() == list(range(8))
        edit, _ = moved_words(document.state, transcript, 7, 8, [0, 1])
        document.apply(edit)
        assert order_of(document.state, transcript).tolist() == [7, 0, 1, 2, 3, 4, 5, 6]
        edit, _ = moved_words(document.state, transcript, 4, 7, [0, 1])
        document.apply(edit)
        assert sounding(document.state, transcript) == ["h.", "e.", "g.", "a.", "b.", "c.", "b.", "c.", "d."]


def test_cut_words_are_not_moved(talk: Talk) -> None:
    talk.drag(NOBODY, NOBODY + 1)
    talk.hands.press("Delete")
    state = talk.hands.window.session.state
    talk.drag(NOBODY, NOBODY + 1)
    carry(talk, NOBODY, before(talk, 2))
    assert talk.hands.window.session.state == state
    assert len(talk.refused) == 1
