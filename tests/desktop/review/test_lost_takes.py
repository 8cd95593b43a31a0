"""Accepting many in the window names the passages that keep no take."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.document.edits.proposals import set_settings
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands
from tests.engine.cli.test_lost_takes import NAME, document_of_two_takes


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    path = tmp_path / "jam.offcut"
    document_of_two_takes(path).close()
    hands.window.session.open(path)
    hands.finish_work()
    return hands


def test_accepting_all_at_or_above_the_threshold(reviewing: Hands) -> None:
    session = reviewing.window.session
    for threshold, is_lost in ((0.85, False), (0.5, True)):
        session.apply(set_settings(session.state, {"threshold": threshold}, "Threshold"))
        reviewing.press("Ctrl+Shift+Return")
        assert (NAME in reviewing.said[-1]) == is_lost
    assert all(session.state.verdict(key) is Verdict.ACCEPTED for key in session.state.proposals)


def test_accepting_one_after_the_other(reviewing: Hands) -> None:
    review, warned = reviewing.window.review, []
    for key in ("cut-2", "cut-9"):
        review.visit(key)
        reviewing.press("A")
        warned.append(NAME in reviewing.said[-1])
    assert warned == [False, True]


def test_accepting_the_selected(reviewing: Hands) -> None:
    review = reviewing.window.review
    review.toggle_selected("cut-16")
    assert review.selected == {"cut-2", "cut-16"}, "the current one is where a selection begins"
    reviewing.press("Alt+A")
    assert NAME not in reviewing.said[-1]
    review.select_all()
    reviewing.press("Alt+A")
    assert NAME in reviewing.said[-1]
