"""The threshold while it is dragged: what it would lead to is shown, and one step of undo is made."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel

from engine.core.progress import SILENT
from engine.document.proposals import Verdict
from engine.features.taste.document_cuts import look_ahead, propose
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import RATE_HZ, good
from widgets.timeline.marks.curve_lanes import score_y

SECONDS = 60
LEFT, NO_KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    cuts = ((20 * RATE_HZ, 25 * RATE_HZ), (40 * RATE_HZ, 50 * RATE_HZ))
    document = make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", SECONDS), cuts)
    hands.window.session.open(document)
    hands.finish_work()
    return hands


def press(hands: Hands, score: float) -> None:
    canvas = hands.window.timeline.canvas
    QTest.mousePress(canvas, LEFT, NO_KEYS, QPoint(200, round(score_y(canvas.frame, score))))


def move(hands: Hands, score: float) -> None:
    """Move the pressed mouse, and wait until the figures there are shown."""
    window = hands.window
    y = round(score_y(window.timeline.canvas.frame, score))
    with hands.qtbot.waitSignal(window.timeline.canvas.threshold_moved) as moved:
        QTest.mouseMove(window.timeline.canvas, QPoint(201, y))
    session = window.session
    settings = {"threshold_mode": "score", "score": moved.args[0]}
    found = look_ahead(
        session.state, session.curve, session.grid, session.listening, settings, SILENT
    ).sentence
    hands.qtbot.waitUntil(lambda: window.timeline.canvas.outlook == found)
    hands.qtbot.waitUntil(lambda: found in summary(hands))


def summary(hands: Hands) -> str:
    return "\n".join(label.text() for label in hands.window.queue_panel.findChildren(QLabel))


def test_queue_and_length_follow_the_line_and_the_document_waits(reviewing: Hands) -> None:
    window = reviewing.window
    before, told = window.session.state, summary(reviewing)
    press(reviewing, 0.5)
    move(reviewing, 0.8)
    high = window.timeline.canvas.outlook
    move(reviewing, 0.3)
    assert window.timeline.canvas.outlook != high
    assert window.session.state is before
    reviewing.press("Esc")
    assert window.timeline.canvas.outlook == ""
    reviewing.qtbot.waitUntil(lambda: summary(reviewing) == told)
    assert window.session.state is before


def test_a_drag_is_one_step_of_undo_and_keeps_what_was_shown(reviewing: Hands) -> None:
    window = reviewing.window
    before = window.session.state
    press(reviewing, 0.5)
    for score in (0.4, 0.6, 0.7):
        move(reviewing, score)
    shown = window.timeline.canvas.outlook
    at = QPoint(201, round(score_y(window.timeline.canvas.frame, 0.7)))
    QTest.mouseRelease(window.timeline.canvas, LEFT, NO_KEYS, at)
    assert window.session.state is before  # the window does not wait for the proposals
    reviewing.finish_work()
    assert window.session.state != before
    undecided = window.review.statistics.total
    assert shown.startswith(f"{undecided} cut")
    assert window.timeline.canvas.outlook == ""
    reviewing.press("Ctrl+Z")
    assert window.session.state == before


def test_what_is_decided_while_cuts_are_proposed_stays_decided(reviewing: Hands) -> None:
    window = reviewing.window
    press(reviewing, 0.5)
    move(reviewing, 0.7)
    first = window.review.here()
    at = QPoint(201, round(score_y(window.timeline.canvas.frame, 0.7)))
    QTest.mouseRelease(window.timeline.canvas, LEFT, NO_KEYS, at)
    reviewing.press("A")
    reviewing.finish_work()
    session = window.session
    assert session.state.verdict(first) is Verdict.ACCEPTED
    assert session.state.settings["score"] == pytest.approx(0.7, abs=0.01)
    settings = {"threshold_mode": "score", "score": session.state.settings["score"]}
    again = propose(session.state, session.curve, session.grid, session.listening, settings).plan
    assert {one.id for one in again.proposals} == set(session.state.proposals) - {first}


def test_a_line_that_comes_back_changes_nothing(reviewing: Hands) -> None:
    window = reviewing.window
    before = window.session.state
    press(reviewing, 0.5)
    at = QPoint(200, round(score_y(window.timeline.canvas.frame, 0.5)))
    QTest.mouseRelease(window.timeline.canvas, LEFT, NO_KEYS, at)
    reviewing.finish_work()
    assert len(window.session.state.proposals) <= len(before.proposals) + 1
    assert window.timeline.canvas.outlook == ""


def test_the_outlook_is_what_proposing_leads_to(reviewing: Hands) -> None:
    session = reviewing.window.session
    for score in (0.2, 0.5, 0.9):
        settings = {"threshold_mode": "score", "score": score}
        ahead = look_ahead(session.state, session.curve, session.grid, session.listening, settings, SILENT)
        made = propose(session.state, session.curve, session.grid, session.listening, settings)
        assert ahead.cuts.after == len(made.plan.proposals)
        assert ahead.threshold == made.plan.threshold == score
        assert ahead.kept_samples == made.plan.kept_samples
        assert "of 1:00 remain" in ahead.sentence
