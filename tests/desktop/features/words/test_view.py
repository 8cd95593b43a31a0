"""The text of long transcripts: shown and followed at the speed of the timeline."""

from __future__ import annotations

import time

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.features.words.corrections import corrected
from desktop.features.words.marks import CUT, PLAYING, UNSURE
from desktop.features.words.text import page_of
from desktop.features.words.view import WordsView
from engine.document.analysis import Transcript
from tests.desktop.features.words.transcripts import RATE_HZ, transcript_of
from tests.widgets.conftest import Dress
from widgets.theme import DARK

WORDS = 60_000
OPENS_S, FRAME_S, TEXT_S = 2.0, 0.016, 0.008
"""A quarter of them is allowed on a quiet computer."""


@pytest.fixture(scope="module")
def long() -> Transcript:
    rng = np.random.default_rng(5)
    said, left = [], WORDS
    words = ("the", "people", "um,", "interview", "and", "of", "recording", "spoken.", "really")
    while left:
        count = min(int(rng.integers(1, 300)), left)
        said.append((("Anna", "Ben")[len(said) % 2], " ".join(rng.choice(words, count))))
        left -= count
    return transcript_of(said)


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def view(qtbot: QtBot, dress: Dress, clock: Clock) -> WordsView:
    made = WordsView(dress(DARK), clock_s=clock)
    qtbot.addWidget(made)
    made.resize(360, 500)
    made.show()
    return made


def play(view: WordsView, marks: np.ndarray, before: int, word: int) -> None:
    marks[before] &= ~PLAYING
    marks[word] |= PLAYING
    view.reveal(word, follows=True)
    view.repaint_words(np.array([before, word]))


def test_sixty_thousand_words_open_and_follow_the_playhead(view: WordsView, long: Transcript) -> None:
    marks = np.zeros(WORDS, np.uint8)
    marks[::7] |= CUT
    marks[::11] |= UNSURE
    began_s = time.perf_counter()
    view.set_page(page_of(long, RATE_HZ), marks, is_new=True)
    QApplication.processEvents()
    assert time.perf_counter() - began_s < OPENS_S
    texts_s, frames_s = [], []
    for start in (100, 30_000, 59_500):
        for word in range(start, start + 100):
            began_s = time.perf_counter()
            play(view, marks, word - 1, word)
            texts_s.append(time.perf_counter() - began_s)
            QApplication.processEvents()
            frames_s.append(time.perf_counter() - began_s)
            visible = view.cursorRect(at_word(view, word))
            assert view.viewport().rect().contains(visible.center())
    assert np.median(texts_s) < TEXT_S
    assert np.median(frames_s) < FRAME_S


def at_word(view: WordsView, word: int) -> object:
    cursor = view.textCursor()
    cursor.setPosition(int(view.page.starts[word]))
    return cursor


def test_a_correction_replaces_a_part_of_the_text_and_the_view_stays(
    view: WordsView, long: Transcript
) -> None:
    view.set_page(page_of(long, RATE_HZ), np.zeros(WORDS, np.uint8), is_new=True)
    view.reveal(30_000)
    at = view.verticalScrollBar().value()
    for text in ("😀 𝄞", "😁", "שלום"):
        now = corrected(long, 30_000, 30_001, text)
        page = page_of(now, RATE_HZ)
        view.set_page(page, np.zeros(len(now), np.uint8), is_new=False)
        assert view.toPlainText() == page.text
    assert abs(view.verticalScrollBar().value() - at) <= 1


def test_the_text_rests_where_the_user_scrolled_for_a_while(
    view: WordsView, long: Transcript, clock: Clock
) -> None:
    marks = np.zeros(WORDS, np.uint8)
    view.set_page(page_of(long, RATE_HZ), marks, is_new=True)
    play(view, marks, 0, 5_000)
    at = view.verticalScrollBar().value()
    middle = QPointF(view.viewport().rect().center())
    wheel = QWheelEvent(
        middle,
        view.viewport().mapToGlobal(middle),
        QPoint(),
        QPoint(0, 1200),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view.viewport(), wheel)
    scrolled = view.verticalScrollBar().value()
    assert scrolled < at
    play(view, marks, 5_000, 5_001)
    assert view.verticalScrollBar().value() == scrolled
    clock.now_s += 5.0
    play(view, marks, 5_001, 5_002)
    assert view.verticalScrollBar().value() > scrolled


@pytest.mark.parametrize(
    "text", ["", "word", "これはとても長い文章です" * 40, "שלום לכולם ברוכים הבאים " * 20]
)
def test_any_text_is_painted_within_the_view(view: WordsView, text: str) -> None:
    transcript = transcript_of([("", text)] if text else [])
    view.set_page(page_of(transcript, RATE_HZ), np.zeros(len(transcript), np.uint8), is_new=True)
    picture = view.viewport().grab().toImage()
    assert view.horizontalScrollBar().maximum() == 0
    block = view.document().findBlockByNumber(1)
    if text.startswith("ש"):
        line = block.layout().lineAt(block.layout().lineCount() - 1)
        assert line.naturalTextRect().right() > view.viewport().width() / 2, "it begins at the right"
    assert not picture.isNull()
