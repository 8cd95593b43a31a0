"""Hesitations in the text, by mouse and keys: marks between words that are cut, and are not words."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from desktop.features.words.marks import CUT, FOUND, HESITATION, PLAYING, SELECTED
from desktop.features.words.text import page_of
from desktop.features.words.view import WordsView
from engine.document.proposals import Verdict
from engine.features.words.spoken import spoken_text
from tests.desktop.conftest import Hands, fill
from tests.desktop.features.words.conftest import Talk, talk_in
from tests.desktop.features.words.transcripts import RATE_HZ, SAID, transcript_of
from tests.widgets.conftest import Dress
from widgets.theme import DARK

UM, LAST = 4, 15
"""Places of the hesitations in the text: after "know,", and before "And"."""
SPANS_S = ((2.02, 2.08), (10.0, 10.6))


@pytest.fixture
def talk(hands: Hands, tmp_path: Path) -> Talk:
    transcript = replace(
        transcript_of(SAID),
        hesitations_samples=np.rint(np.array(SPANS_S) * RATE_HZ).astype(np.int64),
        hesitation_scores=np.array([0.8, 0.9], np.float32),
    )
    hands.window.session.open(talk_in(tmp_path, transcript))
    hands.finish_work()
    hands.window.resize(1280, 800)
    hands.press("Shift+F7")
    return Talk(hands)


def span(place: int) -> tuple[int, int]:
    start_s, stop_s = SPANS_S[place == LAST]
    return round(start_s * RATE_HZ), round(stop_s * RATE_HZ)


def text(talk: Talk) -> str:
    return " ".join(talk.view.toPlainText().split("\n")[1::2])


def test_hesitations_are_shown_where_they_are_and_not_counted(talk: Talk) -> None:
    assert "you know, um the whole" in text(talk)
    assert talk.marked(HESITATION) == [UM, LAST]
    labels = [one.text() for one in talk.words.panel.findChildren(type(talk.words.panel._summary))]
    assert "19 words · en" in labels


def test_a_click_selects_a_hesitation_and_delete_cuts_it_as_one_step(talk: Talk) -> None:
    session = talk.hands.window.session
    before = session.state
    talk.click(UM)
    assert talk.hands.window.selecting.span == span(UM)
    assert talk.marked(SELECTED) == [UM]
    assert talk.marked(PLAYING) == [UM]
    talk.hands.press("Delete")
    (made,) = session.state.proposals.values()
    assert (made.start_samples, made.stop_samples) == span(UM)
    assert session.state.verdict(made.id) is Verdict.ACCEPTED
    assert talk.marked(CUT) == [UM]
    talk.click(UM)
    talk.hands.press("Shift+R")
    assert talk.marked(CUT) == []
    talk.hands.press("Ctrl+Z")
    talk.hands.press("Ctrl+Z")
    assert session.state == before


def test_arrow_keys_reach_a_hesitation_and_leave_it(talk: Talk) -> None:
    talk.click(UM - 1)
    talk.hands.press("Right")
    assert talk.marked(SELECTED) == [UM]
    assert talk.view.textCursor().selectedText() == "um"
    talk.hands.press("Right")
    assert talk.marked(SELECTED) == []
    assert talk.marked(PLAYING) == [UM + 1]


def test_search_copies_and_corrections_are_of_words_alone(talk: Talk) -> None:
    talk.hands.press("Ctrl+F")
    field = talk.words.panel.field
    QTest.keyClicks(field, "um")
    assert talk.marked(FOUND) == [1, 18], "the words"
    field.clear()
    QTest.keyClicks(field, "know the")
    assert talk.marked(FOUND) == [3, UM, 5]
    QTest.keyClick(field, Qt.Key.Key_Escape)
    talk.drag(3, 5)
    talk.hands.window.commands.run("words.copy")
    assert QGuiApplication.clipboard().text() == "know, the"
    talk.hands.press_and_answer("F2", fill(Words="knew, the"))
    assert talk.transcript.texts[3:5] == ["knew,", "the"]
    assert talk.marked(HESITATION) == [UM, LAST]
    talk.click(UM)
    for name in ("words.copy", "words.correct"):
        talk.hands.window.commands.run(name)
    assert len(talk.refused) == 2, "it has no words"


def test_a_moved_sentence_takes_its_hesitation_along(talk: Talk) -> None:
    state = talk.hands.window.session.state
    talk.click(LAST + 2)
    talk.hands.press("Alt+Up")
    assert text(talk).startswith("Well, um, you know, um the whole thing began in March. Nobody knew. um And")
    assert len(talk.marked(SELECTED)) == 6
    talk.hands.press("Ctrl+Z")
    assert talk.hands.window.session.state == state


def test_a_tip_explains_a_hesitation(talk: Talk) -> None:
    viewport = talk.view.viewport()
    for place, is_explained in ((UM + 1, False), (UM, True)):
        at = talk.place(place)
        QApplication.sendEvent(viewport, QHelpEvent(QEvent.Type.ToolTip, at, viewport.mapToGlobal(at)))
        assert bool(QToolTip.text()) == is_explained
    QToolTip.hideText()


def test_the_lane_of_the_timeline_has_words_alone(talk: Talk) -> None:
    canvas = talk.hands.window.timeline.canvas
    talk.hands.window.timeline.zooms.fit()
    assert len(canvas.shown.words.written(canvas.frame)) == 19


def test_thousands_of_hesitations_are_shown_at_once(qtbot: QtBot, dress: Dress) -> None:
    words = transcript_of([("Anna", "and so it goes. " * 500), ("Ben", "on and on. " * 500)] * 17)
    ends = words.spans_samples[::20, 1]
    held = np.stack([ends + 80, ends + 700], axis=1)
    transcript = replace(
        words, hesitations_samples=held, hesitation_scores=np.full(len(held), 0.8, np.float32)
    )
    began_s = time.perf_counter()
    spoken = spoken_text(transcript)
    page = page_of(spoken.items, RATE_HZ)
    view = WordsView(dress(DARK))
    qtbot.addWidget(view)
    view.resize(360, 500)
    marks = np.where(spoken.words < 0, HESITATION, np.uint8(0))
    view.set_page(page, marks, is_new=True)
    view.show()
    QApplication.processEvents()
    assert time.perf_counter() - began_s < 2.0
    assert (marks == HESITATION).sum() == len(held)
