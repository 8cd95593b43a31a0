"""A window on a talk with a made transcript."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from desktop.features.words.view import WordsView
from desktop.features.words.words import Words
from engine.document.analysis import Transcript
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.desktop.features.words.transcripts import RATE_HZ, SAID, put_into, transcript_of


def talk_in(folder: Path, transcript: Transcript, length_s: float = 24.0) -> Path:
    """Make a document of noise with a transcript."""
    noise = np.random.default_rng(6).normal(0, 0.05, round(length_s * RATE_HZ))
    soundfile.write(folder / "talk.wav", noise, RATE_HZ)
    path = make_document(folder / "talk.offcut", folder / "talk.wav", ())
    put_into(path, transcript)
    return path


@dataclass
class Talk:
    """The open window with its transcript shown."""

    hands: Hands
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        for signal in (self.hands.window.commands.refused, self.words.refused):
            signal.connect(self.refused.append)

    @property
    def words(self) -> Words:
        return self.hands.window.words

    @property
    def view(self) -> WordsView:
        return self.words.panel.view

    @property
    def transcript(self) -> Transcript:
        transcript = self.hands.window.session.transcript
        assert transcript is not None
        return transcript

    def place(self, word: int) -> QPoint:
        """Return the middle of a word in the viewport."""
        page, cursor = self.view.page, self.view.textCursor()
        rects = []
        for at in (page.starts[word], page.stops[word]):
            cursor.setPosition(int(at))
            rects.append(self.view.cursorRect(cursor))
        return QPoint((rects[0].x() + rects[1].x()) // 2, rects[0].center().y())

    def click(self, word: int, held: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.mouseClick(self.view.viewport(), Qt.MouseButton.LeftButton, held, self.place(word))

    def drag(self, first: int, last: int) -> None:
        """Drag from one word to another."""
        viewport = self.view.viewport()
        QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=self.place(first))
        QTest.mouseMove(viewport, self.place(last))
        QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=self.place(last))

    def marked(self, mark: np.uint8) -> list[int]:
        """Return the words with a mark."""
        return np.flatnonzero(self.words.shown.marks & mark).tolist()

    def span(self, first: int, stop: int) -> tuple[int, int]:
        spans = self.transcript.spans_samples[first:stop]
        return int(spans[0, 0]), int(spans[-1, 1])


@pytest.fixture
def talk(hands: Hands, tmp_path: Path) -> Talk:
    hands.window.session.open(talk_in(tmp_path, transcript_of(SAID)))
    hands.finish_work()
    hands.window.resize(1280, 800)
    hands.press("Shift+F7")
    return Talk(hands)
