"""The dialog that asks what to learn from, in the window: lengths beside files, and a file that is none."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QDialog, QWidget

from desktop.demo_files import edited_examples
from desktop.features.taste.widgets.learn_panel import UNREADABLE, LearnPanel, RecordingList
from tests.desktop.conftest import Hands


def test_lengths_are_found_while_files_are_chosen(hands: Hands, tmp_path: Path) -> None:
    letter = tmp_path / "letter.wav"
    letter.write_text("no sound", encoding="utf-8")
    hands.window.tastes.edited = edited_examples()

    def look(dialog: QWidget) -> None:
        panel = dialog.findChild(LearnPanel)
        panel.add_files((str(letter), str(tmp_path / "gone.wav")))
        files = dialog.findChild(RecordingList)
        hands.qtbot.waitUntil(lambda: files.sum_text == "5 recordings, 1:56 in all")
        lengths = [files.item(row).data(files.LENGTH) for row in range(files.count())]
        assert lengths == ["0:48", "0:43", "0:24", UNREADABLE, UNREADABLE]
        assert isinstance(dialog, QDialog)
        dialog.reject()

    hands.press_and_answer("Ctrl+L", look)
    assert not hands.refused
