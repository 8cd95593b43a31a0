"""A key that the user changed is the one that every part of the window names."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit, QPushButton

from desktop.main_window import MainWindow
from tests.desktop.conftest import Hands, named_field
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


def status(window: MainWindow) -> str:
    return window.status_bar._done.text()


def change(window: MainWindow, command_id: str, *keys: str) -> None:
    window.user_settings.keymap.set_keys(command_id, keys)


def test_a_refusal_names_the_key_there_is(hands: Hands) -> None:
    window = hands.window
    hands.press("Space")
    assert status(window) == "There is nothing to play yet; import a recording first (Ctrl O)."
    change(window, "file.import", "Ctrl+F6")
    hands.press("Space")
    assert status(window) == "There is nothing to play yet; import a recording first (Ctrl F6)."
    change(window, "file.import")
    hands.press("Space")
    assert status(window) == "There is nothing to play yet; import a recording first."


def test_the_empty_timeline_names_the_key_there_is(hands: Hands) -> None:
    canvas = hands.window.timeline.canvas
    before = canvas.grab().toImage()
    change(hands.window, "file.import", "Ctrl+F6")
    assert canvas.grab().toImage() != before
    hands.window.user_settings.keymap.reset_all()
    assert canvas.grab().toImage() == before


@pytest.fixture
def reviewing(hands: Hands, tmp_path: Path) -> Hands:
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 4)))
    hands.finish_work()
    return hands


def test_score_search_order_and_undo_name_the_keys_there_are(reviewing: Hands) -> None:
    window = reviewing.window
    score = window.timeline.heads.score
    before = score.grab().toImage()
    for command_id, key in (
        ("review.threshold_up", "Ctrl+F2"),
        ("review.search", "Ctrl+F3"),
        ("review.sort", "Ctrl+F4"),
        ("edit.undo", "Ctrl+F12"),
    ):
        change(window, command_id, key)
    assert score.grab().toImage() != before
    field: QLineEdit = named_field(window, "Search the queue")
    assert field.toolTip() == "Search reasons (Ctrl F3)"
    field.resize(400, field.height())
    assert field.placeholderText().endswith("Ctrl F3")
    order = next(one for one in window.queue_panel.findChildren(QPushButton) if one.text() == "By time")
    assert order.toolTip() == "Change the order (Ctrl F4)"
    reviewing.press("A")
    assert window.status_bar._undo.text() == "Ctrl F12 undoes it"
