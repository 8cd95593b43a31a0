"""Double clicks in the queue: the second press answers nothing that came below the pointer."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.review.answers import statistics
from engine.review.queue import listing
from tests.widgets.conftest import Dress
from tests.widgets.review.made_up import KEYS, demo_state, show_review
from widgets.controls.key_caps import KeyButton
from widgets.review.card import Card
from widgets.review.queue_panel import QueuePanel
from widgets.review.queue_view import QueueView
from widgets.theme import DARK, QUEUE, px

STATE = demo_state(38)
LEFT = Qt.MouseButton.LeftButton
SOON_MS = 120


def later_ms() -> int:
    return QApplication.doubleClickInterval() + 50


class Fingers:
    """Shows what is chosen as the window does, answers by going to the next, and clicks at given times."""

    def __init__(self, panel: QueuePanel) -> None:
        view, card = panel.findChild(QueueView), panel.findChild(Card)
        assert view is not None
        assert card is not None
        self.panel, self.view, self.card = panel, view, card
        self.now_ms = 10_000
        self.asked: list[tuple[str, str]] = []
        self.current = ""
        self.draws = True
        panel.proposal_chosen.connect(self.show)
        panel.command_requested.connect(self._answer)

    def show(self, current: str) -> None:
        self.current = current
        if not self.draws:
            return
        shown = listing(STATE, tuple(STATE.proposals))
        show_review(self.panel, STATE, shown, current, "left", statistics(STATE), 0.8, 9)

    def _answer(self, command: str) -> None:
        self.asked.append((command, self.current))
        if command in ("review.accept", "review.reject"):
            ids = tuple(STATE.proposals)
            self.show(ids[min(ids.index(self.current) + 1, len(ids) - 1)])

    def press(self, at: QPoint, after_ms: int) -> None:
        """Press and release at a place of the panel."""
        self.now_ms += after_ms
        target = self.panel.childAt(at)
        assert isinstance(target, QWidget)
        for kind, held in (
            (QEvent.Type.MouseButtonPress, LEFT),
            (QEvent.Type.MouseButtonRelease, Qt.MouseButton.NoButton),
        ):
            local, whole = QPointF(target.mapFrom(self.panel, at)), QPointF(self.panel.mapToGlobal(at))
            event = QMouseEvent(kind, local, whole, LEFT, held, Qt.KeyboardModifier.NoModifier)
            event.setTimestamp(self.now_ms)
            QApplication.sendEvent(target, event)

    def place_of(self, word: str) -> QPoint:
        found = next(one for one in self.card.findChildren(KeyButton) if one.text().startswith(word))
        return found.mapTo(self.panel, found.rect().center())

    def row(self, key: str) -> QPoint:
        index = self.view.model().index(self.view.model().position_of(key))
        return self.view.viewport().mapTo(self.panel, self.view.visualRect(index).center())


@pytest.fixture
def fingers(qtbot: QtBot, dress: Dress) -> Fingers:
    panel = QueuePanel(dress(DARK), KEYS)
    qtbot.addWidget(panel)
    made = Fingers(panel)
    made.show("cut-3")
    panel.resize(px(QUEUE), px(880))
    with qtbot.waitExposed(panel):
        panel.show()
    return made


def test_a_double_click_on_each_row_answers_nothing(fingers: Fingers) -> None:
    for number in (4, 6, 9, 2, 1):
        place = fingers.row(f"cut-{number}")
        fingers.press(place, later_ms())
        assert fingers.current == f"cut-{number}"
        for _ in range(3):
            fingers.press(place, SOON_MS)
    assert fingers.asked == []


@pytest.mark.parametrize("word", ["Accept", "Reject"])
def test_a_double_click_on_an_answer_answers_once(fingers: Fingers, word: str) -> None:
    place = fingers.place_of(word)
    fingers.press(place, later_ms())
    fingers.press(place, SOON_MS)
    fingers.press(place, SOON_MS)
    assert [key for _, key in fingers.asked] == ["cut-3"]
    fingers.press(place, later_ms())
    assert [key for _, key in fingers.asked] == ["cut-3", "cut-4"]


def test_a_double_click_answers_once_while_the_next_card_is_not_drawn_yet(fingers: Fingers) -> None:
    fingers.draws = False  # as the window does, which paints the lanes first
    place = fingers.place_of("Accept")
    fingers.press(place, later_ms())
    fingers.press(place, SOON_MS)
    assert len(fingers.asked) == 1
    fingers.draws = True
    fingers.show("cut-3")
    fingers.show("cut-4")
    assert fingers.place_of("Accept") == place, "drawn at last, it is below the pointer"


def test_the_alternatives_of_one_card_are_clicked_as_fast_as_hands_are(fingers: Fingers) -> None:
    for _ in range(3):
        fingers.press(fingers.place_of("Other"), SOON_MS)
    assert fingers.asked == [("review.alternative", "cut-3")] * 3


def test_a_press_on_another_row_within_a_double_click_chooses_nothing(fingers: Fingers) -> None:
    fingers.press(fingers.row("cut-1"), later_ms())
    fingers.press(fingers.row("cut-5"), SOON_MS)
    assert fingers.current == "cut-1"


@pytest.mark.parametrize("word", ["Accept", "Reject", "Other"])
def test_the_answers_stay_below_the_pointer_from_card_to_card(fingers: Fingers, word: str) -> None:
    fingers.show("cut-0")
    accept = fingers.place_of("Accept")
    places = {fingers.place_of(word).y()}
    for _ in range(len(STATE.proposals) - 1):
        fingers.press(accept, later_ms())
        places.add(fingers.place_of(word).y())
        assert fingers.panel.childAt(accept) is fingers.panel.childAt(fingers.place_of("Accept"))
    assert fingers.current == "cut-37"
    assert len(places) == 1


def test_a_key_brings_the_list_back_into_its_place(fingers: Fingers) -> None:
    fingers.show("cut-36")
    fingers.press(fingers.place_of("Accept"), later_ms())
    fingers.show("cut-0")
    bar = fingers.view.verticalScrollBar()
    assert (bar.minimum(), bar.value()) == (0, 0)


def test_the_answers_stay_below_the_pointer_while_the_queue_changes_its_height(fingers: Fingers) -> None:
    fingers.show("cut-0")
    accept = fingers.place_of("Accept")
    fingers.press(accept, later_ms())
    for taller in (-20, 10):  # as lines below the queue come and go
        fingers.panel.resize(fingers.panel.width(), fingers.panel.height() + px(taller))
        assert fingers.place_of("Accept") == accept
