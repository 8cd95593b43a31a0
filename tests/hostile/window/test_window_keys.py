"""Keys where they mean nothing: at most a sentence, and no decision."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from desktop.commands import COMMANDS
from engine.document.proposals import Verdict
from tests.desktop.conftest import Hands, type_path
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good
from tests.hostile.status import is_one_sentence, said

OPENS_A_DIALOG = {
    *("grid.set_tempo", "grid.ramp", "grid.bar", "marker.list", "marker.import_labels"),
    *("file.new", "file.open", "file.open_backup", "file.recent", "file.import", "file.relink"),
    *("file.take_edit", "file.import_edits", "day.prepare", "day.prepare_folder", "day.find_song"),
    "editor.length",
    "hand.fade_ends",
    "editor.choose",
    "editor.learn",
    "taste.maker",
    "taste.shorten",
    *("words.model", "words.download", "words.turns", "words.questions"),
    *("file.snapshot", "file.export", "file.preferences", "file.quit"),
    *("tracks.menu", "tracks.color", "tracks.group", "tracks.role", "view.spectrogram"),
    *("view.messages", "view.menu", "file.demo", "file.demo_day", "help.log_folder"),
    *("taste.analyse", "taste.look", "taste.compare", "transport.go_to", "timing.propose"),
    *("review.note", "file.note", "repair.find", "repair.separator", "repair.paint_range", "sounds.like"),
    *(
        "taste.improve",
        "taste.learn",
        "taste.open",
        "taste.propose",
        "help.palette",
        "help.keys",
        "help.rebind",
    ),
}


def quiet_commands() -> list[str]:
    return [command.id for command in COMMANDS if command.id not in OPENS_A_DIALOG]


def run_every_command(hands: Hands) -> None:
    """Run every command that opens no dialog; one that cannot be done says at most a sentence."""
    for command_id in quiet_commands():
        hands.window.status_bar.set_message("")
        hands.window.commands.run(command_id)
        assert "\n" not in said(hands.window)
    assert all(is_one_sentence(sentence) for sentence in hands.refused)


def test_every_command_without_a_document(hands: Hands) -> None:
    run_every_command(hands)
    hands.press("Ctrl+Shift+L")
    assert "import a recording first" in said(hands.window)
    for key in ("Ctrl+S", "Ctrl+E", "Ctrl+T", "Ctrl+R"):
        hands.press(key)
        assert is_one_sentence(said(hands.window))
    assert not hands.window.session.is_open


def test_every_command_in_an_empty_document(hands: Hands, folder: Path) -> None:
    hands.press_and_answer("Ctrl+N", type_path(folder / "empty.offcut"))
    run_every_command(hands)
    assert not hands.window.transport.is_playing
    assert not hands.window.session.state.tracks


def test_every_command_without_proposals(hands: Hands, folder: Path) -> None:
    hands.window.session.open(make_document(folder / "jam.offcut", good(folder / "jam.wav"), ()))
    hands.finish_work()
    run_every_command(hands)
    hands.finish_work()
    assert not hands.window.session.state.decisions


def test_typing_into_a_field_decides_nothing(reviewing: Hands) -> None:
    state = reviewing.window.session.state
    palette = reviewing.window.palette_popup
    palette.open_over(reviewing.window)
    field = QApplication.focusWidget()
    assert field is not None
    QTest.keyClicks(field, "axuevf 789")
    assert field.text() == "axuevf 789"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert reviewing.window.session.state == state


@pytest.mark.parametrize("key", ["Delete", "Backspace"])
def test_delete_rejects_the_current_proposal_and_undo_restores_it(reviewing: Hands, key: str) -> None:
    session, current = reviewing.window.session, reviewing.window.review.current
    state = session.state
    assert current is not None
    reviewing.press(key)
    assert session.state.verdict(current) is Verdict.REJECTED
    assert {one for one in session.state.proposals if session.state.verdict(one) != state.verdict(one)} == {
        current
    }
    reviewing.press("Ctrl+Z")
    assert session.state == state


def test_escape_decides_nothing(reviewing: Hands) -> None:
    state, current = reviewing.window.session.state, reviewing.window.review.current
    for key in ("Esc", "Esc"):
        reviewing.press(key)
    reviewing.press("Space")
    reviewing.press("Esc")
    assert not reviewing.window.transport.is_playing
    assert (reviewing.window.session.state, reviewing.window.review.current) == (state, current)


def test_given_up_dialogs_do_nothing(reviewing: Hands, folder: Path) -> None:
    def give_up(dialog: QWidget) -> None:
        QTest.keyClick(dialog, Qt.Key.Key_Escape)

    state, before = reviewing.window.session.state, sorted(folder.iterdir())
    for keys in ("Ctrl+N", "Ctrl+O", "Ctrl+Shift+O", "Ctrl+S", "Ctrl+E", "Ctrl+L", "Ctrl+T", "Ctrl+R"):
        reviewing.press_and_answer(keys, give_up)
    assert reviewing.window.session.state == state
    assert sorted(folder.iterdir()) == before
    assert not reviewing.refused
