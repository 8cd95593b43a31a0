"""Closing while work runs asks once, and what was stopped is offered again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMessageBox, QWidget

from desktop.commands import BY_ID
from desktop.features.taste.widgets.learn_panel import LearnRequest
from desktop.main_window import MainWindow
from desktop.shell.work.work import _COMMANDS
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


@pytest.fixture
def learning(hands: Hands, tmp_path: Path) -> Hands:
    """A document in which something is learned that takes minutes."""
    window = hands.window
    window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20)))
    hands.finish_work()
    edited = good(tmp_path / "edited.wav", 30.0)
    window.learning.learn(LearnRequest((str(edited),), "long", 5_000, 7), tmp_path / "long.taste", False)
    return hands


def choose(words: str) -> Callable[[QWidget], None]:
    def answer(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        assert "Learning long" in dialog.text()
        assert dialog.defaultButton().text() == "Keep working"
        next(one for one in dialog.buttons() if one.text() == words).click()

    return answer


class FromTheSystem(QCloseEvent):
    """The event that a window system sends when its cross is clicked, which Qt alone can make."""

    def spontaneous(self) -> bool:
        return True


def test_a_user_who_closes_is_asked_once_and_can_go_on(learning: Hands) -> None:
    event = FromTheSystem()
    learning.do_and_answer(lambda: learning.window.closeEvent(event), choose("Keep working"))
    assert not event.isAccepted()
    assert learning.window.work.is_busy
    learning.press_and_answer("Ctrl+Q", choose("Keep working"))
    assert learning.window.isVisible()
    learning.press_and_answer("Ctrl+Q", choose("Stop and close"))
    assert not learning.window.isVisible()


def test_nothing_is_asked_where_nothing_would_be_lost(hands: Hands) -> None:
    hands.press("Ctrl+Q")
    assert not hands.window.isVisible()


def test_what_was_stopped_starts_again_with_the_same_settings(
    learning: Hands, restarted: Callable[[], MainWindow], tmp_path: Path
) -> None:
    learning.press_and_answer("Ctrl+Q", choose("Stop and close"))
    again = restarted()
    assert again.unfinished.bar.text == "", "it belongs to its document"
    again.session.open(tmp_path / "jam.offcut")
    assert again.unfinished.bar.text.startswith("Learning long was stopped")
    started: list[object] = []
    again.work.began.connect(lambda _handle, how: started.append((how.command, dict(how.request))))
    again.commands.run("job.again")
    ((command, request),) = [one for one in started if one[0] == "taste.learn"]
    assert command == "taste.learn"
    assert (request["epochs"], request["seed"], request["name"]) == (5_000, 7, "long")
    assert request["edited"] == [str(tmp_path / "edited.wav")]
    assert again.unfinished.bar.text == ""
    again.work.cancel()
    learning.qtbot.waitUntil(lambda: not again.work.is_busy, timeout=20_000)
    again.session.open(tmp_path / "jam.offcut")
    assert again.unfinished.bar.text == "", "the user cancelled it"


def test_work_that_another_document_stopped_is_offered_where_it_ran(hands: Hands, tmp_path: Path) -> None:
    window = hands.window
    first = make_document(tmp_path / "first.offcut", good(tmp_path / "first.wav", 20))
    window.session.open(first)
    hands.finish_work()
    window.commands.run("taste.listen")
    window.session.open(make_document(tmp_path / "other.offcut", good(tmp_path / "other.wav", 20)))
    hands.finish_work()
    assert window.unfinished.bar.text == ""
    window.session.open(first)
    assert window.unfinished.bar.text.startswith("Analysing")
    window.commands.run("job.forget")
    assert window.unfinished.bar.text == ""
    window.session.open(first)
    assert window.unfinished.bar.text == ""


def test_each_of_several_is_offered(
    learning: Hands, restarted: Callable[[], MainWindow], tmp_path: Path
) -> None:
    learning.window.recordings.import_files((good(tmp_path / "room.wav", 20, seed=5),))
    learning.qtbot.waitUntil(lambda: len(learning.window.session.state.tracks) == 2, timeout=60_000)
    learning.window.close()
    again = restarted()
    again.session.open(tmp_path / "jam.offcut")
    assert again.unfinished.bar.text.startswith("Analysing"), "that of the new recording, begun last"
    again.commands.run("job.forget")
    assert again.unfinished.bar.text.startswith("Learning long"), "a shorter job did not take its place"


def test_nothing_is_offered_while_the_work_runs_in_another_window(
    learning: Hands, restarted: Callable[[], MainWindow]
) -> None:
    other = restarted()
    other.session.open(learning.window.session.path)
    assert other.session.is_read_only
    assert other.unfinished.bar.text == ""


def test_what_is_offered_needs_its_files(
    learning: Hands, restarted: Callable[[], MainWindow], tmp_path: Path
) -> None:
    learning.press_and_answer("Ctrl+Q", choose("Stop and close"))
    (tmp_path / "edited.wav").unlink()
    again = restarted()
    again.session.open(tmp_path / "jam.offcut")
    refused: list[str] = []
    again.commands.refused.connect(refused.append)
    again.commands.run("job.again")
    assert len(refused) == 1
    assert "edited.wav" in refused[0]


def test_every_job_names_a_command() -> None:
    assert not set(_COMMANDS.values()) - BY_ID.keys()
