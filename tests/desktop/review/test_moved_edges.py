"""Edges moved by keys and by the mouse: the card, the status line and the bars say what is there now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import Qt

from desktop.main_window import MainWindow
from engine.document.document import Document
from engine.document.edits import proposals as edits
from engine.document.proposals import Proposal, Verdict
from engine.features.taste.document_cuts import MovedRequest, assess_moved
from tests.as_before import require_sentence
from tests.desktop.conftest import RAW, Hands
from tests.desktop.documents import make_document
from widgets.edit_words import taken_in_sentence
from widgets.review.card import Card

SECOND = 44_100


def short(folder: Path) -> Path:
    """A recording that is soon analysed, at the rate of the demo's."""
    sound = np.random.default_rng(7).uniform(-0.5, 0.5, 25 * SECOND)
    soundfile.write(folder / "short.wav", sound, SECOND)
    return folder / "short.wav"


CUTS = tuple((k * 4 * SECOND, (k * 4 + 2) * SECOND) for k in range(1, 5))


@pytest.fixture
def cuts(hands: Hands, tmp_path: Path) -> Hands:
    """Four cuts of two seconds, two seconds apart, on scores that rise through the recording."""
    hands.window.session.open(make_document(tmp_path / "moved.offcut", RAW[0], CUTS))
    hands.finish_work()
    return hands


def words(window: MainWindow) -> str:
    card = window.queue_panel.findChild(Card)
    assert card is not None
    labels = [label for label in card.findChildren(type(card._reason)) if label.isVisible()]
    return " ".join(label.text() for label in labels).replace("\N{NO-BREAK SPACE}", " ")


def settle(hands: Hands) -> None:
    hands.qtbot.waitUntil(lambda: not hands.window.queue.moved_edges.is_waiting)


def request_of(window: MainWindow) -> MovedRequest:
    session, key = window.session, window.review.current
    assert key is not None
    return MovedRequest(session.state, key, session.curve, session.listening, session.nearest)


def test_sentence_and_score_follow_the_keys_and_come_back(cuts: Hands) -> None:
    window = cuts.window
    assert "Odd." in words(window)
    assert "0.90" in words(window)
    cuts.press("I")  # to the playhead, before the cut
    settle(cuts)
    said = assess_moved(request_of(window))
    assert said.score is not None
    assert said.reason in words(window)
    assert f"{said.score:.2f}" in words(window)
    start, stop = window.review.span()
    assert f"{(stop - start) / window.session.state.rate_hz:.1f} s" in said.reason
    assert start < CUTS[0][0]
    cuts.press("Ctrl+Z")
    settle(cuts)
    assert "Odd." in words(window)
    assert "0.90" in words(window)


def test_a_drag_over_others_says_what_goes_with_it(cuts: Hands) -> None:
    window, review = cuts.window, cuts.window.review
    keys = list(window.session.state.proposals)
    window.session.apply(edits.decide(window.session.state, [keys[2]], Verdict.REJECTED))
    window.timeline.canvas.edge_dragged.emit(keys[0], CUTS[0][0], CUTS[3][0] + SECOND)
    review.choose(keys[0])
    sentence = taken_in_sentence(window.session.state, keys[0])
    require_sentence("queue", "a cut over three others", sentence)
    assert sentence in words(window)
    assert sentence in cuts.said[-1]
    settle(cuts)
    assert sentence in words(window)
    window.timeline.canvas.edge_dragged.emit(keys[0], *CUTS[0])
    assert "Overlaps" not in words(window)
    assert "Overlaps" not in cuts.said[-1]


def test_without_the_scores_nothing_is_made_up(hands: Hands, tmp_path: Path) -> None:
    path = make_document(tmp_path / "other.offcut", short(tmp_path), CUTS)
    with Document.open(path) as document:
        proposals = [replace(one, maker="an older taste") for one in document.state.proposals.values()]
        document.apply(edits.replace_proposals(document.state, proposals, {}, "Proposed"))
    hands.window.session.open(path)
    hands.finish_work()
    hands.press("I")
    settle(hands)
    assert "As proposed: Odd." in words(hands.window)
    assert "0.90</span>" not in words(hands.window)
    assert "0.90 as proposed" in words(hands.window)


def test_sorted_by_how_sure_the_bars_fall(hands: Hands, tmp_path: Path) -> None:
    path = make_document(tmp_path / "sure.offcut", short(tmp_path))
    rng = np.random.default_rng(1)
    made = [
        Proposal(f"p{k}", "cut", k * SECOND // 8, k * SECOND // 8 + 1_000, score, "Odd.", "test")
        for k, score in enumerate((0.96 + rng.permutation(40) / 1_000).tolist())
    ]
    with Document.open(path) as document:
        document.apply(edits.replace_proposals(document.state, made, {}, "Proposed"))
    hands.window.session.open(path)
    hands.finish_work()
    review, window = hands.window.review, hands.window
    while review.choices.sorting != "score":
        review.sort()
    assert hands.said[-1] == "Sorted by confidence"
    model = window.queue_panel._view.model()
    bars = [model.row(place).bar for place in range(model.rowCount())]
    known = [bar for bar in bars if bar is not None]
    assert len(known) == 40
    assert known == sorted(known, reverse=True)
    assert known[0] > 0.95
    assert known[-1] < 0.05
    assert model.row(0).top_share == pytest.approx(1 / 40)
    assert "(top 2 %)" in str(model.data(model.index(0), Qt.ItemDataRole.ToolTipRole))
