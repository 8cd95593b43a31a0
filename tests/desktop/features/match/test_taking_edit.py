"""The edit of another program's export, dropped on the recording it was made of."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMessageBox, QWidget

from engine.cli.main import main
from engine.document.proposals import BY_MATCH, Verdict
from tests.desktop.conftest import Hands, type_path
from tests.engine.features.takes.playing import RATE_HZ, passage


@pytest.fixture
def edited(tmp_path: Path) -> Path:
    """The recording of `raw`, with five seconds cut out."""
    raw = passage(4, 20.0)
    soundfile.write(tmp_path / "raw.wav", raw, RATE_HZ, "PCM_16")
    path = tmp_path / "edited.wav"
    soundfile.write(path, np.concatenate([raw[: 8 * RATE_HZ], raw[13 * RATE_HZ :]]), RATE_HZ, "PCM_16")
    return path


@pytest.fixture
def raw(hands: Hands, edited: Path) -> Hands:
    """The window on the recording, with an edit by hand."""
    project = edited.with_name("raw.offcut")
    assert main(["new", str(project), str(edited.with_name("raw.wav"))]) == 0
    assert main(["edit", str(project), "mute", "--start-s", "1", "--stop-s", "2"]) == 0
    hands.window.session.open(project)
    hands.finish_work()
    return hands


def drop_on_timeline(hands: Hands, path: Path) -> None:
    """Let go of a file over the lanes, as a file manager does."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    left = Qt.MouseButton.LeftButton
    action, keys = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(hands.window.timeline, QDragEnterEvent(QPoint(300, 300), action, data, left, keys))
    QApplication.sendEvent(hands.window.timeline, QDropEvent(QPointF(300.0, 300.0), action, data, left, keys))


def answer(key: Qt.Key) -> object:
    def press(dialog: QWidget) -> None:
        assert isinstance(dialog, QMessageBox)
        assert dialog.text() == "Import edited.wav as:"
        QTest.keyClick(dialog, key)

    return press


def test_a_dropped_edit_becomes_accepted_proposals(raw: Hands, edited: Path) -> None:
    window, session = raw.window, raw.window.session
    before = session.state
    raw.do_and_answer(lambda: drop_on_timeline(raw, edited), answer(Qt.Key.Key_T))
    assert window.work.is_busy
    raw.finish_work()
    (cut,) = (one for one in session.state.proposals.values() if one.maker == BY_MATCH)
    assert cut.kind == "cut"
    assert [cut.start_samples / RATE_HZ, cut.stop_samples / RATE_HZ] == pytest.approx([8, 13], abs=0.002)
    assert session.state.verdict(cut.id) is Verdict.ACCEPTED
    (mute,) = before.proposals
    assert session.state.verdict(mute) is Verdict.UNDECIDED
    assert window.review.current == cut.id, "the first of them is gone to"
    assert session.undo_label == "Import of 1 edit from edited.wav"
    assert "100.0 %" in raw.said[-1]
    raw.press("X")
    assert session.state.verdict(cut.id) is Verdict.REJECTED, "it is ready to be changed"
    raw.press("Ctrl+Z")
    raw.press("Ctrl+Z")
    assert session.state == before, "one undo brings back what was"


def test_a_dropped_recording_is_a_track_by_enter_and_nothing_by_escape(raw: Hands, edited: Path) -> None:
    session = raw.window.session
    raw.do_and_answer(lambda: drop_on_timeline(raw, edited), answer(Qt.Key.Key_Escape))
    assert not raw.window.work.is_busy
    assert len(session.state.tracks) == 1
    raw.do_and_answer(lambda: drop_on_timeline(raw, edited), answer(Qt.Key.Key_Return))
    raw.finish_work()
    assert [track.name for track in session.state.tracks] == ["raw", "edited"]


def test_the_command_asks_for_the_file_and_cancel_changes_nothing(raw: Hands, edited: Path) -> None:
    state = raw.window.session.state
    raw.press_and_answer("Ctrl+Shift+E", type_path(edited))
    assert raw.window.work.is_busy
    raw.press("Ctrl+.")
    raw.finish_work()
    assert raw.window.session.state is state
    assert raw.said[-1] == "Cancelled: Taking the edit from edited.wav"


def test_a_file_of_something_else_is_refused_in_a_sentence(raw: Hands, tmp_path: Path) -> None:
    other, state = tmp_path / "other.wav", raw.window.session.state
    soundfile.write(other, passage(99, 6.0), RATE_HZ, "PCM_16")
    raw.press_and_answer("Ctrl+Shift+E", type_path(other))
    raw.finish_work()
    assert raw.refused[-1].startswith("other.wav is hardly made of this recording: ")
    assert raw.refused[-1].endswith("Nothing was changed.")
    assert raw.window.session.state is state


def test_without_a_recording_nothing_is_asked(hands: Hands) -> None:
    hands.press("Ctrl+Shift+E")
    assert "import a recording first" in hands.refused[-1]
