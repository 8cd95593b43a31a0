"""Notes about proposals and about the document, typed by hand: kept, shown, found, undone."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLabel, QPlainTextEdit, QPushButton, QWidget

from desktop.main_window import MainWindow
from engine.cli.main import main
from engine.core.errors import UsageError
from engine.document.edits.proposals import document_note, replace_proposals, set_note, span_text
from engine.document.limits import LONGEST_NOTE
from tests.desktop.conftest import Hands
from tests.desktop.review.test_review import IDS, reviewing, search_for  # noqa: F401

CTRL = Qt.KeyboardModifier.ControlModifier


def field_of(dialog: QWidget) -> QPlainTextEdit:
    field = dialog.findChild(QPlainTextEdit)
    assert field is not None
    assert field.hasFocus() or dialog.focusWidget() is field, "typing goes there at once"
    return field


def write(*lines: str) -> Callable[[QWidget], None]:
    """Answer by typing lines, Enter between them, and Ctrl+Enter."""

    def answer(dialog: QWidget) -> None:
        field = field_of(dialog)
        field.selectAll()
        QTest.keyClick(field, Qt.Key.Key_Delete)
        for number, line in enumerate(lines):
            if number:
                QTest.keyClick(field, Qt.Key.Key_Return)
            QTest.keyClicks(field, line)
        QTest.keyClick(field, Qt.Key.Key_Return, CTRL)

    return answer


def note_of(window: MainWindow, proposal_id: str) -> str:
    decision = window.session.state.decisions.get(proposal_id)
    return "" if decision is None else decision.note


def on_card(window: MainWindow) -> str:
    labels = [one for one in window.queue_panel.findChildren(QLabel) if one.accessibleName() == "Note"]
    return next((one.text() for one in labels if one.isVisible()), "")


def test_a_note_stands_on_the_card_is_found_and_undone(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    reviewing.press("Down")
    here = window.review.current
    assert here == IDS[1]
    reviewing.press_and_answer("Alt+N", write("Ask Ana:", "may the Lick stay?"))
    assert note_of(window, here) == "Ask Ana:\nmay the Lick stay?"
    assert window.status_bar._done.text() == f"Note on the {span_text(window.session.state, here)}"
    assert on_card(window) == "Ask Ana:\nmay the Lick stay?"
    reviewing.press("Down")
    assert on_card(window) == ""
    field = search_for(reviewing, "lick")
    assert window.review.ids == (here,)
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert window.review.current == here
    window.review.search("")
    reviewing.press_and_answer("Alt+N", write(""))
    assert on_card(window) == ""
    reviewing.press("Ctrl+Z")
    assert on_card(window).startswith("Ask Ana")
    reviewing.press("Ctrl+Z")
    assert note_of(window, here) == ""


def test_an_answer_keeps_the_note_and_the_note_keeps_the_proposal(
    reviewing: Hands,  # noqa: F811
    capsys: pytest.CaptureFixture[str],
) -> None:
    window = reviewing.window
    window.session.apply(set_note(window.session.state, IDS[0], "The best take."))
    reviewing.press("A")
    assert note_of(window, IDS[0]) == "The best take."
    window.session.apply(set_note(window.session.state, IDS[2], "Later."))
    state = window.session.state
    window.session.apply(replace_proposals(state, [], {}, "Proposed"))
    assert set(window.session.state.proposals) == {IDS[0], IDS[2]}, "what is written about is not lost"
    path = window.session.path
    assert path is not None
    window.session.open(path)
    assert note_of(window, IDS[2]) == "Later."
    capsys.readouterr()
    assert main(["proposals", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["proposals"]
    assert [one["note"] for one in found] == ["The best take.", "Later."]
    assert main(["proposals", str(path)]) == 0
    assert "note: Later." in capsys.readouterr().out


def test_a_note_about_the_document(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    reviewing.press_and_answer("Ctrl+Shift+N", write("Thursday, with the new drummer."))
    assert document_note(window.session.state) == "Thursday, with the new drummer."

    def give_up(dialog: QWidget) -> None:
        assert field_of(dialog).toPlainText() == "Thursday, with the new drummer."
        QTest.keyClicks(field_of(dialog), " No.")
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    undo = window.session.undo_label
    reviewing.press_and_answer("Ctrl+Shift+N", give_up)
    assert document_note(window.session.state) == "Thursday, with the new drummer."
    reviewing.press_and_answer("Ctrl+Shift+N", write("Thursday, with the new drummer."))
    assert window.session.undo_label == undo, "the same again is no step"
    reviewing.press("Ctrl+Z")
    assert document_note(window.session.state) == ""


def test_too_long_a_note_says_so_and_is_not_taken(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window

    def too_long(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        field_of(dialog).setPlainText("x" * (LONGEST_NOTE + 1))
        keep = next(one for one in dialog.findChildren(QPushButton) if one.text().replace("&", "") == "Save")
        assert not keep.isEnabled()
        assert any("1 letter too many" in one.text() for one in dialog.findChildren(QLabel))
        QTest.keyClick(field_of(dialog), Qt.Key.Key_Return, CTRL)
        assert dialog.isVisible()
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    reviewing.press_and_answer("Alt+N", too_long)
    with pytest.raises(UsageError, match="shorten it"):
        set_note(window.session.state, IDS[0], "x" * (LONGEST_NOTE + 1))
    assert note_of(window, IDS[0]) == ""


def test_a_long_note_leaves_room_for_the_answers(reviewing: Hands) -> None:  # noqa: F811
    window = reviewing.window
    window.session.apply(set_note(window.session.state, IDS[0], "line\n" * 50))
    assert on_card(window) == "line\nline\nline\nline …"


def test_without_anything_to_write_about(hands: Hands, tmp_path: Path) -> None:
    hands.press("Ctrl+Shift+N")
    assert "‹file.import›" in hands.refused[-1]
    assert not list(tmp_path.glob("*.offcut"))
