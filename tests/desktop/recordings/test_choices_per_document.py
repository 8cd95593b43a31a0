"""Choices belong to the document that they were made in, and none comes from the demo."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from desktop.demo import open_demo
from desktop.demo_files import DEMO_FOLDER, edited_examples, make_demo
from desktop.features.taste.widgets.learn_panel import LearnPanel
from engine.core.files.places import data_folder
from tests.desktop.conftest import Hands
from tests.desktop.documents import make_document
from tests.hostile.bad_files import good


@pytest.fixture
def after_the_demo(hands: Hands, tmp_path: Path) -> Hands:
    """A user's document, opened after the demo was."""
    hands.window.session.close()
    path = data_folder("demo") / "Demo jam.offcut"
    if not path.exists():
        make_demo(path)
    open_demo(hands.window)
    hands.window.work.cancel()
    hands.finish_work()
    assert hands.window.tastes.edited == edited_examples()
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20)))
    hands.finish_work()
    return hands


def learned_from(hands: Hands) -> tuple[str, ...]:
    found: list[str] = []

    def look(dialog: QWidget) -> None:
        assert isinstance(dialog, QDialog)
        found.extend(dialog.findChild(LearnPanel).paths)
        dialog.reject()

    hands.press_and_answer("Ctrl+L", look)
    return tuple(found)


def test_learning_offers_nothing_of_the_demo_in_another_document(after_the_demo: Hands) -> None:
    assert learned_from(after_the_demo) == ()
    taste = DEMO_FOLDER / "demo.taste"
    after_the_demo.window.analysing.use_taste(taste)
    after_the_demo.finish_work()
    assert after_the_demo.window.session.nearest is not None
    assert learned_from(after_the_demo) == (), "not even with the taste of the demo"


def test_each_document_has_its_own_recordings_to_learn_from(after_the_demo: Hands, tmp_path: Path) -> None:
    window = after_the_demo.window
    mine = good(tmp_path / "edited.wav", 20)
    window.tastes.edited = (mine,)
    assert window.tastes.edited == (mine,)
    window.session.open(make_document(tmp_path / "talk.offcut", good(tmp_path / "talk.wav", 20)))
    after_the_demo.finish_work()
    assert window.tastes.edited == ()
    window.session.open(tmp_path / "jam.offcut")
    after_the_demo.finish_work()
    assert window.tastes.edited == (mine,)
    mine.unlink()
    assert window.tastes.edited == ()


def test_no_dialog_begins_in_the_folder_of_the_demo(hands: Hands, tmp_path: Path) -> None:
    folders: list[Path] = []

    def look(dialog: QWidget) -> None:
        assert isinstance(dialog, QFileDialog)
        folders.append(Path(dialog.directory().absolutePath()))
        dialog.reject()

    path = data_folder("demo") / "Demo jam.offcut"
    make_demo(path)
    open_demo(hands.window)
    hands.window.work.cancel()
    hands.finish_work()
    hands.press_and_answer("Ctrl+N", look)
    hands.press_and_answer("Ctrl+O", look)
    assert folders == [Path.home()] * 2
    assert hands.window.session.folder == Path.home()
    hands.window.session.open(make_document(tmp_path / "jam.offcut", good(tmp_path / "jam.wav", 20)))
    hands.finish_work()
    hands.press_and_answer("Ctrl+N", look)
    assert folders[-1] == tmp_path
